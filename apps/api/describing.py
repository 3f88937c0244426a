"""What the routes have in common, added to their OpenAPI description in one place."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from apps.api.idempotency import LONGEST_KEY, METHODS

COMMON = {
    "400": "What was sent cannot be used.",
    "401": "No key, or one that opens nothing.",
    "403": "The key lacks the scope, or its owner the permission.",
    "429": "Too many requests; Retry-After says how many seconds to wait.",
}
CHANGING = {
    "409": "Not possible in this state, or the same request is being done.",
    "413": "The body is too large.",
    "415": "Not JSON.",
    "422": "This Idempotency-Key came with another request.",
}
MISSING = {"404": "Nobody and nothing there that you may see."}
IF_MATCH = {
    "change_person", "set_manager", "change_team", "change_absence", "remove_absence", "change_cost_centre", "remove_cost_centre",
    "change_calendar", "remove_calendar", "set_calendar_hours",
}  # fmt: skip


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.api.authentication.ByKey"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.api.authentication.BySession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "recado_session"}


def tell_the_rest(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular: the errors and headers that every operation has."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result.get("paths", {}).items():
        for method, operation in operations.items():
            is_changing = method.upper() in METHODS
            told = {**COMMON, **(CHANGING if is_changing else {}), **(MISSING if "{" in path else {})}
            parameters = operation.setdefault("parameters", [])
            if is_changing:
                parameters.append(
                    _header("Idempotency-Key", "Send the same one again and it is done once.", LONGEST_KEY)
                )
            if operation.get("operationId") in IF_MATCH:
                told["412"] = "It has changed since you read it."
                parameters.append(_header("If-Match", "The ETag that you read.", 200))
            for status, words in told.items():
                operation["responses"].setdefault(status, {"description": words, "content": CONTENT})
    return result


CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "For people, in the language of Accept-Language."},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
    "required": ["type", "title", "status", "code", "detail"],
}


def _header(name: str, words: str, longest: int) -> dict[str, Any]:
    schema = {"type": "string", "maxLength": longest}
    return {"in": "header", "name": name, "description": words, "schema": schema}
