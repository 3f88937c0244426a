"""Every error of the API, described once: which status, which stable code, which words. REST and SCIM only dress it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core import errors

log = logging.getLogger("recado.api")

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 409: "Conflict", 412: "Precondition Failed", 413: "Content Too Large",
    415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What went wrong: HTTP `status`, a `code` for machines, a sentence for people, sentences by field."""

    status: int
    code: str
    detail: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As RFC 9457 wants it."""
        told: dict[str, Any] = {
            "type": f"urn:recado:problem:{self.code.replace('_', '-')}", "title": TITLES.get(self.status, "Error"),
            "status": self.status, "code": self.code, "detail": self.detail,
        }  # fmt: skip
        return {**told, "errors": self.errors} if self.errors else told


class ProblemError(Exception):
    """Raised where the API itself refuses; carries the problem."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        by_field = {name: [sentence] for name, sentence in (fields or {}).items()}
        self.problem = Problem(status, code, detail, by_field, dict(headers or {}))


_BY_CLASS: tuple[tuple[type[errors.RecadoError], int], ...] = (
    (errors.NotPermittedError, 403),
    (errors.InvalidInputError, 400),
    (errors.StaleVersionError, 409),
    (errors.MoveNotAllowedError, 409),
    (errors.Refused, 409),
    (errors.TryLater, 503),
    (errors.Misconfigured, 503),
    (errors.LostAnswerError, 502),
)


def describe(error: Exception) -> Problem:
    """The problem that any error is. What nobody expected is logged, and answered without a word of it."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, errors.RecadoError):
        return _ours(error)
    if isinstance(error, exceptions.APIException):
        return _frameworks(error)
    if isinstance(error, Http404):
        return Problem(404, "not_found", _("There is nothing at this address, or it is not yours to see."))
    if isinstance(error, PermissionDenied):
        return Problem(403, "not_permitted", _("You may not do this. Nothing was changed."))
    if isinstance(error, RequestDataTooBig):
        return too_large()
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return Problem(
            400, "bad_request", _("The request broke off or cannot be read. Nothing was changed; send it again.")
        )
    log.error("an answer of the API broke", exc_info=error)
    return Problem(500, "internal", _("Something broke on our side. Nothing was changed; try again later."))


def too_large() -> Problem:
    return Problem(
        413, "too_large", _("The body is larger than this address takes. Nothing was changed; send less at once.")
    )


def _ours(error: errors.RecadoError) -> Problem:
    status = next((status for kind, status in _BY_CLASS if isinstance(error, kind)), 400)
    headers = {}
    if isinstance(error, errors.TryLater):
        headers["Retry-After"] = str(max(1, round(error.after or 30)))
    fields = error.fields if isinstance(error, errors.InvalidInputError) else {}
    return Problem(status, error.code, str(error), {name: [said] for name, said in fields.items()}, headers)


def _frameworks(error: exceptions.APIException) -> Problem:
    headers = {}
    if getattr(error, "auth_header", ""):
        headers["WWW-Authenticate"] = str(error.auth_header)  # type: ignore[attr-defined]
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(max(1, round(getattr(error, "wait", None) or 1)))
        return Problem(
            429, "throttled", _("Too many requests: wait the seconds that Retry-After says."), headers=headers
        )
    if isinstance(error, exceptions.ValidationError):
        said = _("Some of what was sent cannot be used. Nothing was changed; correct these fields and send it again.")
        return Problem(400, "invalid_input", said, _flat(error.detail), headers)
    return Problem(error.status_code, str(error.default_code), str(error.detail), headers=headers)


def _flat(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Nested details as one list of sentences per dotted path; what belongs to no field stands under "body"."""
    found: dict[str, list[str]] = {}
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            found.update(_flat(inner, step))
    elif isinstance(detail, list | tuple) and any(isinstance(one, Mapping | list) for one in detail):
        for number, inner in enumerate(detail):
            found.update(_flat(inner, f"{path}.{number}" if path else str(number)))
    else:
        sentences = detail if isinstance(detail, list | tuple) else [detail]
        found[path or "body"] = [str(one) for one in sentences]
    return found


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """The exception handler of every REST view (`REST_FRAMEWORK["EXCEPTION_HANDLER"]`)."""
    problem = describe(error)
    return Response(problem.body(), status=problem.status, headers=problem.headers, content_type=CONTENT_TYPE)
