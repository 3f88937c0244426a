"""A leaver's tickets: what they took, what they reported, and categories that would reach nobody."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import InvalidInputError
from apps.incidents import services
from apps.incidents.models import Category, Ticket
from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.people import queries as people
from apps.people.leaving import OpenThing, heirs, register
from apps.people.models import Employee, Membership, Team


def _taken(employee: Employee) -> Iterator[OpenThing]:
    rows = Ticket.objects.filter(assignee=employee, state=Ticket.State.TAKEN).select_related("team").order_by("pk")
    today = people.today(employee)
    for ticket in rows:
        team = [*people.leads_of(ticket.team, today), *people.members_of(ticket.team, today)]
        able = [one for one in dict.fromkeys(team) if one.pk not in {employee.pk, ticket.reporter_id}]
        yield OpenThing(
            f"incidents.taken:{ticket.pk}", _("%(ticket)s, which they took") % {"ticket": ticket.code},
            _("It goes back to the team %(team)s, which is asked again.") % {"team": ticket.team}, tuple(able),
            is_fine_alone=bool(able),
        )  # fmt: skip


def _give_ticket(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    ticket = Ticket.objects.filter(pk=key, assignee=employee, state=Ticket.State.TAKEN).first()
    if ticket is not None:
        services.hand_over(ticket=ticket, to=to, by=by)


def _reported(employee: Employee) -> Iterator[OpenThing]:
    for ticket in Ticket.objects.filter(reporter=employee).exclude(state=Ticket.State.RESOLVED).order_by("pk"):
        yield OpenThing(
            f"incidents.reported:{ticket.pk}", _("%(ticket)s, which they reported") % {"ticket": ticket.code},
            _("It goes on with its team; nobody is told the outcome."), may_move=False,
        )  # fmt: skip


def _nothing(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    """A report stays its reporter's."""


def _last_in_team(employee: Employee) -> Iterator[OpenThing]:
    today = people.today(employee)
    served = Category.objects.filter(is_active=True).values("team_id")
    for team in (
        Team.objects.filter(pk__in=served).filter(pk__in=people.teams_of(employee, today)).select_related("parent")
    ):
        if [one.pk for one in people.members_of(team, today)] != [employee.pk]:
            continue
        above = people.leads_of(team.parent, today) if team.parent else []
        yield OpenThing(
            f"incidents.categories:{team.pk}",
            _("They are the last of the team %(team)s, which answers reports") % {"team": team},
            _("Reports to this team reach nobody."), heirs(employee, first=above),
        )  # fmt: skip


def _join_team(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    team = Team.objects.filter(pk=key).first()
    if team is None or to is None:
        return
    row, is_new = Membership.objects.get_or_create(team=team, employee=to)
    if is_new:
        record("membership.added", subject=row, by=by, after={"team": team.pk, "employee": to.pk})
    elif row.ends_on is not None and row.ends_on < people.today(to):
        raise InvalidInputError(_("%(name)s was in this team before: change the membership's last day.") % {"name": to})


register("incidents.taken", title=gettext_lazy("Tickets they took"), order=30, list_open=_taken, rehome=_give_ticket)
register(
    "incidents.reported", title=gettext_lazy("Tickets they reported"), order=31, list_open=_reported, rehome=_nothing
)
register("incidents.categories", title=gettext_lazy("Categories that would reach nobody"), order=32, list_open=_last_in_team,
         rehome=_join_team)  # fmt: skip
