"""The verbs of leaving and coming back. `people.services` offers those of every way in (screens, imports, SCIM, the API)."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.journal.actors import HasActor
from apps.journal.services import record, transition
from apps.people import leaving, queries
from apps.people.machine import EMPLOYEE
from apps.people.models import Employee, Leaving, User
from apps.people.settling import settle

CHANGE = "people.change_employee"


class LastAdministratorError(InvalidInputError):
    """Whoever is to leave is the last one who can hand out roles."""


@transaction.atomic
def mark_left(*, employee: Employee, by: HasActor, on: date | None = None) -> Employee:
    """The person no longer works here: from this commit on they decide nothing, and reactions clear up behind them.

    For ways in where nobody can be asked who takes over: nothing changes its owner, and the home tells HR to look. Where
    the departure was planned, though, it is carried out as was chosen then. The sign-in is locked in the same commit.
    Raises MoveNotAllowedError when the employee has left before, LastAdministratorError.
    """
    row = locked(employee)
    departure = _planned(row)
    things = leaving.open_things(row) if departure is not None else []
    left = _leave(row, by=by, on=on)
    if departure is None:
        Leaving.objects.create(employee=left, on=left.left_on or queries.today(left))
        return left
    lines, is_odd = settle(employee=left, things=things, answers=departure.answers, by=by)
    _done(departure, left, lines)
    if is_odd:
        departure.seen_at = None
    departure.save()
    return left


def locked(employee: Employee) -> Employee:
    """The person as they are now. Whoever needs their departure too takes it after them: the order of every verb."""
    return Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)


def _planned(employee: Employee) -> Leaving | None:
    rows = Leaving.objects.select_for_update().filter(employee=employee, state=Leaving.State.PLANNED)
    return rows.first()


def _done(departure: Leaving, left: Employee, lines: list[dict[str, Any]]) -> None:
    """A plan becomes the departure itself; its timer finds nothing to do any more."""
    departure.state, departure.on = Leaving.State.LEFT, left.left_on or queries.today(left)
    departure.report = [*departure.report, *lines]


def _leave(row: Employee, *, by: HasActor, on: date | None) -> Employee:
    """`row` is under lock. Every departure comes through here."""
    check_may_go(row)
    left = transition(row, EMPLOYEE, "leave", by=by, is_locked=True, left_on=on or queries.today(row))
    if left.user is not None and left.user.is_active:
        left.user.is_active = False
        left.user.save(update_fields=["is_active"])
        record("user.locked", subject=left.user, by=by, before={"is_active": True}, after={"is_active": False})
    return left


@transaction.atomic
def pass_on(*, employee: Employee, by: HasActor, answers: leaving.Answers) -> Employee:
    """Somebody of HR says who takes over what is open; whoever still works here leaves in the same commit.

    `answers` by key of `leaving.open_things`; without one the proposal counts, and what has no proposal must be answered.
    Raises InvalidInputError naming the keys that are wrong, MoveNotAllowedError when there is nothing left to pass on,
    LastAdministratorError, NotPermittedError. Then nothing is changed.
    """
    require(by, employee)
    row = locked(employee)
    things = leaving.open_things(row)
    if not row.is_active and not things:
        raise MoveNotAllowedError(_("%(name)s has left already, and nothing is open.") % {"name": row})
    leaving.check_answers(things, answers, leaver=row)
    departure = _planned(row) if row.is_active else Leaving.objects.filter(employee=row).order_by("-pk").first()
    if row.is_active:
        row = _leave(row, by=by, on=None)
    told = leaving.pass_on(employee=row, things=things, answers=answers, by=by)
    departure = departure or Leaving(employee=row)
    _done(departure, row, told)
    departure.seen_at = clock.now()
    departure.save()
    return row


@transaction.atomic
def take_back(*, employee: Employee, by: HasActor) -> Employee:
    """Undo a mistaken *left*, or hire again. What was passed on stays with its new owners, the sign-in stays locked."""
    row = transition(employee, EMPLOYEE, "come_back", by=by, left_on=None)
    Leaving.objects.filter(employee=row, seen_at=None).update(seen_at=clock.now())
    return row


@transaction.atomic
def mark_seen(*, departure: Leaving, by: HasActor) -> Leaving:
    """Somebody of HR has looked at what was left. Raises NotPermittedError."""
    require(by, departure.employee)
    row = Leaving.objects.select_for_update().get(pk=departure.pk)
    if row.seen_at is None:
        row.seen_at = clock.now()
        row.save(update_fields=["seen_at"])
        record("leaving.seen", subject=row.employee, by=by, after={"leaving": row.pk})
    return row


def require(by: HasActor, employee: Employee) -> None:
    """Only a sign-in that may change this very person passes."""
    if not (
        isinstance(by, User) and by.has_perm(CHANGE) and queries.visible_employees(by).filter(pk=employee.pk).exists()
    ):
        raise NotPermittedError(_("You may not mark this person as left. Nothing was changed."))


def check_may_go(employee: Employee) -> None:
    """Raises LastAdministratorError. Two administrators who leave in one moment are looked at one after the other."""
    user = employee.user
    if user is None or not user.is_superuser:
        return
    administrators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    list(administrators.select_for_update().values_list("pk"))
    if is_last_administrator(user):
        raise LastAdministratorError(_("%(name)s is the last administrator who can sign in: make somebody else one first.")
                                     % {"name": employee})  # fmt: skip


def is_last_administrator(user: User) -> bool:
    """Whether nobody could hand out roles any more without this sign-in."""
    if not (user.pk and User.objects.filter(pk=user.pk, is_superuser=True, is_active=True).exists()):
        return False
    return not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists()
