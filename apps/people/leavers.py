"""What somebody leaves behind among people: reports, teams they lead, others who named them as deputy, the sign-in."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.people import policy, queries, services
from apps.people.leaving import OpenThing, heirs, register
from apps.people.models import Absence, Deputy, Employee, Membership


def _manager_of(employee_id: int) -> int | None:
    return Employee.objects.filter(pk=employee_id).values_list("manager_id", flat=True).first()


def _reports(employee: Employee) -> Iterator[OpenThing]:
    for report in Employee.objects.filter(manager=employee, state=Employee.State.ACTIVE).order_by("name", "pk"):
        fitting = [one for one in heirs(employee, without=[report.pk])
                   if not policy.comes_round(report.pk, one.pk, _manager_of)]  # fmt: skip
        yield OpenThing(
            f"people.reports:{report.pk}", _("%(name)s reports to them") % {"name": report},
            _("They keep the name of their former manager, and their requests go to the manager above."), tuple(fitting),
        )  # fmt: skip


def _give_report(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    report = Employee.objects.filter(pk=key, manager=employee).first()
    if report is not None and to is not None:
        services.set_manager(employee=report, manager=to, by=by)


def _current(employee: Employee) -> Q:
    today = queries.today(employee)
    return Q(ends_on=None) | Q(ends_on__gte=today)


def _led(employee: Employee) -> Iterator[OpenThing]:
    today = queries.today(employee)
    rows = Membership.objects.filter(_current(employee), employee=employee, is_lead=True)
    for row in rows.select_related("team__parent"):
        others = [one for one in queries.leads_of(row.team, today) if one.pk != employee.pk]
        above = queries.leads_of(row.team.parent, today) if row.team.parent else []
        yield OpenThing(
            f"people.leads:{row.pk}", _("They lead the team %(team)s") % {"team": row.team},
            _("Others lead it too.") if others else _("Nobody leads it: what waits for its leads gets stuck."),
            heirs(employee, first=[*others, *above, *queries.members_of(row.team, today)]), is_fine_alone=bool(others),
        )  # fmt: skip


def _give_lead(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    row = Membership.objects.select_related("team").filter(pk=key, employee=employee, is_lead=True).first()
    if row is None:
        return
    if to is not None:
        services.put_in_team(employees=[to], team=row.team, by=by, is_lead=True)
    before = services.told_membership(row)
    row.is_lead = False
    row.save(update_fields=["is_lead"])
    record("membership.changed", subject=row, by=by, before=before, after=services.told_membership(row))


def _deputies(employee: Employee) -> Iterator[OpenThing]:
    rows = Deputy.objects.filter(deputy=employee, employee__state=Employee.State.ACTIVE).select_related(
        "employee__manager"
    )
    for row in rows:
        yield OpenThing(
            f"people.deputies:{row.pk}", _("They are the standing deputy of %(name)s") % {"name": row.employee},
            _("The manager decides when %(name)s is away.") % {"name": row.employee},
            heirs(employee, first=[row.employee.manager], without=[row.employee_id]), is_fine_alone=True,
        )  # fmt: skip


def _give_deputy(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    row = Deputy.objects.filter(pk=key, deputy=employee).first()
    if row is None or (to is not None and to.pk == row.employee_id):
        return
    if to is None:
        record("deputy.removed", subject=row, by=by, before={"employee": row.employee_id, "deputy": employee.pk})
        row.delete()
        return
    row.deputy = to
    row.save(update_fields=["deputy"])
    record("deputy.changed", subject=row, by=by, before={"deputy": employee.pk}, after={"deputy": to.pk})


def _covers(employee: Employee) -> Iterator[OpenThing]:
    rows = Absence.objects.filter(deputy=employee, ends_on__gte=queries.today(employee), employee__state="active")
    for row in rows.select_related("employee__manager"):
        yield OpenThing(
            f"people.covers:{row.pk}",
            _("They cover the absence of %(name)s until %(day)s") % {"name": row.employee, "day": row.ends_on},
            _("The standing deputy decides, else the manager."),
            heirs(employee, first=[row.employee.manager], without=[row.employee_id]), is_fine_alone=True,
        )  # fmt: skip


def _give_cover(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    row = Absence.objects.filter(pk=key, deputy=employee).first()
    if row is None or (to is not None and to.pk == row.employee_id):
        return
    row.deputy = to
    row.save(update_fields=["deputy"])
    record(
        "absence.changed", subject=row, by=by, before={"deputy": employee.pk}, after={"deputy": to.pk if to else None}
    )


def _sign_in(employee: Employee) -> Iterator[OpenThing]:
    if employee.user is not None and employee.user.is_active:
        yield OpenThing(
            f"people.sign_in:{employee.user_id}", _("Their sign-in %(name)s") % {"name": employee.user.username},
            _("Locked at once."), may_move=False,
        )  # fmt: skip


def _nothing(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    """The sign-in is locked by the departure itself."""


register(
    "people.reports", title=gettext_lazy("People who report to them"), order=50, list_open=_reports, rehome=_give_report
)
register("people.leads", title=gettext_lazy("Teams they lead"), order=51, list_open=_led, rehome=_give_lead)
register(
    "people.deputies", title=gettext_lazy("Standing deputy of"), order=52, list_open=_deputies, rehome=_give_deputy
)
register("people.covers", title=gettext_lazy("Absences they cover"), order=53, list_open=_covers, rehome=_give_cover)
register("people.sign_in", title=gettext_lazy("Sign-in"), order=54, list_open=_sign_in, rehome=_nothing)
