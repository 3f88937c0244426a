"""Stages that are decided at the same time, a quorum, and everybody whom a stage may name."""

import pytest
from django.utils import translation

from apps.approvals import checks, services
from apps.approvals.models import Request, StageRun
from apps.core.errors import MoveNotAllowedError
from apps.people import services as people
from apps.people.models import CostCentre, Membership
from tests.approvals.house import OVER_500, House, button, decide, kinds_to, said_to, seats, stage
from tests.factories import make_absence, make_flow, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def beside(house: House, **values: object) -> Request:
    """The manager and finance at once, then the boss."""
    return house.ask(flow=make_flow(
        {"approver": "manager"}, {"approver": "team_lead", "team": house.finance, "is_beside": True, **values},
        {"approver": "person", "person": house.boss},
    ))  # fmt: skip


def states(request: Request) -> list[str]:
    request.refresh_from_db()
    runs = StageRun.objects.filter(request=request).order_by("position")
    return [request.state, *runs.values_list("state", flat=True)]


def test_both_are_asked_at_once_and_both_must_approve(house: House):
    request = beside(house)
    assert states(request) == ["open", "open", "open", "waiting"]
    assert (seats(request, 1), seats(request, 2)) == ([("Caio", "")], [("Fabio", "")])
    decide(request, house.fabio, position=2)
    assert states(request) == ["open", "open", "approved", "waiting"]
    assert seats(request, 1) == [("Caio", "")]
    assert kinds_to(house.boss) == []
    decide(request, house.caio, position=1)
    assert states(request) == ["open", "approved", "approved", "open"]
    decide(request, house.boss, position=3)
    assert states(request) == ["approved"] * 4


def test_the_requester_hears_what_is_still_open(house: House):
    request = beside(house)
    decide(request, house.fabio, position=2)
    (passed,) = said_to(house.ana, "request.stage_passed")
    with translation.override("pt-br"):
        assert stage(request, 1).get_approver_display() == passed.data["next"]


def test_the_button_of_the_other_stage_stays_good(house: House):
    request = beside(house)
    old = button(house.caio, "approve").subject_version
    decide(request, house.fabio, position=2)
    decide(request, house.caio, position=1, version_seen=old)
    assert states(request)[1:3] == ["approved", "approved"]


def test_one_rejection_ends_both(house: House):
    request = beside(house)
    decide(request, house.fabio, "reject", position=2)
    assert states(request) == ["rejected", "skipped", "rejected", "skipped"]
    assert "request.settled" in kinds_to(house.caio)
    with pytest.raises(MoveNotAllowedError):
        decide(request, house.caio, position=1)


def test_a_stage_beside_that_is_not_needed_is_left_out(house: House):
    request = house.ask("20.00", flow=make_flow(
        {"approver": "manager"}, {"approver": "team_lead", "team": house.finance, "is_beside": True, "condition": OVER_500},
    ))  # fmt: skip
    assert states(request) == ["open", "open", "skipped"]
    decide(request, house.caio)
    assert states(request)[0] == "approved"


def test_nobody_is_asked_while_one_of_them_cannot_be_decided(house: House):
    empty = make_team("Legal")
    request = house.ask(
        flow=make_flow({"approver": "manager"}, {"approver": "team_lead", "team": empty, "is_beside": True})
    )
    assert states(request) == ["stuck", "waiting", "waiting"]
    assert kinds_to(house.caio) == []
    assert services.try_again(request=request, by=make_user()).version == request.version  # nothing moved
    Membership.objects.create(team=empty, employee=house.bia, is_lead=True)
    assert services.retry_stuck() == 1
    assert states(request) == ["open", "open", "open"]
    assert (seats(request, 1), seats(request, 2)) == ([("Caio", "")], [("Bia", "")])


def test_what_was_asked_before_it_got_stuck_is_asked_again_everywhere(house: House):
    request = beside(house, rule="all")
    house.fabio.manager = None
    house.fabio.save()
    people.mark_left(employee=house.fabio, by=make_user())
    services.reseat(employee=house.fabio)
    assert states(request) == ["stuck", "open", "open", "waiting"]
    Membership.objects.create(team=house.finance, employee=house.bia, is_lead=True)
    services.retry_stuck()
    assert states(request)[0] == "open"
    assert kinds_to(house.caio).count("request.asked") == 2
    decide(request, house.caio, position=1, version_seen=button(house.caio, "approve").subject_version)
    decide(request, house.bia, position=2, version_seen=button(house.bia, "approve").subject_version)
    assert states(request) == ["open", "approved", "approved", "open"]


# --- a quorum ---------------------------------------------------------------------------------------------------------


def quorum(house: House, wanted: int = 2, **values: object) -> Request:
    board = make_team(members=[house.bia, house.caio, house.fabio])
    return house.ask(flow=make_flow({"approver": "team", "team": board, "rule": "quorum", "quorum": wanted}), **values)


def test_two_of_three(house: House):
    request = quorum(house)
    assert [name for name, _ in seats(request)] == ["Bia", "Caio", "Fabio"]
    decide(request, house.bia)
    assert states(request) == ["open", "open"]
    decide(request, house.caio, "reject")
    assert states(request) == ["open", "open"]
    decide(request, house.fabio)
    assert states(request) == ["approved", "approved"]


def test_two_rejections_of_three_end_it_and_the_third_is_told(house: House):
    request = quorum(house)
    decide(request, house.bia, "reject")
    decide(request, house.caio, "reject")
    assert states(request) == ["rejected", "rejected"]
    assert "request.settled" in kinds_to(house.fabio)


def test_a_member_never_counts_towards_their_own_quorum(house: House):
    request = quorum(house, by=house.caio)
    assert [name for name, _ in seats(request)] == ["Bia", "Fabio"]
    request = quorum(house, 3, by=house.caio)
    assert seats(request) == [("Bia", ""), ("Boss", "Caio"), ("Fabio", "")]


def test_a_deputy_of_two_counts_once_so_the_quorum_is_stuck_instead_of_shrinking(house: House):
    request = quorum(house)
    for absent in (house.caio, house.fabio):
        make_absence(absent, deputy=house.bia)
        services.reseat(employee=absent)
    assert states(request)[0] == "stuck"
    Membership.objects.create(team=request.stage_runs.get().team, employee=house.boss)
    services.retry_stuck()
    assert [name for name, _ in seats(request)] == ["Bia", "Boss"]
    decide(request, house.bia)
    decide(request, house.boss)
    assert states(request) == ["approved", "approved"]


# --- who is named -----------------------------------------------------------------------------------------------------


def test_everybody_in_a_position(house: House):
    for person in (house.bia, house.fabio):
        person.position = "Técnica" if person == house.bia else "TÉCNICA"
        person.save()
    request = house.ask(flow=make_flow({"approver": "job", "job": "técnica"}))
    assert [name for name, _ in seats(request)] == ["Bia", "Fabio"]


def test_the_owner_of_the_requesters_cost_centre(house: House):
    flow = make_flow({"approver": "cost_centre"})
    request = house.ask(flow=flow)
    assert states(request)[0] == "stuck"
    house.ana.cost_centre = CostCentre.objects.create(code="4711", name="Field", owner=house.bia)
    house.ana.save()
    services.retry_stuck()
    assert seats(request) == [("Bia", "")]


def test_the_owner_does_not_decide_their_own(house: House):
    house.ana.cost_centre = CostCentre.objects.create(code="4711", name="Field", owner=house.ana)
    house.ana.save()
    request = house.ask(flow=make_flow({"approver": "cost_centre"}))
    assert seats(request) == [("Caio", "Ana")]


def test_dead_ends_are_said_when_a_flow_is_saved(house: House):
    team = make_team("Empty")
    said = checks.problems(make_flow(
        {"approver": "team", "team": team}, {"approver": "job", "job": "Nobody"}, {"approver": "cost_centre"},
        {"approver": "manager", "rule": "quorum", "quorum": 2},
        {"approver": "team_lead", "team": house.finance, "rule": "quorum", "quorum": 1},
    ))  # fmt: skip
    assert said == [
        "Stage 1: the team Empty has no members, so nobody can decide.",
        "Stage 2: nobody is in the position “Nobody”, so nobody can decide.",
        "Stage 3: no cost centre has an owner, so nobody can decide.",
        "Stage 4: 2 have to agree, but only 1 can be asked.",
    ]
