"""Passing on what somebody decides, by hand: an open seat, a stage still to come, a stage of a flow."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.approvals import queries, seating, services
from apps.approvals.models import Request, Seat, Stage, StageRun
from apps.core.errors import InvalidInputError
from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.people.models import Employee


def sitting(run: StageRun) -> set[int]:
    """Employees who sit in the stage now, or have decided in it."""
    return {view.employee_id for view in queries.seat_views(run) if view.is_open or view.verdict}


@transaction.atomic
def hand_over_seat(*, seat_id: int, holder: Employee, to: Employee, by: HasActor) -> bool:
    """`to` is asked in place of `holder`. False when the seat is no longer theirs or open.

    Raises InvalidInputError for the requester, and whoever filed it for them: nobody decides on their own request.
    """
    found = (
        Seat.objects.filter(pk=seat_id, employee=holder, is_open=True)
        .values_list("stage_run__request_id", flat=True)
        .first()
    )
    if found is None:
        return False
    Request.objects.select_for_update().get(pk=found)
    seat = (
        Seat.objects.select_related("employee", "stage_run__request__requester")
        .filter(pk=seat_id, is_open=True)
        .first()
    )
    if seat is None or seat.stage_run.state != StageRun.State.OPEN:
        return False
    run = seat.stage_run
    _check_is_not_own(run.request, to)
    seating.replace(seat, seat.deputy_for_id or holder.pk, to.pk)
    if run.request.state == Request.State.OPEN:
        services.settle(run)
    record("seat.handed_over", subject=run.request, by=by, before={"employee": holder.pk}, after={"employee": to.pk})
    return True


@transaction.atomic
def hand_over_route(*, run_id: int, holder: Employee, to: Employee, by: HasActor) -> bool:
    """The stage that is still to come names `to`. False when it has opened, or names somebody else.

    Raises InvalidInputError as `hand_over_seat`.
    """
    run = StageRun.objects.select_for_update().filter(pk=run_id, person=holder, state=StageRun.State.WAITING).first()
    if run is None:
        return False
    _check_is_not_own(run.request, to)
    run.person = to
    run.save(update_fields=["person"])
    record("stage.handed_over", subject=run.request, by=by, before={"person": holder.pk},
           after={"stage_run": run.pk, "person": to.pk})  # fmt: skip
    return True


def _check_is_not_own(request: Request, to: Employee) -> None:
    if to.pk in request.own_ids:
        said = _("%(name)s asked for or filed %(request)s and cannot decide on it: choose somebody else.")
        raise InvalidInputError(said % {"name": to, "request": request.code})


@transaction.atomic
def hand_over_flow(*, stage_id: int, holder: Employee, to: Employee, by: HasActor) -> bool:
    """The flow names `to` for what is requested from now on. False when it names somebody else already."""
    stage = Stage.objects.select_for_update().filter(pk=stage_id, person=holder).first()
    if stage is None:
        return False
    stage.person = to
    stage.save(update_fields=["person"])
    record("stage.changed", subject=stage, by=by, before={"person": holder.pk}, after={"person": to.pk})
    return True
