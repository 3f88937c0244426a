"""One timeline of an employee: every app offers its part in `moments.py`; here they are put together, newest first.

A part says which rows tell of the person, at which moment, who may read them, and how one of them reads. Paging goes by
key: a page starts behind one line, wherever it came from, and costs each part one statement, however much there is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import DateField, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.registry import Registry
from apps.people.models import Employee

PAGE = 40
_LONGEST = 120  # characters of a place in an address
_NEVER = datetime.min.replace(tzinfo=UTC)

KINDS: dict[str, tuple[str | Promise, str]] = {
    "messages": (_("Messages"), "chat"),
    "requests": (_("Requests"), "approval"),
    "tickets": (_("Tickets"), "confirmation_number"),
    "changes": (_("Changes"), "edit_note"),
    "consent": (_("Consent"), "handshake"),
    "invitations": (_("Invitations"), "qr_code_2"),
    "absences": (_("Absences"), "event_busy"),
    "imports": (_("Imports"), "upload_file"),
}
"""What one filters by: name to title and icon (Material Symbols)."""


@dataclass(frozen=True)
class Line:
    """One moment: `what` is a plain sentence, `detail` the words that were said, `url` the thing, `actor` who did it."""

    what: str
    detail: str = ""
    url: str = ""
    actor: str = ""
    icon: str = ""
    kind: str = ""
    at: datetime = _NEVER
    place: str = ""
    """Where it stands, for an address: `?before=` it shows what is older."""

    @property
    def title(self) -> str:
        return str(KINDS[self.kind][0])


Rows = Callable[[Employee, Any], "QuerySet[Any] | None"]


@dataclass(frozen=True)
class Part:
    """`rows(employee, user)`: those that tell of the employee and that `user` may see (None: none at all); the page asks
    for the permission, and that `user` sees the employee. `moment` is the column by which they are ordered. `tell(rows,
    user)` gives a Line for each, in their order: one call for a page, so that it may look things up together.
    """

    kind: str
    permission: str
    rows: Rows
    moment: str
    tell: Callable[[Sequence[Any], Any], Iterable[Line]]


parts: Registry[Part] = Registry("part of a timeline", module="moments")


def register(name: str, *, kind: str, permission: str, rows: Rows, moment: str,
             tell: Callable[[Sequence[Any], Any], Iterable[Line]]) -> None:  # fmt: skip
    """Add a part under `name` ("approvals.asked"). Raises LookupError for an unknown kind."""
    if kind not in KINDS:
        raise LookupError(f"No kind of line is called “{kind}”.")
    parts.register(name, Part(kind, permission, rows, moment, tell))


# --- places -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A line's rank: newest first, of one moment by the part's name, then the younger row."""

    at: datetime
    part: str
    pk: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}~{self.part}~{self.pk}"


def read_place(text: str) -> Place | None:
    """A place out of an address; None for what is none: then the first page is shown."""
    pieces = text.split("~") if len(text) <= _LONGEST else []
    if len(pieces) != 3 or pieces[1] not in parts or not (pieces[2].isascii() and pieces[2].isdigit()):
        return None
    try:
        at = datetime.strptime(pieces[0], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Place(at, pieces[1], min(int(pieces[2]), 2**63 - 1)) if 1 < at.year < 9999 else None


def _older(name: str, part: Part, rows: QuerySet[Any], place: Place | None) -> QuerySet[Any]:
    """The rows of this part that stand behind `place`, in their order."""
    ordered = rows.order_by(f"-{part.moment}", "-pk")
    if place is None:
        return ordered.exclude(**{part.moment: None})
    at: Any = place.at
    is_exact = True
    if _is_date(rows, part.moment):  # a day stands at its first moment
        at = place.at.astimezone(timezone.get_current_timezone()).date()
        is_exact = place.at == _first_moment(at)
    before = Q(**{f"{part.moment}__lt" if is_exact else f"{part.moment}__lte": at})
    if is_exact and name > place.part:
        before |= Q(**{part.moment: at})
    elif is_exact and name == place.part:
        before |= Q(**{part.moment: at, "pk__lt": place.pk})
    return ordered.filter(before)


def _is_date(rows: QuerySet[Any], moment: str) -> bool:
    return "__" not in moment and type(rows.model._meta.get_field(moment)) is DateField


def _first_moment(day: date) -> datetime:
    """Where the page is read: it shows moments so, and the day must be the same on the page."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()).astimezone(UTC)


# --- the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Lines newest first; `older` is the place behind which there are more, or empty."""

    lines: Sequence[Line]
    older: str
    kinds: Sequence[str]
    """The kinds of which this reader may see anything, in the order of KINDS."""


def page(employee: Employee, *, user: Any, kind: str = "", before: str = "", size: int = PAGE) -> Page:
    """A page of what `user` may read of this employee, whom the caller has found within the row scope.

    An unknown `kind` is none; a `before` that nobody gave out shows the first page.
    """
    readable = [(name, part) for name, part in parts if user.has_perm(part.permission)]
    kinds = {part.kind for _name, part in readable}
    shown = [(name, part) for name, part in readable if kind not in kinds or part.kind == kind]
    place = read_place(before)
    found = [_lines(name, part, employee, user, place, size + 1) for name, part in shown]
    lines = list(islice(merge(*found, key=_rank), size + 1))
    older = lines[size - 1].place if len(lines) > size else ""
    return Page(lines[:size], older, [name for name in KINDS if name in kinds])


def _rank(line: Line) -> tuple[float, str, int]:
    _at, part, pk = line.place.split("~")
    return -line.at.timestamp(), part, -int(pk)


def _lines(name: str, part: Part, employee: Employee, user: Any, place: Place | None, limit: int) -> list[Line]:
    rows = part.rows(employee, user)
    if rows is None:
        return []
    found = list(_older(name, part, rows, place)[:limit])
    lines = part.tell(found, user) if found else []
    return [_placed(name, part, row, line) for row, line in zip(found, lines, strict=True)]


def _placed(name: str, part: Part, row: Any, line: Line) -> Line:
    at = row
    for step in part.moment.split("__"):
        at = getattr(at, step)
    moment = at if isinstance(at, datetime) else _first_moment(at)
    icon = line.icon or KINDS[part.kind][1]
    return replace(line, kind=part.kind, icon=icon, at=moment, place=str(Place(moment, name, row.pk)))
