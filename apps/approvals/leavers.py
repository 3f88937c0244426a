"""A leaver's approvals: seats they hold, flows and routes that name them, requests they filed."""

from collections.abc import Iterator

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.approvals import handing, queries
from apps.approvals.models import Request, Seat, Stage, StageRun
from apps.core import clock
from apps.journal.actors import HasActor
from apps.people import queries as people
from apps.people.leaving import OpenThing, heirs, register
from apps.people.models import Employee

_UNDECIDED = (Request.State.OPEN, Request.State.STUCK)
_FILER = "submission__filed_by__employee"


def _stand_in() -> str:
    return _("Whoever stands in for them is asked: the deputy, else the manager. If nobody is left to decide, it gets stuck "
             "and says so.")  # fmt: skip


def _seats(employee: Employee) -> Iterator[OpenThing]:
    rows = Seat.objects.filter(employee=employee, is_open=True, stage_run__state=StageRun.State.OPEN,
                               stage_run__request__state__in=_UNDECIDED)  # fmt: skip
    for seat in rows.select_related(
        f"stage_run__request__{_FILER}", "stage_run__request__requester", "deputy_for__manager"
    ).order_by("pk"):
        request = seat.stage_run.request
        first = [seat.deputy_for] if seat.deputy_for and not _is_away(seat.deputy_for) else []
        able = heirs(employee, first=first, without=request.own_ids)
        taken = handing.sitting(seat.stage_run)
        free = sorted((one for one in able if one.pk not in taken), key=_is_away)
        yield OpenThing(
            f"approvals.seats:{seat.pk}",
            _("%(request)s of %(name)s waits for their decision") % {"request": request.code, "name": request.requester},
            _stand_in(), tuple(free),
        )  # fmt: skip


def _is_away(person: Employee) -> bool:
    return people.absence_of(person, people.local_day(person, clock.now())) is not None


def _give_seat(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    if to is not None:
        handing.hand_over_seat(seat_id=int(key), holder=employee, to=to, by=by)


def _routes(employee: Employee) -> Iterator[OpenThing]:
    rows = StageRun.objects.filter(person=employee, state=StageRun.State.WAITING, request__state__in=_UNDECIDED)
    for run in rows.select_related(f"request__{_FILER}", "request__requester").order_by("pk"):
        yield OpenThing(
            f"approvals.routes:{run.pk}", _("%(request)s will come to them next") % {"request": run.request.code},
            _stand_in(),
            heirs(employee, without=run.request.own_ids),
        )  # fmt: skip


def _give_route(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    if to is not None:
        handing.hand_over_route(run_id=int(key), holder=employee, to=to, by=by)


def _flows(employee: Employee) -> Iterator[OpenThing]:
    rows = Stage.objects.filter(person=employee, approver=Stage.Approver.PERSON).select_related("flow").order_by("pk")
    for stage in rows:
        yield OpenThing(
            f"approvals.flows:{stage.pk}",
            _("They decide in the flow “%(flow)s”") % {"flow": queries.flow_name(stage.flow, get_language() or "en")},
            _stand_in(), heirs(employee),
        )  # fmt: skip


def _give_flow(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    if to is not None:
        handing.hand_over_flow(stage_id=int(key), holder=employee, to=to, by=by)


def _filed(employee: Employee) -> Iterator[OpenThing]:
    for request in Request.objects.filter(requester=employee, state__in=_UNDECIDED).order_by("pk"):
        yield OpenThing(
            f"approvals.filed:{request.pk}", _("%(request)s, which they asked for") % {"request": request.code},
            _("It goes on and is decided; nobody is told the outcome."), may_move=False,
        )  # fmt: skip


def _nothing(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    """A request stays with whoever asked: another name on it would be a forgery."""


register(
    "approvals.seats", title=gettext_lazy("Decisions that wait for them"), order=20, list_open=_seats, rehome=_give_seat
)
register(
    "approvals.routes",
    title=gettext_lazy("Decisions that will come to them"),
    order=21,
    list_open=_routes,
    rehome=_give_route,
)
register("approvals.flows", title=gettext_lazy("Flows that name them"), order=22, list_open=_flows, rehome=_give_flow)
register("approvals.filed", title=gettext_lazy("Requests they filed"), order=23, list_open=_filed, rehome=_nothing)
