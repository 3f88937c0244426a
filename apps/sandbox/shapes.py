"""Small checks that every message shape is made of; each refuses in Meta's words. Plain Python."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.sandbox.graph_errors import GraphError


def check_keys(part: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Meta refuses a field it does not know (100), so that a typing error never passes silently."""
    for key in part:
        if key not in known:
            raise GraphError(100, f'Unexpected key "{key}" on param "{where or "root"}".')


def need(part: Mapping[str, Any], key: str, where: str) -> Any:
    if part.get(key) is None:
        raise GraphError(131008, f"Parameter '{where}.{key}' is required.")
    return part[key]


def need_object(part: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = need(part, key, where)
    if not isinstance(value, dict):
        raise GraphError(100, f"Param {where}.{key} must be an object.")
    return value


def need_text(part: Mapping[str, Any], key: str, where: str, longest: int = 0) -> str:
    """A text of 1 to `longest` characters (0 = any); 131008 when empty, 131009 when too long."""
    value = need(part, key, where)
    if not isinstance(value, str):
        raise GraphError(100, f"Param {where}.{key} must be a string.")
    if not value.strip():
        raise GraphError(131008, f"Parameter '{where}.{key}' is required and cannot be empty.")
    if longest:
        check_length(value, longest, f"{where}.{key}")
    return value


def check_length(value: Any, longest: int, where: str) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise GraphError(100, f"Param {where} must be a string.")
    if len(value) > longest:
        raise GraphError(131009, f"{where} is too long: {len(value)} characters, at most {longest}.")
