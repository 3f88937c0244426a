"""What a leaver leaves behind: every app lists its part in `leavers.py`; here it is put together, proposed and passed on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError
from apps.core.registry import Registry
from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.people import queries
from apps.people.models import Employee, Leaving, Membership


@dataclass(frozen=True)
class OpenThing:
    """One matter of somebody who leaves. `key` is stable between two looks ("approvals.seats:12").

    `what` names it and `otherwise` says what happens when nobody takes it, both in the active language. `may_move` is
    False for what is simply ended (a dialogue, an address): nobody is asked about it. `is_fine_alone`: leaving it as it
    is does no harm, so no answer is forced. `candidates` are employees who could take it, best first.
    """

    key: str
    what: str
    otherwise: str
    candidates: tuple[Employee, ...] = ()
    may_move: bool = True
    is_fine_alone: bool = False
    title: str | Promise = ""

    @property
    def proposed(self) -> Employee | None:
        return self.candidates[0] if self.candidates else None

    @property
    def needs_answer(self) -> bool:
        return self.may_move and not self.candidates and not self.is_fine_alone


Rehome = Callable[..., None]


@dataclass(frozen=True)
class Part:
    """`list_open(employee)` gives its things; `rehome(employee=, key=, to=, by=)` passes one on (`to` None: as it is)."""

    title: str | Promise
    order: int
    list_open: Callable[[Employee], Iterable[OpenThing]]
    rehome: Rehome


parts: Registry[Part] = Registry("part of a departure", module="leavers")


def register(name: str, *, title: str | Promise, order: int, list_open: Callable[[Employee], Iterable[OpenThing]],
             rehome: Rehome) -> None:  # fmt: skip
    """Add one part under `name` ("approvals.seats"); the keys of its things begin with it and a colon.

    Parts are passed on by ascending `order`: what is under way (10-39) before the people whom it is told by (50 on).

    `rehome` must do nothing when its thing is gone or moved already, and raise InvalidInputError for an owner who cannot.
    """
    parts.register(name, Part(title, order, list_open, rehome))


def open_things(employee: Employee) -> list[OpenThing]:
    """Everything open of this person, by part. Also for somebody who has left: what is still there."""
    in_order = sorted(parts, key=lambda item: (item[1].order, item[0]))
    return [replace(thing, title=part.title) for _name, part in in_order for thing in part.list_open(employee)]


# --- who takes over ---------------------------------------------------------------------------------------------------


def heirs(
    employee: Employee, *, first: Iterable[Employee | None] = (), without: Iterable[int] = ()
) -> tuple[Employee, ...]:
    """Who may take over, best first: `first`, the managers upwards, the standing deputy, the leads of the person's teams."""
    barred = {employee.pk, *without}
    found: dict[int, Employee] = {}
    for person in _in_order(employee, first):
        if person is not None and person.is_active and person.pk not in barred:
            found.setdefault(person.pk, person)
    return tuple(found.values())


def _in_order(employee: Employee, first: Iterable[Employee | None]) -> Iterator[Employee | None]:
    yield from first
    manager, seen = employee.manager, {employee.pk}
    while manager is not None and manager.pk not in seen:
        yield manager
        seen.add(manager.pk)
        manager = manager.manager
    standing = getattr(employee, "standing_deputy", None)
    yield standing.deputy if standing else None
    teams = Membership.objects.filter(employee=employee).values("team_id")
    for lead in Membership.objects.filter(team_id__in=teams, is_lead=True).select_related("employee").order_by("pk"):
        yield lead.employee


# --- passing on -------------------------------------------------------------------------------------------------------


Answers = Mapping[str, int | None]
"""Key of a thing to the new owner's key; None means "leave as it is"."""


def check_answers(things: Iterable[OpenThing], answers: Answers, *, leaver: Employee) -> None:
    """Raises InvalidInputError naming what nobody takes and nobody was asked about, and owners who are not here."""
    missing = {thing.key: _("Choose somebody, or say that it stays as it is.")
               for thing in things if thing.needs_answer and thing.key not in answers}  # fmt: skip
    chosen = {pk for pk in answers.values() if pk is not None}
    here = set(Employee.objects.filter(pk__in=chosen, state=Employee.State.ACTIVE).exclude(pk=leaver.pk)
               .values_list("pk", flat=True))  # fmt: skip
    wrong = {key: _("This person cannot take it over: choose somebody who works here.")
             for key, pk in answers.items() if pk is not None and pk not in here}  # fmt: skip
    if missing or wrong:
        raise InvalidInputError(
            _("Some things have no new owner yet. Nothing was changed."), fields={**missing, **wrong}
        )


def pass_on(*, employee: Employee, things: Iterable[OpenThing], answers: Answers, by: HasActor) -> list[dict[str, Any]]:
    """Give each thing to its new owner, one journal entry each; returns what became of each, for the report.

    Without an answer the proposal counts; with nobody to propose it stays as it is. Call inside a transaction: a thing
    that cannot go to whoever was chosen raises, and then nothing at all is passed on.
    """
    told = []
    for thing in things:
        to = _owner(thing, answers)
        name, _colon, key = thing.key.partition(":")
        parts[name].rehome(employee=employee, key=key, to=to, by=by)
        after = {"part": name, "thing": thing.key, "to": to.pk if to else None}
        record("leaving.passed_on" if to else "leaving.left_as_is", subject=employee, by=by, after=after)
        told.append(line_of(thing, to))
    return told


def line_of(thing: OpenThing, to: Employee | None, note: str = "") -> dict[str, Any]:
    """What became of one thing, as the report keeps it. `note`: why it did not go as was chosen."""
    return {"key": thing.key, "what": thing.what, "to": to.pk if to else None, "name": to.name if to else "",
            "otherwise": "" if to else thing.otherwise, "note": note}  # fmt: skip


def _owner(thing: OpenThing, answers: Answers) -> Employee | None:
    if not thing.may_move:
        return None
    if thing.key not in answers:
        return thing.proposed
    chosen = answers[thing.key]
    return None if chosen is None else Employee.objects.filter(pk=chosen).first()


# --- reads ------------------------------------------------------------------------------------------------------------


def to_look_at(user: Any) -> QuerySet[Leaving]:
    """Departures that nobody of HR has looked at: an import or a program marked them."""
    unseen = Leaving.objects.filter(seen_at=None)
    return unseen if queries.sees_everybody(user) else unseen.filter(employee__in=queries.visible_employees(user))
