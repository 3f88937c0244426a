"""What a leaver decides goes to somebody whose own matter it is not: neither who asked, nor who filed it for them."""

import pytest

from apps.approvals import handing, leavers
from apps.approvals.models import Request, Seat, StageRun
from apps.core.errors import InvalidInputError
from apps.forms.models import Submission
from apps.journal.actors import SYSTEM
from apps.people.models import Employee
from tests.approvals.house import House, seats, stage
from tests.factories import make_flow, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def filed(house: House, filer: Employee) -> Request:
    """Ana's request: Caio sits, and is also the person of a second stage to come; `filer` filed it for her."""
    flow = make_flow({"approver": "manager"}, {"approver": "person", "person": house.caio})
    request = house.ask(flow=flow)
    Submission.objects.filter(pk=request.submission_id).update(filed_by=make_user(roles=["HR"], employee=filer))
    return Request.objects.get(pk=request.pk)


@pytest.mark.parametrize("part", [leavers._seats, leavers._routes])
def test_neither_who_asked_nor_who_filed_it_is_proposed(house: House, part: object) -> None:
    Employee.objects.filter(pk=house.boss.pk).update(manager=house.fabio)
    house.caio.refresh_from_db()
    filed(house, filer=house.boss)
    (open_thing,) = part(house.caio)  # type: ignore[operator]
    assert open_thing.candidates == (house.fabio,)


def test_neither_can_be_chosen_by_hand_and_the_sentence_speaks_of_both(house: House) -> None:
    request = filed(house, filer=house.bia)
    seat = Seat.objects.get(stage_run=stage(request))
    for barred in (house.ana, house.bia):
        with pytest.raises(InvalidInputError, match="asked for or filed"):
            handing.hand_over_seat(seat_id=seat.pk, holder=house.caio, to=barred, by=SYSTEM)
        with pytest.raises(InvalidInputError, match="asked for or filed"):
            handing.hand_over_route(run_id=stage(request, 2).pk, holder=house.caio, to=barred, by=SYSTEM)
    assert (seats(request), StageRun.objects.get(pk=stage(request, 2).pk).person) == ([("Caio", "")], house.caio)
