"""The one view that every route derives from: scopes, whole bodies, one transaction, answers that may be repeated."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.api import idempotency
from apps.api.callers import caller_of
from apps.api.parsing import read_whole
from apps.api.problems import ProblemError
from apps.people.authority import Authority

Handler = Callable[..., HttpResponseBase]


class ApiView(APIView):
    """A route. `scopes` says for each method which scope a key must have; a method without one opens for nobody."""

    scopes: ClassVar[Mapping[str, str]] = {}
    is_repeatable: ClassVar[bool] = True
    pace: ClassVar[str] = "API_PER_MINUTE"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As the framework's, with a change and its stored answer in one transaction."""
        self.args, self.kwargs = args, kwargs
        asked = self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        response: Any
        try:
            self.initial(asked, *args, **kwargs)
            handler = self.http_method_not_allowed
            if asked.method and asked.method.lower() in self.http_method_names:
                handler = getattr(self, asked.method.lower(), self.http_method_not_allowed)
            response = self._run(handler, asked, *args, **kwargs)
        except Exception as error:  # the handler knows what each is, and logs what nobody expected
            response = self.handle_exception(error)
        self.response = self.finalize_response(asked, response, *args, **kwargs)
        return self.response

    def _run(self, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in idempotency.METHODS or handler == self.http_method_not_allowed:
            return handler(request, *args, **kwargs)
        read_whole(request)
        claim = idempotency.begin(request) if self.is_repeatable else None
        if isinstance(claim, HttpResponseBase):
            return claim
        try:
            with transaction.atomic():
                response = handler(request, *args, **kwargs)
                if claim is not None and isinstance(response, Response):
                    claim.keep(response)
                return response
        except BaseException:
            if claim is not None:
                claim.release()
            raise

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", "no-store")
        return final

    @property
    def by(self) -> Authority:
        return caller_of(self.request)


class StrictSerializer(Serializer):
    """Input whose unknown fields are refused: a misspelt one would otherwise be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                said = ErrorDetail(_("There is no such field here."), code="unknown")
                raise ValidationError({name[:80]: [said] for name in unknown[:20]})
        return super().to_internal_value(data)


def given(serializer: type[Serializer], data: Any, **options: Any) -> dict[str, Any]:
    """The checked input. Raises ValidationError naming the fields."""
    checked = serializer(data=data, **options)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def etag(data: Any) -> str:
    """A strong tag over what would be answered."""
    text = json.dumps(json.loads(JSONRenderer().render(data)), sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_match(request: Request, tag: str) -> None:
    """Raises ProblemError (412) when the caller saw another version (`If-Match`)."""
    wanted = force_str(request.headers.get("If-Match", "")).strip()
    if wanted and wanted != "*" and tag not in {one.strip().removeprefix("W/") for one in wanted.split(",")}:
        raise ProblemError(
            412, "changed_meanwhile", _("It has changed since you read it. Nothing was changed; read it again first.")
        )
