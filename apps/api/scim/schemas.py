"""How this service describes itself: what it can do, which resources it has, which attributes they have."""

from collections.abc import Callable
from typing import Any

from apps.api.scim.attributes import ENTERPRISE, GROUP, USER

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
MOST, USUAL = 200, 100

Locate = Callable[[str], str]
Described = dict[str, Any]


def _attribute(name: str, description: str, kind: str = "string", **more: Any) -> Described:
    base: Described = {
        "name": name, "type": kind, "multiValued": False, "description": description, "required": False,
        "mutability": "readWrite", "returned": "default",
    }  # fmt: skip
    if kind == "string":
        base |= {"caseExact": False, "uniqueness": "none"}
    return {**base, **more}


def _reference(name: str, description: str) -> Described:
    return _attribute(name, description, "reference", referenceTypes=["User"], caseExact=True, uniqueness="none")


def _plural(name: str, description: str, types: list[str]) -> Described:
    subs = [_attribute("value", "The address itself."), _attribute("type", "Which one it is.", canonicalValues=types),
            _attribute("primary", "The one to use.", "boolean")]  # fmt: skip
    return _attribute(name, description, "complex", multiValued=True, subAttributes=subs)


_USER = [
    _attribute("userName", "How the person signs in at the identity provider.", required=True, uniqueness="server"),
    _attribute("displayName", "The person's name; without it the parts of the name, else the userName.", required=True),
    _attribute("name", "The parts of the name.", "complex", subAttributes=[
        _attribute("formatted", "The whole name."), _attribute("givenName", "First name."), _attribute("familyName", "Last name."),
    ]),
    _attribute("title", "The job."),
    _attribute("preferredLanguage", "The language of messages: en, pt-BR or es; others mean the house's own."),
    _attribute("timezone", "Where the person lives, as a name of the tz database.",
               canonicalValues=["America/Sao_Paulo", "America/Mexico_City", "Europe/Lisbon", "Europe/Madrid", "UTC"]),
    _attribute("active", "Works here; true when not given. False marks the person as left.", "boolean", required=True),
    _plural("emails", "The primary one, else the one for work, is used.", ["work", "home", "other"]),
    _plural("phoneNumbers", "The primary one, else the mobile one, is used, and given back as +E.164.", ["mobile", "work", "other"]),
]  # fmt: skip
_ENTERPRISE = [
    _attribute("employeeNumber", "The employee number. Without it the externalId, else the userName, is the number.",
               uniqueness="server"),
    _attribute("department", "Kept and given back; teams come from groups."),
    _attribute("manager", "Whom the person reports to.", "complex", subAttributes=[
        _attribute("value", "The id of another user."), _reference("$ref", "The address of that user."),
    ]),
]  # fmt: skip
_GROUP = [
    _attribute("displayName", "The team's name.", required=True, uniqueness="server"),
    _attribute("members", "Who is in the team.", "complex", multiValued=True, subAttributes=[
        _attribute("value", "The id of a user.", mutability="immutable"),
        _reference("$ref", "The address of that user.") | {"mutability": "immutable"},
        _attribute("type", "User.", canonicalValues=["User"], mutability="immutable"),
    ]),
]  # fmt: skip

_SCHEMAS = (
    (USER, "User", "A person of the company", _USER),
    (ENTERPRISE, "EnterpriseUser", "What a company adds to a person", _ENTERPRISE),
    (GROUP, "Group", "A team", _GROUP),
)


def schemas(locate: Locate) -> list[Described]:
    """Every schema; `locate` gives the address of one by its id."""
    return [
        {"schemas": [SCHEMA], "id": urn, "name": name, "description": description, "attributes": attributes,
         "meta": {"resourceType": "Schema", "location": locate(f"Schemas/{urn}")}}
        for urn, name, description, attributes in _SCHEMAS
    ]  # fmt: skip


def resource_types(locate: Locate) -> list[Described]:
    """Users and groups."""
    user = {"schemas": [RESOURCE_TYPE], "id": "User", "name": "User", "endpoint": "/Users", "schema": USER,
            "description": "People of the company", "schemaExtensions": [{"schema": ENTERPRISE, "required": False}]}  # fmt: skip
    group = {"schemas": [RESOURCE_TYPE], "id": "Group", "name": "Group", "endpoint": "/Groups", "schema": GROUP,
             "description": "Teams"}  # fmt: skip
    return [
        {**one, "meta": {"resourceType": "ResourceType", "location": locate(f"ResourceTypes/{one['id']}")}}
        for one in (user, group)
    ]


def service_provider_config(locate: Locate) -> Described:
    """What can be asked for."""
    return {
        "schemas": [CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [{
            "type": "oauthbearertoken", "name": "API key", "primary": True,
            "description": "Authorization: Bearer rcd_…, a key with the scope “scim”.",
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": locate("ServiceProviderConfig")},
    }  # fmt: skip
