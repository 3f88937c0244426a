"""Every state of a request with everything that somebody may try on it: where it leads, or that nothing was changed."""

from collections.abc import Callable

import pytest

from apps.approvals import chasing, handing, services
from apps.approvals.machine import REQUEST, STAGE
from apps.approvals.models import Decision, Request, Seat, StageRun
from apps.core import clock
from apps.core.errors import MoveNotAllowedError, RecadoError
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people import services as people
from tests.approvals.house import House, decide, stage
from tests.factories import make_flow, make_user

pytestmark = pytest.mark.django_db


def to_open(house: House) -> Request:
    return house.ask(flow=make_flow({"approver": "manager"}))


def to_approved(house: House) -> Request:
    request = to_open(house)
    decide(request, house.caio)
    return request


def to_rejected(house: House) -> Request:
    request = to_open(house)
    decide(request, house.caio, "reject")
    return request


def to_withdrawn(house: House) -> Request:
    return services.withdraw(request=to_open(house), by=house.ana)


def to_stuck(house: House) -> Request:
    house.caio.manager = None
    house.caio.save()
    request = to_open(house)
    people.mark_left(employee=house.caio, by=make_user())
    services.reseat(employee=house.caio)
    return request


def to_expired(house: House) -> Request:
    request = to_open(house)
    time_out(house, request)
    return request


ROADS: dict[str, Callable[[House], Request]] = {
    "open": to_open, "approved": to_approved, "rejected": to_rejected, "withdrawn": to_withdrawn, "stuck": to_stuck,
    "expired": to_expired,
}  # fmt: skip


def hand_over(house: House, request: Request) -> None:
    for seat in Seat.objects.filter(stage_run__request=request):
        handing.hand_over_seat(seat_id=seat.pk, holder=seat.employee, to=house.bia, by=make_user())


def leave(house: House, request: Request) -> None:
    house.caio.manager = None
    house.caio.save()
    if house.caio.is_active:
        people.mark_left(employee=house.caio, by=make_user())
    services.reseat(employee=house.caio)


def retry(house: House, request: Request) -> None:
    services.try_again(request=request, by=make_user())


def find_a_decider(house: House, request: Request) -> None:
    house.ana.manager = house.bia
    house.ana.save()
    services.retry_stuck()


def time_out(house: House, request: Request) -> None:
    Request.objects.filter(pk=request.pk, expires_at=None).update(expires_at=clock.now())
    chasing.expire(request_id=request.pk)


TRIES: dict[str, Callable[[House, Request], object]] = {
    "approve": lambda house, request: decide(request, house.caio),
    "reject": lambda house, request: decide(request, house.caio, "reject"),
    "withdraw": lambda house, request: services.withdraw(request=request, by=house.ana),
    "withdraw for them": lambda house, request: services.withdraw(request=request, by=house.caio),
    "hand over": hand_over,
    "the decider leaves": leave,
    "try again": retry,
    "somebody can decide": find_a_decider,
    "its time is up": time_out,
    "file it again": lambda house, request: services.submit(
        flow=request.flow, submission=request.submission, by=house.ana
    ),
}
LEADS: dict[tuple[str, str], str] = {
    ("open", "approve"): "approved", ("open", "reject"): "rejected", ("open", "withdraw"): "withdrawn",
    ("open", "the decider leaves"): "stuck", ("stuck", "withdraw"): "withdrawn", ("stuck", "somebody can decide"): "open",
    ("open", "its time is up"): "expired", ("stuck", "its time is up"): "expired",
}  # fmt: skip


def snapshot(request: Request) -> list[object]:
    """All that a request is, and all that was said and written about it."""
    return [
        list(Request.objects.filter(pk=request.pk).values("state", "version", "decided_at", "summary", "amount")),
        list(StageRun.objects.filter(request=request).order_by("pk").values()),
        list(Seat.objects.filter(stage_run__request=request).order_by("pk").values()),
        list(Decision.objects.order_by("pk").values()),
        OutboundMessage.objects.count(),
        Entry.objects.filter(subject_type="approvals.request").count(),
    ]


@pytest.mark.parametrize("state", ROADS)
@pytest.mark.parametrize("what", TRIES)
def test_where_it_leads(state: str, what: str) -> None:
    house = House()
    request = ROADS[state](house)
    request.refresh_from_db()
    assert request.state == state
    before = snapshot(request)
    try:
        TRIES[what](house, request)
    except RecadoError:
        assert (state, what) not in LEADS
    request.refresh_from_db()
    assert request.state == LEADS.get((state, what), state)
    if (state, what) == ("open", "hand over"):
        assert Seat.objects.get(stage_run__request=request, is_open=True).employee == house.bia
    elif (state, what) not in LEADS:
        assert snapshot(request) == before


def test_no_state_and_no_move_is_left_out() -> None:
    assert set(ROADS) == set(Request.State.values)
    assert {REQUEST[name].target for name in REQUEST} == set(Request.State.values)
    assert {(source, move.target) for move in REQUEST.values() for source in move.sources} == {
        (source, target) for (source, _what), target in LEADS.items()
    }


@pytest.mark.parametrize("state", StageRun.State.values)
@pytest.mark.parametrize("what", ["approve", "reject"])
def test_only_an_open_stage_is_decided(state: str, what: str) -> None:
    house = House()
    request = to_open(house)
    StageRun.objects.filter(request=request).update(state=state)
    if state == "open":
        decide(request, house.caio, what)
        assert stage(request).state == STAGE[what].target
        return
    with pytest.raises(MoveNotAllowedError):
        decide(request, house.caio, what)
    assert not Decision.objects.exists()
