"""Which attributes we keep, and how what comes in is read: any case of names, truth as text, nulls as nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.api.scim.errors import ScimError

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = (USER.lower(), GROUP.lower())
LONGEST_TEXT, MOST_ELEMENTS = 255, 10

# RFC 7643 knows them, we do not keep them: sent by many, and not an error.
IGNORED = {
    "nickname", "profileurl", "usertype", "locale", "password", "ims", "photos", "addresses", "entitlements", "roles",
    "x509certificates", "groups", "costcenter", "organization", "division", "schemas", "id", "meta",
}  # fmt: skip


@dataclass(frozen=True)
class Attribute:
    """`kind`: text, truth, or an object with `subs`; `is_many`: a list of such objects."""

    name: str
    kind: str = "text"
    subs: tuple[str, ...] = ()
    is_many: bool = False
    is_enterprise: bool = False
    is_read_only: bool = False

    def sub_named(self, name: str) -> str:
        """The sub-attribute in its own spelling. Raises ScimError (invalidPath)."""
        for sub in self.subs:
            if sub.lower() == name.lower():
                return sub
        raise ScimError(400, "invalidPath", f"“{self.name}” has no “{name[:40]}”.")


_PLURAL = ("value", "type", "primary", "display")
USER_ATTRIBUTES = {
    one.name.lower(): one
    for one in (
        Attribute("userName"), Attribute("externalId"), Attribute("displayName"), Attribute("title"),
        Attribute("preferredLanguage"), Attribute("timezone"), Attribute("active", "truth"),
        Attribute("name", "object", ("formatted", "givenName", "familyName", "middleName", "honorificPrefix", "honorificSuffix")),
        Attribute("emails", "object", _PLURAL, is_many=True), Attribute("phoneNumbers", "object", _PLURAL, is_many=True),
        Attribute("employeeNumber", is_enterprise=True), Attribute("department", is_enterprise=True),
        Attribute("manager", "object", ("value", "$ref", "displayName"), is_enterprise=True),
    )
}  # fmt: skip
GROUP_ATTRIBUTES = {
    one.name.lower(): one
    for one in (
        Attribute("displayName"), Attribute("externalId"),
        Attribute("members", "object", ("value", "$ref", "type", "display"), is_many=True),
    )
}  # fmt: skip
MOST_MEMBERS = 20_000


def read(body: Any, attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    """What we keep of a document, in its usual spelling, without what is empty. Raises ScimError (invalidValue)."""
    if not isinstance(body, Mapping):
        raise ScimError(400, "invalidSyntax", "Send an object.")
    found: dict[str, Any] = {}
    for name, value in body.items():
        lower = str(name).lower()
        if lower == ENTERPRISE.lower():
            if value is not None and not isinstance(value, Mapping):
                raise ScimError(400, "invalidValue", "The enterprise part must be an object.")
            for sub, inner in (value or {}).items():
                attribute = attributes.get(str(sub).lower())
                if attribute is not None and attribute.is_enterprise:
                    _keep(found.setdefault(ENTERPRISE, {}), attribute, inner)
            continue
        attribute = attributes.get(lower)
        if attribute is not None and not attribute.is_enterprise:
            _keep(found, attribute, value)
    return {name: value for name, value in found.items() if value not in ({}, [])}


def _keep(holder: dict[str, Any], attribute: Attribute, value: Any) -> None:
    if value is None or value == "":
        return
    if attribute.is_many:
        elements = value if isinstance(value, list) else [value]
        most = MOST_MEMBERS if attribute.name == "members" else MOST_ELEMENTS
        if len(elements) > most:
            raise ScimError(400, "invalidValue", f"“{attribute.name}”: at most {most} values.")
        kept = [_object(attribute, one) for one in elements]
        holder[attribute.name] = [one for one in kept if one.get("value")]
    elif attribute.subs:
        kept_one = _object(attribute, value)
        if kept_one:
            holder[attribute.name] = kept_one
    elif attribute.kind == "truth":
        holder[attribute.name] = truth(value, attribute.name)
    else:
        holder[attribute.name] = _text(value, attribute.name)


def _object(attribute: Attribute, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = {"value": value}
    if not isinstance(value, Mapping):
        raise ScimError(400, "invalidValue", f"“{attribute.name}” must be an object.")
    known = {sub.lower(): sub for sub in attribute.subs}
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        sub = known.get(str(name).lower())
        if sub is not None and inner not in (None, ""):
            kept[sub] = truth(inner, sub) if sub == "primary" else _text(inner, f"{attribute.name}.{sub}")
    return kept


def truth(value: Any, name: str) -> bool:
    """True and False, and their spellings as text that Entra ID sends. Raises ScimError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ScimError(400, "invalidValue", f"“{name}” must be true or false.")


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ScimError(400, "invalidValue", f"“{name}” must be a text.")
    text = str(value).strip()
    if len(text) > LONGEST_TEXT:
        raise ScimError(400, "invalidValue", f"“{name}” is longer than {LONGEST_TEXT} characters.")
    return text
