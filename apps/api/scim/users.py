"""A person as an identity provider sees them, and what its wishes do to the employee.

The employee's row is the truth. The document that came last is kept beside it, so that what the row has no place for (a second
e-mail, the parts of a name) is given back as it came, until HR changes the same thing in the desk.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from apps.api.models import ScimUser
from apps.api.scim.attributes import ENTERPRISE, USER, USER_ATTRIBUTES, read
from apps.api.scim.errors import ScimError
from apps.api.scim.filters import Column, key_in
from apps.api.scim.links import save_link
from apps.api.scim.patch import Document
from apps.core import clock
from apps.people import clerk
from apps.people.authority import Authority
from apps.people.models import Employee

Locate = Callable[[str], str]
"""The address of a user or group by its id."""

FILTERS = {
    "id": Column("pk", "key"), "username": Column("effective_name"), "externalid": Column("scim__external_id", "exact"),
    "displayname": Column("name"), "name.formatted": Column("name"), "active": Column("state=active", "truth"),
    "title": Column("position"), "emails": Column("email"), "emails.value": Column("email"),
    "emails.type": Column("work", "fixed"), "emails.primary": Column("true", "fixed"),
    "phonenumbers": Column("phone"), "phonenumbers.value": Column("phone"), "employeenumber": Column("number"),
    "manager": Column("manager_id", "key"), "manager.value": Column("manager_id", "key"),
}  # fmt: skip


def rows(by: Authority) -> QuerySet[Employee]:
    """The people this key may see; who was deleted by the identity provider is gone for it, unless HR took them back."""
    deleted = ScimUser.objects.filter(employee=OuterRef("pk"), deleted_at__isnull=False)
    people = clerk.people(by).filter(~(Exists(deleted) & Q(state=Employee.State.LEFT)))
    name = Coalesce(
        NullIf("scim__user_name", Value("")), NullIf("email", Value("")), "number", output_field=CharField()
    )
    return people.select_related("scim").annotate(effective_name=name)


def user(by: Authority, name: str) -> Employee:
    """By our id. Raises ScimError (404)."""
    found = rows(by).filter(pk=key_in(name, "u")).first()
    if found is None:
        raise ScimError(404, "", "There is no such user.")
    return found


def changed(employee: Employee) -> Employee:
    """As the caller's change left them: told also when it took them out of the caller's sight."""
    return Employee.objects.select_related("scim").get(pk=employee.pk)


# --- out --------------------------------------------------------------------------------------------------------------


def shown(employee: Employee, locate: Locate) -> Document:
    """The resource without its version."""
    link: ScimUser | None = getattr(employee, "scim", None)
    document = _columns_shown(employee)
    if link is not None:
        _put_back(document, employee, link)
    enterprise = document.pop(ENTERPRISE, {})
    if employee.manager_id:
        name = f"u{employee.manager_id}"
        enterprise["manager"] = {"value": name, "$ref": locate(name)}
    told: Document = {"schemas": [USER, *([ENTERPRISE] if enterprise else [])], "id": f"u{employee.pk}"}
    if link is not None and link.external_id:
        told["externalId"] = link.external_id
    told |= {"userName": _user_name(employee, link), "active": employee.is_active, **document}
    if enterprise:
        told[ENTERPRISE] = enterprise
    told["meta"] = {
        "resourceType": "User",
        "created": employee.created_at.isoformat(),
        "location": locate(f"u{employee.pk}"),
    }
    return told


def _user_name(employee: Employee, link: ScimUser | None) -> str:
    return (link.user_name if link else "") or employee.email or employee.number


def _columns_shown(employee: Employee) -> Document:
    """What the row alone says."""
    first, _space, last = employee.name.partition(" ")
    name = {"formatted": employee.name, "givenName": first, "familyName": last}
    document: Document = {
        "displayName": employee.name, "name": {part: said for part, said in name.items() if said}, "title": employee.position,
        "preferredLanguage": _spelled(employee.language), "timezone": employee.time_zone,
        "emails": [{"value": employee.email, "type": "work", "primary": True}] if employee.email else [],
        "phoneNumbers": [{"value": employee.phone, "type": "mobile", "primary": True}] if employee.phone else [],
        ENTERPRISE: {"employeeNumber": employee.number},
    }  # fmt: skip
    return {key: value for key, value in document.items() if value}


_FEEDS = {"name": "name", "title": "position", "preferredLanguage": "language", "timezone": "time_zone", "emails": "email",
          "phoneNumbers": "phone", "employeeNumber": "number", "manager": "manager_id"}  # fmt: skip
"""Which column of the employee an attribute feeds."""


def _put_back(document: Document, employee: Employee, link: ScimUser) -> None:
    """Whatever the row still says as it was told to is shown as it was sent, also when nothing was sent."""
    enterprise = document[ENTERPRISE]
    for name, column in _FEEDS.items():
        if name != "manager" and column in link.columns and link.columns[column] == getattr(employee, column):
            holder = enterprise if name == "employeeNumber" else document
            holder.pop(name, None)
            if name in link.kept:
                holder[name] = link.kept[name]
    if "department" in link.kept:
        enterprise["department"] = link.kept["department"]


# --- in ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create(body: Any, *, by: Authority) -> Employee:
    """Hire whom the provider names; whoever it deleted before and has that number again is taken back.

    Raises ScimError: 409 uniqueness for a name or number that is in use, 400 for what cannot be used.
    """
    sent = _read(body)
    _check_free(sent["userName"], None, by)
    columns, number, manager = _columns(sent), _number(sent), _manager(sent, by)
    before = Employee.objects.select_for_update(no_key=True).filter(number=number).first()
    if before is None:
        employee = clerk.hire(number=number, manager=manager, by=by, **columns)
    elif ScimUser.objects.filter(employee=before).exclude(deleted_at=None).exists():
        employee = clerk.change(employee=before, manager=manager, by=by, **columns)
    else:
        raise ScimError(409, "uniqueness", f"The employee number {number} is in use: look for that user first.")
    employee = _here(employee, sent.get("active", True), by)
    _link(employee, sent, frozenset(), by)
    return employee


@transaction.atomic
def update(employee: Employee, body: Any, *, by: Authority, is_whole: bool) -> Employee:
    """Make the employee what the document says. Raises ScimError; then nothing is changed.

    `is_whole` (PUT): what is not in it is cleared when the provider had set it; what HR wrote in the desk stays.
    """
    row = Employee.objects.select_for_update(of=("self",), no_key=True).select_related("scim").get(pk=employee.pk)
    link: ScimUser | None = getattr(row, "scim", None)
    sent, before = _read(body), _flat(bare(shown(row, str)))
    _check_free(sent["userName"], row, by)
    others = {name: value for name, value in before.items() if name in _ATTRIBUTES and not _is_theirs(name, row, link)}
    if is_whole:
        sent = {**others, **sent}
    untouched = {name for name, value in others.items() if sent.get(name) == value}
    if "displayName" in untouched and sent.get("name") != before.get("name"):
        del sent["displayName"]  # it was made of the parts of the name, and is again
    values: dict[str, str] = _columns(sent)
    if "employeeNumber" in sent or "employeeNumber" in before:
        values["number"] = _number(sent)
    row = clerk.change(employee=row, manager=_manager(sent, by, row), by=by, **values)
    row = _here(row, sent.get("active", row.is_active), by)
    _link(row, sent, frozenset(untouched), by)
    return row


_ATTRIBUTES = {*_FEEDS, "displayName", "department"}


def _is_theirs(name: str, employee: Employee, link: ScimUser | None) -> bool:
    """Whether the provider set this attribute, and nobody else since."""
    if link is None or name not in link.kept:
        return False
    column = "name" if name == "displayName" else _FEEDS.get(name)
    return column is None or link.columns.get(column) == getattr(employee, column)


def bare(document: Document) -> Document:
    """Without what only we say: the addresses that follow from ids, and who we are."""
    manager = document.get(ENTERPRISE, {}).get("manager")
    if manager:
        manager.pop("$ref", None)
    return {name: value for name, value in document.items() if name not in {"schemas", "id", "meta"}}


@transaction.atomic
def delete(employee: Employee, *, by: Authority) -> None:
    """The person has left; the row stays, and the provider finds it no more."""
    row = _here(Employee.objects.select_for_update(no_key=True).get(pk=employee.pk), False, by)
    link = ScimUser.objects.filter(employee=row).first()
    values = {"user_name": _user_name(row, link), "deleted_at": clock.now()}
    save_link(ScimUser, {"employee": row}, values, by)


def _flat(document: Document) -> Document:
    """The enterprise part among the others: no two attributes of ours have one name."""
    core = {name: value for name, value in document.items() if name != ENTERPRISE}
    return {**core, **document.get(ENTERPRISE, {})}


def _read(body: Any) -> Document:
    sent = _flat(read(body, USER_ATTRIBUTES))
    if "userName" not in sent:
        raise ScimError(400, "invalidValue", "A user needs a userName.")
    if "manager" in sent:
        named = sent.pop("manager")
        name = named.get("value") or str(named.get("$ref", "")).rpartition("/")[2]
        sent |= {"manager": {"value": name}} if name else {}
    return sent


def _here(employee: Employee, is_active: bool, by: Authority) -> Employee:
    if employee.is_active and not is_active:
        return clerk.mark_left(employee=employee, by=by)
    if is_active and not employee.is_active:
        return clerk.take_back(employee=employee, by=by)
    return employee


def _check_free(name: str, but: Employee | None, by: Authority) -> None:
    same: dict[str, Any] = {"effective_name__iexact": name}
    if rows(by).filter(**same).exclude(pk=but.pk if but else 0).exists():
        raise ScimError(409, "uniqueness", "This userName is in use.")


def _link(employee: Employee, sent: Document, untouched: frozenset[str], by: Authority) -> None:
    """Keep what was sent, and what became of it in the row (a phone in another spelling, an unknown language).

    What the provider never touched is not kept: it stays HR's.
    """
    columns = {column: getattr(employee, column) for name, column in _FEEDS.items() if name not in untouched}
    kept = {name: value for name, value in sent.items() if name in _ATTRIBUTES - untouched}
    if "phoneNumbers" in kept:
        kept["phoneNumbers"] = _normalised(kept["phoneNumbers"], employee.phone)
    values = {"user_name": sent["userName"], "external_id": sent.get("externalId", ""), "kept": kept, "columns": columns,
              "deleted_at": None}  # fmt: skip
    try:
        with transaction.atomic():
            save_link(ScimUser, {"employee": employee}, values, by)
    except IntegrityError as error:  # somebody else took the name between the look and the save
        raise ScimError(409, "uniqueness", "This userName is in use.") from error


def _normalised(phones: list[Document], phone: str) -> list[Document]:
    chosen = _best(phones, "mobile")
    return [{**one, "value": phone} if one is chosen else one for one in phones]


def _number(sent: Document) -> str:
    """The employee number: the enterprise one, else the external id, else the user name."""
    return str(sent.get("employeeNumber") or sent.get("externalId") or sent["userName"])


def _columns(sent: Document) -> dict[str, str]:
    name = sent.get("name", {})
    spelled = name.get("formatted") or " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    return {
        "name": sent.get("displayName") or spelled or sent["userName"],
        "email": (_best(sent.get("emails", []), "work") or {}).get("value", ""),
        "phone": (_best(sent.get("phoneNumbers", []), "mobile") or {}).get("value", ""),
        "position": sent.get("title", ""),
        "language": _language(sent.get("preferredLanguage", "")),
        "time_zone": sent.get("timezone") or settings.TIME_ZONE,
    }


def _best(elements: list[Document], kind: str) -> Document | None:
    """The primary one, else the first of this type, else the first."""
    for fits in (
        lambda one: one.get("primary"),
        lambda one: str(one.get("type", "")).lower() == kind,
        lambda one: True,
    ):
        for one in elements:
            if fits(one):
                return one
    return None


def _language(tag: str) -> str:
    """The language of ours that a tag like "pt-BR" or "en_US" means; the house's own for all others."""
    lower = tag.lower().replace("_", "-")
    for code, _name in settings.LANGUAGES:
        if code == lower or code.split("-")[0] == lower.split("-")[0]:
            return str(code)
    return str(settings.LANGUAGE_CODE)


def _spelled(code: str) -> str:
    language, _dash, region = code.partition("-")
    return f"{language}-{region.upper()}" if region else language


def _manager(sent: Document, by: Authority, of: Employee | None = None) -> Employee | None:
    """Raises ScimError for nobody this key may see. Whom the person `of` reports to already may be out of its sight."""
    value = sent.get("manager", {}).get("value", "")
    if not value:
        return None
    if of is not None and of.manager_id is not None and key_in(value, "u") == of.manager_id:
        return of.manager
    found = rows(by).filter(pk=key_in(value, "u")).first()
    if found is None:
        raise ScimError(400, "invalidValue", "manager: there is no such user.")
    return found
