"""Departures that are known before they happen: planned for a last day, changed, called off, carried out by a timer."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError
from apps.core.zones import zone_of
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import correlation, record
from apps.people import departures, leaving, queries
from apps.people.models import Employee, Leaving, User
from apps.timers.services import cancel_timer, set_timer

HANDLER = "people.leaves"
MOST_DAYS = 730
TRY_AGAIN = timedelta(days=1)


def of(employee: Employee) -> Leaving | None:
    """The planned departure of this person."""
    return Leaving.objects.filter(employee=employee, state=Leaving.State.PLANNED).first()


def due_at(departure: Leaving) -> datetime:
    """The first moment after the last day, where the person lives."""
    zone = zone_of(departure.employee.time_zone)
    return datetime.combine(departure.on + timedelta(days=1), time.min, tzinfo=zone)


def said(departure: Leaving) -> str:
    """Like “leaves on 30 Nov 2026”."""
    return _("leaves on %(day)s") % {"day": date_format(departure.on, "j M Y")}


def lines(departure: Leaving) -> list[dict[str, Any]]:
    """What is open now and who would get it, in the shape of a report. Read only."""
    things = leaving.open_things(departure.employee)
    chosen = Employee.objects.in_bulk([pk for pk in departure.answers.values() if pk is not None])
    found = []
    for thing in things:
        to = chosen.get(departure.answers[thing.key]) if departure.answers.get(thing.key) else None
        if thing.key not in departure.answers and thing.may_move:
            to = thing.proposed
        found.append(leaving.line_of(thing, to))
    return found


# --- verbs ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def leave(*, employee: Employee, by: HasActor, on: date | None = None) -> Employee:
    """For ways in where nobody can be asked: a last day still to come is planned, today or an earlier one leaves at once.

    Raises InvalidInputError for a day too far ahead, MoveNotAllowedError when the person has left before,
    LastAdministratorError.
    """
    if on is None or on <= queries.today(employee):
        return departures.mark_left(employee=employee, by=by, on=on)
    return plan(employee=employee, on=on, by=by).employee


@transaction.atomic
def plan_as_chosen(*, employee: Employee, on: date, by: HasActor, answers: leaving.Answers) -> Leaving:
    """Somebody of HR says when the person leaves and who takes over. Nothing else happens before that day is over.

    Raises InvalidInputError naming the wrong day ("on") or the keys of things without an owner, NotPermittedError,
    MoveNotAllowedError, LastAdministratorError.
    """
    departures.require(by, employee)
    leaving.check_answers(leaving.open_things(employee), answers, leaver=employee)
    return plan(employee=employee, on=on, by=by, answers=answers)


@transaction.atomic
def plan(*, employee: Employee, on: date, by: HasActor, answers: leaving.Answers | None = None) -> Leaving:
    """Set or move the last day. Without `answers` those given before stay; without any, the home asks HR to look.

    Raises InvalidInputError naming "on", MoveNotAllowedError when the person has left, LastAdministratorError.
    """
    row = departures.locked(employee)
    if not row.is_active:
        raise MoveNotAllowedError(_("%(name)s has left already.") % {"name": row})
    departures.check_may_go(row)
    check_day(row, on)
    found = Leaving.objects.select_for_update().filter(employee=row, state=Leaving.State.PLANNED).first()
    departure = found or Leaving(employee=row, state=Leaving.State.PLANNED)
    before = _facts(departure) if found else {}
    departure.employee, departure.on = row, on
    if answers is not None:
        departure.answers, departure.seen_at = dict(answers), clock.now()
    if before != _facts(departure):
        departure.planned_by = by if isinstance(by, User) else None
        departure.language = translation.get_language() or settings.LANGUAGE_CODE
        departure.save()
        record("leaving.planned", subject=row, by=by, before=before, after=_facts(departure))
    elif answers is not None:
        departure.save(update_fields=["seen_at"])
    watch(departure)
    return departure


def check_day(employee: Employee, on: date) -> None:
    """Raises InvalidInputError naming "on" for a day that is over, or too far ahead to be meant."""
    today = queries.today(employee)
    sentence = ""
    if on < today:
        sentence = _("The last day is over already: choose today or a later day, or mark them as left.")
    elif on > today + timedelta(days=MOST_DAYS):
        sentence = _("The last day is more than two years ahead: is the year right?")
    if sentence:
        raise InvalidInputError(sentence, fields={"on": sentence})


def _facts(departure: Leaving) -> dict[str, object]:
    return {"on": departure.on.isoformat(), "answers": departure.answers}


@transaction.atomic
def call_off(*, employee: Employee, by: HasActor, only: Leaving | None = None) -> Leaving | None:
    """The person stays. None: nothing was planned (or not by the row `only`). Whoever calls checks that this may be done."""
    row = departures.locked(employee)
    rows = Leaving.objects.select_for_update().filter(employee=row, state=Leaving.State.PLANNED)
    departure = (rows if only is None else rows.filter(pk=only.pk)).first()
    if departure is None:
        return None
    departure.state = Leaving.State.CALLED_OFF
    departure.seen_at = departure.seen_at or clock.now()
    departure.save(update_fields=["state", "seen_at"])
    cancel_timer(handler=HANDLER, key=_key(departure))
    record("leaving.called_off", subject=departure.employee, by=by, before=_facts(departure))
    return departure


@transaction.atomic
def call_off_as_hr(*, employee: Employee, by: HasActor, only: Leaving | None = None) -> Leaving:
    """By a button: that of the person, or of one departure. Raises NotPermittedError, MoveNotAllowedError when nothing is planned (any more)."""
    departures.require(by, employee)
    departure = call_off(employee=employee, by=by, only=only)
    if departure is None:
        raise MoveNotAllowedError(_("No departure of %(name)s is planned.") % {"name": employee})
    return departure


# --- the day ----------------------------------------------------------------------------------------------------------


def watch(departure: Leaving) -> None:
    """Set the alarm clock, or move it: to another last day, or with the person to another time zone."""
    set_timer(handler=HANDLER, key=_key(departure), due_at=due_at(departure), data={"leaving": departure.pk})


def _key(departure: Leaving) -> str:
    return f"leaving:{departure.pk}"


@transaction.atomic
def carry_out(leaving_id: int) -> bool:
    """The day is over: the person leaves as was planned. False: called off, done already, or not yet due.

    The last administrator who can sign in does not go: HR finds the departure among those to look at, and every day it
    is tried again.
    """
    employee = Employee.objects.select_for_update(of=("self",), no_key=True).filter(leavings__pk=leaving_id).first()
    rows = Leaving.objects.select_for_update(of=("self",)).select_related("employee__user")
    departure = rows.filter(pk=leaving_id, state=Leaving.State.PLANNED).first()
    if employee is None or departure is None:
        return False
    if due_at(departure) > clock.now():
        watch(departure)
        return False
    with translation.override(departure.language or settings.LANGUAGE_CODE), correlation(f"leaving:{departure.pk}"):
        try:
            departures.mark_left(employee=employee, by=SYSTEM, on=departure.on)
        except departures.LastAdministratorError:
            Leaving.objects.filter(pk=departure.pk).update(seen_at=None)
            record("leaving.postponed", subject=employee, after={"why": "last_administrator"})
            due = clock.now() + TRY_AGAIN
            set_timer(handler=HANDLER, key=_key(departure), due_at=due, data={"leaving": departure.pk})
            return False
    return True
