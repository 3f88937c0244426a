"""/scim/v2/: thin. What a wish does stands in `users` and `groups`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.authentication import ByKey
from apps.api.base import ApiView, check_match, etag
from apps.api.parsing import JSONBody, ScimBody
from apps.api.scim import filters, groups, patch, schemas, users
from apps.api.scim.attributes import GROUP_ATTRIBUTES, USER_ATTRIBUTES, Attribute
from apps.api.scim.errors import CONTENT_TYPE, ScimError, handle

SCOPE = "scim"
ALWAYS = {"schemas", "id"}


class ScimRenderer(JSONRenderer):
    media_type = CONTENT_TYPE
    charset = None


class AlwaysScim(BaseContentNegotiation):
    """One kind of answer, whatever is asked for: some providers ask for things that nobody has."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == kind), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ScimView(ApiView):
    """A key with the scope `scim`; no session, since no browser comes here."""

    authentication_classes = [ByKey]
    parser_classes = [ScimBody, JSONBody]
    renderer_classes = [ScimRenderer]
    content_negotiation_class = AlwaysScim
    scopes = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), SCOPE)
    is_repeatable = False
    pace = "SCIM_PER_MINUTE"
    schema = None

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], HttpResponseBase]:
        return handle

    def place(self, path: str) -> str:
        """The whole address of something below /scim/v2/."""
        return self.request.build_absolute_uri(f"{reverse('scim:root')}{path}")

    def locate(self, name: str) -> str:
        return self.place(f"{'Users' if name.startswith('u') else 'Groups'}/{name}")


class Nowhere(ScimView):
    def _nothing(self, request: Request, **kwargs: str) -> Response:
        raise ScimError(404, "", "There is nothing at this address.")

    get = post = put = patch = delete = _nothing


class Unsupported(Nowhere):
    """Bulk, /Me and searching everything at once: RFC 7644 section 3.12 has a status for it."""

    def _nothing(self, request: Request, **kwargs: str) -> Response:
        raise ScimError(501, "", "This service does not support that; ServiceProviderConfig says what it can do.")

    get = post = put = patch = delete = _nothing


# --- what we are ------------------------------------------------------------------------------------------------------


class ServiceProviderConfig(ScimView):
    scopes = {"GET": SCOPE}

    def get(self, request: Request) -> Response:
        return Response(schemas.service_provider_config(self.place))


class Described(ScimView):
    """A list of descriptions, or one of them."""

    scopes = {"GET": SCOPE}

    def described(self) -> list[schemas.Described]:
        raise NotImplementedError

    def get(self, request: Request, name: str = "") -> Response:
        if "filter" in request.query_params:
            raise ScimError(403, "", "Descriptions cannot be filtered.")
        described = self.described()
        if not name:
            return Response(listed(described, len(described), 1))
        found = next((one for one in described if one["id"] == name), None)
        if found is None:
            raise ScimError(404, "", "There is no such description.")
        return Response(found)


class ResourceTypes(Described):
    def described(self) -> list[schemas.Described]:
        return schemas.resource_types(self.place)


class Schemas(Described):
    def described(self) -> list[schemas.Described]:
        return schemas.schemas(self.place)


# --- lists and rows ---------------------------------------------------------------------------------------------------


def listed(resources: list[Any], total: int, start: int) -> dict[str, Any]:
    return {"schemas": [schemas.LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(resources),
            "Resources": resources}  # fmt: skip


def number(request: Request, name: str, usual: int) -> int:
    """A whole number of the query. Raises ScimError."""
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 10):
        raise ScimError(400, "invalidValue", f"{name} must be a whole number.")
    return int(text)


def wishes(request: Request, name: str) -> list[str]:
    return [one.strip().lower() for one in request.query_params.get(name, "").split(",") if one.strip()]


def projected(document: dict[str, Any], only: list[str], without: list[str]) -> dict[str, Any]:
    """The attributes asked for (RFC 7644 section 3.9); whole ones, since nobody asks for parts of ours."""
    wanted = {name for path in only for name in (path, filters.plain_path(path).partition(".")[0])}
    gone = {name for path in without for name in (path, filters.plain_path(path))}

    def is_shown(name: str) -> bool:
        return (not only or name.lower() in wanted) and name.lower() not in gone

    shown: dict[str, Any] = {}
    for name, value in document.items():
        if name in ALWAYS:
            shown[name] = value
        elif name.lower().startswith("urn:"):
            is_whole = not only or name.lower() in wanted
            inner = {
                sub: said for sub, said in value.items() if is_shown(sub) or (is_whole and sub.lower() not in gone)
            }
            if inner and name.lower() not in gone:
                shown[name] = inner
        elif is_shown(name):
            shown[name] = value
    return shown


def versioned(document: dict[str, Any]) -> dict[str, Any]:
    """With a weak tag over all the rest."""
    return {**document, "meta": {**document["meta"], "version": f"W/{etag(document)}"}}


class ResourceView(ScimView):
    """What users and groups have in common; the classes below say which rows and how they are written."""

    attributes: Mapping[str, Attribute]

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def columns(self) -> Mapping[str, filters.Column]:
        raise NotImplementedError

    def row(self, name: str) -> Any:
        raise NotImplementedError

    def create(self, body: Any) -> Any:
        raise NotImplementedError

    def update(self, row: Any, body: Any, *, is_whole: bool) -> Any:
        raise NotImplementedError

    def remove(self, row: Any) -> None:
        raise NotImplementedError

    def shown(self, found: list[Any], only: list[str], without: list[str]) -> list[dict[str, Any]]:
        raise NotImplementedError

    def answer(self, row: Any, status: int = 200) -> Response:
        """The resource as it is now, with its address and version."""
        request = self.request
        (whole,) = self.shown([row], [], [])
        headers = {"ETag": whole["meta"]["version"], "Location": whole["meta"]["location"]}
        if request.method == "GET" and headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status=304, headers=headers)
        told = projected(whole, wishes(request, "attributes"), wishes(request, "excludedAttributes"))
        return Response(told, status=status, headers=headers)


class Collection(ResourceView):
    scopes = {"GET": SCOPE, "POST": SCOPE}

    def get(self, request: Request) -> Response:
        text, rows = request.query_params.get("filter"), self.rows()
        if text is not None:
            rows = rows.filter(filters.as_q(filters.parse(text), self.columns())).distinct()
        start = max(1, number(request, "startIndex", 1))
        count = max(0, min(schemas.MOST, number(request, "count", schemas.USUAL)))
        total = rows.count()
        only, without = wishes(request, "attributes"), wishes(request, "excludedAttributes")
        found = list(rows.order_by("pk")[start - 1 : start - 1 + count])
        return Response(
            listed([projected(one, only, without) for one in self.shown(found, only, without)], total, start)
        )

    def post(self, request: Request) -> Response:
        return self.answer(self.create(request.data), 201)


class Single(ResourceView):
    scopes = dict.fromkeys(("GET", "PUT", "PATCH", "DELETE"), SCOPE)

    def get(self, request: Request, name: str) -> Response:
        return self.answer(self.row(name))

    def put(self, request: Request, name: str) -> Response:
        row, _document = self._current(request, name)
        return self.answer(self.update(row, request.data, is_whole=True))

    def patch(self, request: Request, name: str) -> Response:
        row, document = self._current(request, name)
        changed = patch.patched(users.bare(document), request.data, self.attributes)
        return self.answer(self.update(row, changed, is_whole=False))

    def delete(self, request: Request, name: str) -> Response:
        row, _document = self._current(request, name)
        self.remove(row)
        return Response(status=204)

    def _current(self, request: Request, name: str) -> tuple[Any, dict[str, Any]]:
        """The row and its document, of the version that the caller saw (If-Match)."""
        row = self.row(name)
        (document,) = self.shown([row], [], [])
        check_match(request, document["meta"]["version"].removeprefix("W/"))
        return row, document


class OfUsers(ResourceView):
    attributes = USER_ATTRIBUTES

    def columns(self) -> Mapping[str, filters.Column]:
        return users.FILTERS

    def rows(self) -> QuerySet[Any]:
        return users.rows(self.by)

    def row(self, name: str) -> Any:
        return users.user(self.by, name)

    def create(self, body: Any) -> Any:
        return users.changed(users.create(body, by=self.by))

    def update(self, row: Any, body: Any, *, is_whole: bool) -> Any:
        return users.changed(users.update(row, body, by=self.by, is_whole=is_whole))

    def remove(self, row: Any) -> None:
        users.delete(row, by=self.by)

    def shown(self, found: list[Any], only: list[str], without: list[str]) -> list[dict[str, Any]]:
        return [versioned(users.shown(one, self.locate)) for one in found]


class OfGroups(ResourceView):
    attributes = GROUP_ATTRIBUTES

    def columns(self) -> Mapping[str, filters.Column]:
        return groups.columns(self.by)

    def rows(self) -> QuerySet[Any]:
        return groups.rows(self.by)

    def row(self, name: str) -> Any:
        return groups.group(self.by, name)

    def create(self, body: Any) -> Any:
        return groups.changed(groups.create(body, by=self.by))

    def update(self, row: Any, body: Any, *, is_whole: bool) -> Any:
        return groups.changed(groups.update(row, body, by=self.by))

    def remove(self, row: Any) -> None:
        groups.delete(row, by=self.by)

    def shown(self, found: list[Any], only: list[str], without: list[str]) -> list[dict[str, Any]]:
        is_bare = "members" in without or (bool(only) and not any(one.startswith("members") for one in only))
        members = {} if is_bare else groups.members_of(self.by, found)
        return [versioned(groups.shown(one, members.get(one.pk), self.locate)) for one in found]


class Users(OfUsers, Collection):
    pass


class User(OfUsers, Single):
    pass


class Groups(OfGroups, Collection):
    pass


class Group(OfGroups, Single):
    pass
