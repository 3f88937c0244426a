"""PATCH (RFC 7644 section 3.5.2) on plain documents, as identity providers really send it. Pure: nothing is saved here.

Entra ID writes `Add` and `Replace` with capitals, truth as "False", dotted and filtered paths as keys of one value, and removes
members by a list in `value`. Okta sends whole objects without a path. Both are taken.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.api.scim import filters
from apps.api.scim.attributes import CORE, ENTERPRISE, IGNORED, Attribute
from apps.api.scim.errors import ScimError

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1000
_PATH = re.compile(r"(?P<name>[A-Za-z$][\w$-]*)(?:\[(?P<filter>.*)\])?(?:\.(?P<sub>[A-Za-z$][\w$-]*))?", re.DOTALL)

Document = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """Where an operation points to: `holder` is the document or its enterprise part."""

    holder: Document
    attribute: Attribute
    chosen: filters.Node | None
    sub: str


def patched(document: Document, body: Any, attributes: Mapping[str, Attribute]) -> Document:
    """The document after all operations of a request; the given one may be changed. Raises ScimError."""
    for operation in _operations(body):
        kind = str(operation.get("op", "")).lower()
        if kind not in {"add", "replace", "remove"}:
            raise ScimError(400, "invalidSyntax", "An operation is add, replace or remove.")
        path, value = operation.get("path"), operation.get("value")
        if path is not None and not isinstance(path, str):
            raise ScimError(400, "invalidPath", "A path is a text.")
        if path:
            _apply(document, kind, path, value, attributes)
        elif kind == "remove":
            raise ScimError(400, "noTarget", "To remove something, say what: the path is missing.")
        else:
            _apply_object(document, kind, value, attributes)
    return document


def _operations(body: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(body, Mapping):
        raise ScimError(400, "invalidSyntax", "Send an object with Operations.")
    found = next((value for name, value in body.items() if str(name).lower() == "operations"), None)
    if not isinstance(found, list) or not found or not all(isinstance(one, Mapping) for one in found):
        raise ScimError(400, "invalidSyntax", "Operations must be a list with at least one operation.")
    if len(found) > MOST_OPERATIONS:
        raise ScimError(413, "tooMany", f"At most {MOST_OPERATIONS} operations at once.")
    return [{str(name).lower(): value for name, value in one.items()} for one in found]


def _apply_object(document: Document, kind: str, value: Any, attributes: Mapping[str, Attribute]) -> None:
    if not isinstance(value, Mapping):
        raise ScimError(400, "invalidValue", "Without a path the value must be an object.")
    for name, inner in value.items():
        lower = str(name).lower()
        if lower in {"schemas", "id", "meta"}:
            continue
        if lower in CORE:
            _apply_object(document, kind, inner, attributes)
        elif lower == ENTERPRISE.lower():
            if not isinstance(inner, Mapping):
                raise ScimError(400, "invalidValue", "The enterprise part must be an object.")
            for sub, deepest in inner.items():
                _apply(document, kind, f"{ENTERPRISE}:{sub}", deepest, attributes)
        else:
            _apply(document, kind, str(name), inner, attributes)


def _apply(document: Document, kind: str, path: str, value: Any, attributes: Mapping[str, Attribute]) -> None:
    if path.lower() == ENTERPRISE.lower():
        if kind == "remove" or value is None:
            document.pop(ENTERPRISE, None)
        else:
            _apply_object(document, kind, {ENTERPRISE: value}, attributes)
        return
    target = _target(document, path, attributes)
    if target is None:
        return
    if value is None and kind != "remove":
        kind = "remove"
    if target.attribute.is_many:
        _many(target, kind, value)
    else:
        _one(target, kind, value)


def _target(document: Document, path: str, attributes: Mapping[str, Attribute]) -> Target | None:
    """None for what RFC 7643 knows and we do not keep. Raises ScimError (invalidPath) for anything else."""
    holder, rest, is_enterprise = document, path.strip(), False
    for schema in CORE:
        if rest.lower().startswith(schema + ":"):
            rest = rest[len(schema) + 1 :]
    if rest.lower().startswith(ENTERPRISE.lower() + ":"):
        rest, is_enterprise = rest[len(ENTERPRISE) + 1 :], True
    match = _PATH.fullmatch(rest)
    if match is None:
        raise ScimError(400, "invalidPath", f"The path “{path[:80]}” is not understood.")
    name = match["name"].lower()
    attribute = attributes.get(name)
    if attribute is None:
        if name in IGNORED or is_enterprise:
            return None
        raise ScimError(400, "invalidPath", f"There is no attribute “{match['name'][:60]}” here.")
    if attribute.is_read_only:
        raise ScimError(400, "mutability", f"“{attribute.name}” cannot be changed.")
    if attribute.is_enterprise:
        holder = document.setdefault(ENTERPRISE, {})
    if match["filter"] is not None and not attribute.is_many:
        raise ScimError(400, "invalidPath", f"“{attribute.name}” has one value: no filter fits there.")
    chosen = filters.parse(match["filter"]) if match["filter"] is not None else None
    return Target(holder, attribute, chosen, match["sub"] or "")


def _one(target: Target, kind: str, value: Any) -> None:
    name, holder = target.attribute.name, target.holder
    if isinstance(value, list) and len(value) == 1:  # some send single values as lists of one
        value = value[0].get("value") if isinstance(value[0], Mapping) and not target.attribute.subs else value[0]
    if kind == "remove":
        if target.sub and isinstance(holder.get(name), dict):
            _drop(holder[name], target.sub)
        else:
            holder.pop(name, None)
    elif not target.attribute.subs:
        holder[name] = value
    elif target.sub:
        holder.setdefault(name, {})[target.attribute.sub_named(target.sub)] = value
    else:
        given = value if isinstance(value, Mapping) else {"value": value}
        holder[name] = {**holder.get(name, {}), **given} if kind == "add" else dict(given)


def _many(target: Target, kind: str, value: Any) -> None:
    name, holder = target.attribute.name, target.holder
    has: list[Document] = holder.setdefault(name, [])
    chosen = target.chosen
    if chosen is not None or target.sub:
        meant = [one for one in has if chosen is None or filters.matches(chosen, one)]
        _chosen(target, kind, value, has, meant)
        return
    given = [_element(target.attribute, one) for one in (value if isinstance(value, list) else [value])]
    if kind == "remove":
        gone = {_value_of(name, one) for one in given}
        holder[name] = [] if value in (None, []) else [one for one in has if _value_of(name, one) not in gone]
    else:
        if kind == "replace":
            has.clear()
        known = {_value_of(name, one) for one in has}
        has += [one for one in given if _value_of(name, one) not in known]


def _chosen(target: Target, kind: str, value: Any, has: list[Document], meant: list[Document]) -> None:
    sub = target.attribute.sub_named(target.sub) if target.sub else ""
    if kind == "remove":
        if sub and sub != "value":
            for one in meant:
                _drop(one, sub)
        else:
            has[:] = [one for one in has if not any(one is gone for gone in meant)]
        return
    given = {sub: value} if sub else _element(target.attribute, value)
    if not meant:
        # Entra replaces the work e-mail of a person who has none yet, and means: add it.
        named = filters.named_by(target.chosen) if target.chosen is not None else {}
        if target.chosen is not None and not named:
            raise ScimError(400, "noTarget", "Nothing fits this filter.")
        meant = [{target.attribute.sub_named(name): said for name, said in named.items()}]
        has += meant
    for one in meant:
        one.update(given)


def _element(attribute: Attribute, value: Any) -> Document:
    """One of many, with the names of its parts in our spelling."""
    if not isinstance(value, Mapping):
        return {"value": value}
    known = {sub.lower(): sub for sub in attribute.subs}
    return {known.get(str(name).lower(), str(name)): said for name, said in value.items()}


def _value_of(name: str, element: Document) -> Any:
    """By which one of many is known. Raises ScimError (invalidValue) for a list or an object there."""
    value = element.get("value")
    if isinstance(value, list | dict):
        raise ScimError(400, "invalidValue", f"“{name}.value” must be a text.")
    return value


def _drop(holder: Document, name: str) -> None:
    for known in [known for known in holder if known.lower() == name.lower()]:
        del holder[known]
