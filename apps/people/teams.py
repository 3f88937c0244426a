"""Teams as a caller from outside may change them: make, rename, move, members in and out. Each leaves its entry."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError, NotPermittedError
from apps.core.texts import one_line
from apps.journal.services import Happened, plain, record, record_many
from apps.people import clerk, policy, queries, services
from apps.people.authority import Authority
from apps.people.models import Employee, Membership, Team

LONGEST_NAME = 120


@transaction.atomic
def make_team(*, name: str, by: Authority, parent: Team | None = None) -> Team:
    """A new, empty team. Raises InvalidInputError for a name that is taken or unusable, NotPermittedError."""
    by.need("people.add_team")
    if parent is not None:
        seen(by, parent)
    tidy = _checked_name(name)
    try:
        with transaction.atomic():
            return services.create_team(name=tidy, parent=parent, by=by)
    except IntegrityError as error:  # somebody else took the name between the look and the save
        raise _taken(tidy) from error


@transaction.atomic
def change_team(*, team: Team, by: Authority, **values: Any) -> Team:
    """Change its `name` and what it belongs to (`parent`). Raises InvalidInputError, NotPermittedError."""
    by.need("people.change_team")
    row = seen(by, Team.objects.select_for_update().get(pk=team.pk))
    wanted = dict(values)
    if "name" in wanted:
        wanted["name"] = _checked_name(wanted["name"], but=row)
    if wanted.get("parent") is not None:
        _check_parent(row, seen(by, wanted["parent"]))
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if changed:
        before = {name: plain(getattr(row, name)) for name in changed}
        for name, value in changed.items():
            setattr(row, name, value)
        _saved(row)
        after = {name: plain(value) for name, value in changed.items()}
        record("team.changed", subject=row, by=by, before=before, after=after)
    return row


@transaction.atomic
def add_member(*, team: Team, employee: Employee, by: Authority, is_lead: bool | None = None) -> Membership:
    """Put a person into a team from today on, as its lead or not (None: as they are). Who is in already stays so.

    Raises NotPermittedError for a team or person out of sight.
    """
    return add_members(team=team, employees=[employee], by=by, is_lead=is_lead)[0]


@transaction.atomic
def add_members(
    *, team: Team, employees: Sequence[Employee], by: Authority, is_lead: bool | None = None
) -> list[Membership]:
    """As `add_member`, for many in as many statements as for one."""
    by.need("people.add_membership", "people.change_membership")
    seen(by, team)
    clerk.all_seen(by, employees)
    return services.put_in_team(employees=employees, team=team, by=by, is_lead=is_lead)


@transaction.atomic
def remove_member(*, team: Team, employee: Employee, by: Authority) -> bool:
    """Take a person out of a team; False when they were not in it. Raises NotPermittedError."""
    return bool(remove_members(team=team, employees=[employee], by=by))


@transaction.atomic
def remove_members(*, team: Team, employees: Sequence[Employee], by: Authority) -> int:
    """As `remove_member`, for many; returns how many were in it."""
    by.need("people.delete_membership")
    seen(by, team)
    clerk.all_seen(by, employees)
    people = {one.pk: one for one in employees}
    rows = list(Membership.objects.select_for_update().filter(team=team, employee__in=people).order_by("pk"))
    for row in rows:
        row.team, row.employee = team, people[row.employee_id]
    record_many(Happened("membership.removed", row, by, before=services.told_membership(row)) for row in rows)
    Membership.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def seen(by: Authority, team: Team) -> Team:
    """The row itself, when it is in sight. Raises NotPermittedError, which names nothing."""
    if not queries.visible_teams(by.user).filter(pk=team.pk).exists():
        raise NotPermittedError(_("This team is not among those you may see. Nothing was changed."))
    return team


def _checked_name(name: str, but: Team | None = None) -> str:
    tidy = one_line(name)
    if not tidy or len(tidy) > LONGEST_NAME:
        sentence = _("A team needs a name of at most %(most)s characters.") % {"most": LONGEST_NAME}
        raise InvalidInputError(sentence, fields={"name": sentence})
    if but is not None and but.name == tidy:
        return tidy
    # Imports look names up without case: two that differ in nothing else would be one.
    if Team.objects.filter(name__iexact=tidy).exclude(pk=but.pk if but else 0).exists():
        raise _taken(tidy)
    return tidy


def _check_parent(team: Team, parent: Team) -> None:
    def parent_of(team_id: int) -> int | None:
        return Team.objects.filter(pk=team_id).values_list("parent_id", flat=True).first()

    if policy.comes_round(team.pk, parent.pk, parent_of):
        sentence = _("%(team)s lies below this team: choose another one.") % {"team": parent}
        raise InvalidInputError(sentence, fields={"parent": sentence})


def _saved(team: Team) -> Team:
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError as error:  # somebody else took the name between the look and the save
        raise _taken(team.name) from error
    return team


def _taken(name: str) -> InvalidInputError:
    sentence = _("There is a team called “%(name)s” already.") % {"name": name}
    return InvalidInputError(sentence, fields={"name": sentence}, code="name_taken")
