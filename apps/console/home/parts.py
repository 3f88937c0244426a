"""What the home is made of, and how it counts: never more than `MOST` rows, however many there are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.functional import Promise

from apps.approvals import queries as approvals
from apps.approvals.models import Request
from apps.console.addresses import list_of
from apps.console.permissions import may_view
from apps.contacts import queries as contacts
from apps.incidents import queries as incidents
from apps.incidents.models import Ticket
from apps.outbox import queries as outbox
from apps.outbox.models import OutboundMessage
from apps.people import queries as people
from apps.people.models import Employee, User

StrOrPromise = str | Promise
MOST = 1_000
TODAY = "when=today"  # what lists call the day that a figure is of
SHOWN = 5  # rows of a list on the home; its link leads to all


@dataclass(frozen=True)
class Found:
    """How many rows, up to `MOST`, and the oldest of those that were looked at (None: there are none)."""

    count: int
    oldest: int | None = None

    @property
    def is_more(self) -> bool:
        return self.count > MOST

    @property
    def said(self) -> str:
        said = number_format(min(self.count, MOST), force_grouping=True)
        return f"{said}+" if self.is_more else said


def find(rows: QuerySet[Any]) -> Found:
    """One query, no sorting: a database walks its index of states, not the whole table by key."""
    keys = list(rows.order_by().values_list("pk", flat=True)[: MOST + 1])
    return Found(len(keys), min(keys, default=None))


@dataclass(frozen=True)
class Reader:
    """Who looks at the home. `own` is the employee behind the sign-in, None for service accounts.

    What they may see is worked out once, and what is counted is counted once, however often a page says it.
    """

    request: HttpRequest
    user: User
    own: Employee | None
    _counted: dict[str, Found] = field(default_factory=dict)

    @classmethod
    def of(cls, request: HttpRequest) -> "Reader | None":
        """The one of this request; None for whoever has not signed in."""
        user = request.user
        if not isinstance(user, User):
            return None
        known: Reader | None = request.__dict__.get("recado_reader")
        if known is None:
            known = request.__dict__["recado_reader"] = cls(request, user, people.employee_of(user))
        return known

    @cached_property
    def tickets(self) -> QuerySet[Ticket]:
        return incidents.visible_to(self.user)

    @cached_property
    def requests(self) -> QuerySet[Request]:
        return approvals.visible_to(self.user)

    @cached_property
    def messages(self) -> QuerySet[OutboundMessage]:
        return outbox.visible_to(self.user)

    @cached_property
    def enrolments(self) -> QuerySet[Any]:
        """With `whatsapp` worked out."""
        return contacts.enrolments(self.user)

    def count(self, link: str, rows: Callable[[], QuerySet[Any]]) -> Found:
        """How many rows the list at `link` has: these."""
        if link not in self._counted:
            self._counted[link] = find(rows())
        return self._counted[link]

    @property
    def now(self) -> datetime:
        """The moment on the reader's own clock."""
        return people.clock_of(self.own)

    @property
    def today(self) -> date:
        return self.now.date()

    def may(self, permission: str) -> bool:
        return bool(self.user.has_perm(permission))

    def sees(self, model: str) -> bool:
        return may_view(self.request, model)


@dataclass(frozen=True)
class Number:
    """One count and the list of exactly those rows."""

    label: StrOrPromise
    said: str
    link: str


@dataclass(frozen=True)
class Line:
    """One row of a list. `tone` colours the state: good, wait, bad, or nothing."""

    title: str
    link: str
    state: StrOrPromise = ""
    tone: str = ""
    who: str = ""
    age: str = ""


@dataclass(frozen=True)
class Listing:
    """The first rows of a list, where the rest is, and what is said when there are none."""

    title: StrOrPromise
    lines: list[Line]
    more: str
    nothing: StrOrPromise


@dataclass(frozen=True)
class Section:
    """What one role cares about."""

    title: StrOrPromise
    numbers: list[Number]
    listings: list[Listing]
    sentence: StrOrPromise = ""
    tone: str = ""


def number(
    reader: Reader,
    label: StrOrPromise | Callable[[int], str],
    model: str,
    rows: QuerySet[Any],
    query: str = "",
) -> list[Number]:
    """One count; none where the reader may not open its list. A label that changes with the count is given as a function."""
    if not reader.sees(model):
        return []
    link = list_of(model, query)
    found = reader.count(link, lambda: rows)
    return [Number(label(found.count) if callable(label) else label, found.said, link)]
