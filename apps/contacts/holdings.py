"""What we hold about a person, told to that person: each app adds its own line, in its module `holdings`.

    @holding("incidents.tickets", place=40)
    def tickets(contact: Contact) -> str: ...

A line is one sentence in the active language (the person's), with counts and dates only: nothing of what others wrote,
nothing sensitive. Empty: nothing is held. `is_for_strangers` says that it may be told to whoever writes from the address,
proved or not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.contacts import consent, queries
from apps.contacts.models import Contact
from apps.core.registry import Registry
from apps.people import queries as people
from apps.people.models import Team
from apps.providers.kinds import Klass

Teller = Callable[[Contact], str]


@dataclass(frozen=True)
class Holding:
    tell: Teller
    place: int
    is_for_strangers: bool = False


holdings: Registry[Holding] = Registry("line of what is held", module="holdings")


def holding(name: str, *, place: int, is_for_strangers: bool = False) -> Callable[[Teller], Teller]:
    """Register a line; the smaller `place` stands further up."""

    def register(tell: Teller) -> Teller:
        holdings.register(name, Holding(tell, place, is_for_strangers))
        return tell

    return register


def told(contact: Contact) -> str:
    """The whole answer in the active language; for whoever is not proved only what hangs on the address itself."""
    is_proved = is_proved_person(contact)
    found = sorted((one for _name, one in holdings), key=lambda one: one.place)
    lines = [one.tell(contact) for one in found if is_proved or one.is_for_strangers]
    head = _("What %(company)s holds about you here:") % {"company": settings.COMPANY_NAME}
    return "\n".join([head, *(f"• {line}" for line in lines if line), "", _whom_to_ask()])


def is_proved_person(contact: Contact) -> bool:
    """An employee of today, alone behind an address that nobody doubts: others read along on a shared handset."""
    employee = contact.employee
    is_known = contact.state == Contact.State.ACTIVE and employee is not None and employee.is_active
    return is_known and not contact.is_shared


def _whom_to_ask() -> str:
    return _("To have something corrected, copied or removed, ask HR.")


@holding("contacts.1 address", place=10, is_for_strangers=True)
def address(contact: Contact) -> str:
    since = formats.date_format(timezone.localtime(contact.created_at), "SHORT_DATE_FORMAT")
    if not contact.phone:
        return _("an id of your WhatsApp account (your phone is hidden), since %(since)s") % {"since": since}
    return _("the phone %(phone)s, since %(since)s") % {"phone": contact.phone, "since": since}


@holding("contacts.2 person", place=20)
def person(contact: Contact) -> str:
    employee = contact.employee
    if employee is None:
        return ""
    teams = Team.objects.filter(pk__in=people.teams_of(employee, people.today(employee))).order_by("name")
    names = ", ".join(team.name for team in teams) or _("none")
    manager = employee.manager.name if employee.manager else _("nobody")
    facts = {"name": employee.name, "number": employee.number, "teams": names, "manager": manager}
    return _("you are %(name)s, employee number %(number)s; teams: %(teams)s; manager: %(manager)s") % facts


@holding("contacts.3 consent", place=30)
def consents(contact: Contact) -> str:
    newest = {row.klass: row for row in contact.consents.order_by("id")}
    given = [newest[klass] for klass in consent.ASKED_FOR if klass in newest and newest[klass].is_given]
    if queries.is_stopped(contact):
        return _("you wrote STOP: only essential messages reach you")
    if not given:
        return _("you have agreed to no messages but the essential ones")
    parts = [
        f"{Klass(row.klass).label} ({formats.date_format(timezone.localtime(row.at), 'SHORT_DATE_FORMAT')})"
        for row in given
    ]
    return _("you agreed to: %(what)s") % {"what": ", ".join(parts)}
