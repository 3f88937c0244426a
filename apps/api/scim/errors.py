"""Errors as RFC 7644 section 3.12 wants them."""

from collections.abc import Mapping
from typing import Any

from rest_framework.response import Response

from apps.api.problems import Problem, describe

CONTENT_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """What SCIM has a name for (`kind`: invalidFilter, invalidPath, invalidValue, noTarget, uniqueness, mutability, ...)."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.kind = status, kind


_KINDS = {"number_taken": "uniqueness", "name_taken": "uniqueness"}


def _of(problem: Problem) -> tuple[int, str, str]:
    """(status, scimType, detail) of an error that the REST API would show as a problem."""
    kind = _KINDS.get(problem.code) or {400: "invalidValue", 413: "tooMany"}.get(problem.status, "")
    if problem.code == "parse_error":
        kind = "invalidSyntax"
    status = 409 if kind == "uniqueness" else problem.status
    named = "; ".join(f"{name}: {' '.join(said)}" for name, said in problem.errors.items())
    return status, kind, f"{problem.detail} ({named})" if named else problem.detail


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """The exception handler of every SCIM view."""
    headers: dict[str, str] = {}
    if isinstance(error, ScimError):
        status, kind, detail = error.status, error.kind, str(error)
    else:
        problem = describe(error)
        headers = problem.headers
        status, kind, detail = _of(problem)
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    if kind:
        body["scimType"] = kind
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)
