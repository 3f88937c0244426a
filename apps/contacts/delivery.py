"""The facts that decide whether and how a message may go to somebody now: for very many, in a few statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, NamedTuple

from django.db import connection

from apps.contacts import consent, window
from apps.contacts.models import Consent, Contact, Identity, Window
from apps.people.models import Employee
from apps.providers.models import Account


@dataclass(frozen=True)
class Asked:
    """One message to be: to whom, from which number, of which class. What only business-initiated messages depend on
    is not looked up for a reply."""

    contact_id: int
    number_id: int
    klass: str
    is_reply: bool = False


@dataclass(frozen=True)
class DeliveryFacts:
    """What decides whether and how a message of one class may go to a contact now.

    `consent` is True when the class needs none; `is_stopped` only when the person's STOP holds this class back. For a
    reply both say that nothing stands in its way.
    """

    is_window_open: bool
    closes_at: datetime | None
    consent: bool
    is_stopped: bool
    is_linked: bool
    is_unreachable: bool
    has_left: bool = False
    has_address: bool = True
    """A phone, or an id in the number's portfolio."""
    last_inbound_at: datetime | None = None
    is_account_active: bool = True
    restricted_until: datetime | None = None
    """Until then the account may open no conversation (the carrier's word); None: it may."""
    account_id: int = 0
    time_zone: str = "UTC"
    """The employee's; UTC for a stranger."""
    calendar_id: int | None = None
    """The employee's own; None: the one for everybody else."""
    quiet_from: time | None = None
    quiet_until: time | None = None
    """What the person asked for; None: nothing."""
    phone: str = ""
    """Empty: hidden, the person is written to by their id."""


def user_ids_of(contact_ids: Iterable[int]) -> dict[tuple[int, int], str]:
    """The newest business-scoped ids of many contacts by (contact id, portfolio id), in one query."""
    rows = Identity.objects.filter(contact__in=list(contact_ids)).order_by("id")
    return {(contact, portfolio): remote_id
            for contact, portfolio, remote_id in rows.values_list("contact_id", "portfolio_id", "remote_id")}  # fmt: skip


def last_inbound_of(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """When these contacts last wrote to these numbers, by (contact id, number id), in one query; nothing: never."""
    rows = Window.objects.filter(contact__in={pair[0] for pair in pairs}, number__in={pair[1] for pair in pairs})
    found = rows.values_list("contact_id", "number_id", "last_inbound_at")
    return {(contact, number): last for contact, number, last in found if (contact, number) in pairs}


def given_consents_of(contact_ids: Iterable[int]) -> dict[int, dict[str, bool]]:
    """The newest answer by class of each contact that ever gave one, in one query."""
    given: dict[int, dict[str, bool]] = {}
    rows = Consent.objects.filter(contact__in=list(contact_ids)).order_by("id")
    for contact, klass, is_given in rows.values_list("contact_id", "klass", "is_given"):
        given.setdefault(contact, {})[klass] = is_given
    return given


def delivery_facts_of(asked: Sequence[Asked], now: datetime) -> list[DeliveryFacts]:
    """The facts about many messages as they stand in the database now: at most three queries, however many they are.

    Raises LookupError for a contact or a number that is not there.
    """
    rows = _rows({one.contact_id for one in asked}, {one.number_id for one in asked}) if asked else {}
    initiated = [one for one in asked if not one.is_reply]
    asking = {one.contact_id for one in initiated if consent.rule_for(one.klass).needs_consent}
    hidden = {one.contact_id for one in initiated if not rows[one.contact_id, one.number_id].phone}
    consents = given_consents_of(asking) if asking else {}
    user_ids = user_ids_of(hidden) if hidden else {}
    return [
        _facts(one, rows[one.contact_id, one.number_id], consents.get(one.contact_id, {}), user_ids, now)
        for one in asked
    ]


def _facts(
    one: Asked, row: "_Row", consents: Mapping[str, bool], user_ids: Mapping[tuple[int, int], str], now: datetime
) -> DeliveryFacts:
    return DeliveryFacts(
        is_window_open=window.is_open(row.last_inbound_at, now),
        closes_at=window.closes_at(row.last_inbound_at),
        consent=one.is_reply or consent.has_consent(one.klass, consents),
        is_stopped=not one.is_reply and consent.holds_back(one.klass, bool(row.is_stopped)),
        is_linked=(row.state, row.employee_state) == (Contact.State.ACTIVE, Employee.State.ACTIVE),
        is_unreachable=row.unreachable_since is not None,
        has_left=row.employee_state == Employee.State.LEFT,
        has_address=one.is_reply or bool(row.phone or user_ids.get((one.contact_id, row.portfolio_id))),
        last_inbound_at=row.last_inbound_at,
        is_account_active=row.account_state == Account.State.ACTIVE,
        restricted_until=row.restricted_until
        if row.restricted_until is not None and row.restricted_until > now
        else None,
        account_id=row.account_id,
        time_zone=row.time_zone or "UTC",
        calendar_id=row.calendar_id,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        phone=row.phone,
    )


# --- one statement ----------------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """One contact and one number, as `_SQL` names them."""

    contact_id: int
    number_id: int
    phone: str
    state: str
    unreachable_since: Any
    employee_state: str | None
    time_zone: str | None
    calendar_id: int | None
    is_stopped: Any
    quiet_from: time | None
    quiet_until: time | None
    last_inbound_at: datetime | None
    account_id: int
    account_state: str
    portfolio_id: int
    restricted_until: datetime | None


# By hand: it is asked for every message twice, and building it took three times as long as answering it.
_SQL = """
SELECT c.id, n.id, c.phone, c.state, c.unreachable_since, e.state, e.time_zone, e.calendar_id, p.is_stopped, p.quiet_from,
       p.quiet_until, w.last_inbound_at, a.id, a.state, a.portfolio_id, a.restricted_until
FROM contacts_contact c
CROSS JOIN providers_number n
JOIN providers_account a ON a.id = n.account_id
LEFT JOIN people_employee e ON e.id = c.employee_id
LEFT JOIN contacts_preference p ON p.contact_id = c.id
LEFT JOIN contacts_window w ON w.contact_id = c.id AND w.number_id = n.id
WHERE c.id IN ({contacts}) AND n.id IN ({numbers})
"""


def _rows(contact_ids: Collection[int], number_ids: Collection[int]) -> dict[tuple[int, int], _Row]:
    marks = {"contacts": ", ".join(["%s"] * len(contact_ids)), "numbers": ", ".join(["%s"] * len(number_ids))}
    with connection.cursor() as cursor:
        cursor.execute(_SQL.format(**marks), [*contact_ids, *number_ids])
        rows = [_Row._make(row) for row in cursor.fetchall()]
    if not connection.features.supports_timezones:  # SQLite keeps moments in UTC and does not say so
        rows = [_aware(row) for row in rows]
    return {(row.contact_id, row.number_id): row for row in rows}


def _aware(row: _Row) -> _Row:
    return row._replace(
        last_inbound_at=row.last_inbound_at.replace(tzinfo=UTC) if row.last_inbound_at else None,
        restricted_until=row.restricted_until.replace(tzinfo=UTC) if row.restricted_until else None,
    )
