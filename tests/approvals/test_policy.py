from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.approvals.policy import Attempt, Chosen, Refusal, SeatView, is_starved, outcome, refusal, seat_plan

FINE = Attempt(
    employee_id=1, is_active=True, own_ids={9, 8}, is_request_open=True, is_stage_open=True, version=3, version_seen=3,
    seats=(SeatView(1, True), SeatView(2, True)),
)  # fmt: skip


def test_whoever_holds_an_open_seat_may_decide():
    assert refusal(FINE) is None


@pytest.mark.parametrize(("change", "reason"), [
    ({"is_active": False}, Refusal.LEFT),
    ({"own_ids": {1}}, Refusal.OWN_REQUEST),
    ({"own_ids": {9, 1}}, Refusal.OWN_REQUEST),
    ({"employee_id": 7}, Refusal.NOT_ASKED),
    ({"seats": (SeatView(1, False, "approve"),)}, Refusal.DECIDED_BEFORE),
    ({"is_request_open": False}, Refusal.REQUEST_CLOSED),
    ({"is_stage_open": False}, Refusal.STAGE_CLOSED),
    ({"seats": (SeatView(1, False),)}, Refusal.SEAT_MOVED),
    ({"version_seen": 2}, Refusal.STALE),
    ({"needs_page": True}, Refusal.STEP_UP),
    ({"needs_page": True, "own_ids": {1}}, Refusal.OWN_REQUEST),
])  # fmt: skip
def test_every_other_attempt_is_refused_for_its_reason(change: dict, reason: Refusal):
    assert refusal(replace(FINE, **change)) is reason


def test_any_is_decided_by_the_first():
    assert outcome("any", [SeatView(1, True), SeatView(2, False, "approve")]) == "approve"
    assert outcome("any", [SeatView(1, True), SeatView(2, False, "reject")]) == "reject"
    assert outcome("any", [SeatView(1, True)]) == ""


def test_all_needs_everybody_and_one_rejection_is_enough():
    assert outcome("all", [SeatView(1, True), SeatView(2, False, "approve")]) == ""
    assert outcome("all", [SeatView(1, False, "approve"), SeatView(2, False, "approve")]) == "approve"
    assert outcome("all", [SeatView(1, True), SeatView(2, False, "reject")]) == "reject"


def test_a_seat_that_moved_on_is_not_waited_for():
    assert outcome("all", [SeatView(1, False), SeatView(2, False, "approve")]) == "approve"


def test_nobody_is_brought_in_for_the_requester_while_another_lead_can_decide():
    leads = [Chosen(base_id=9, decider_id=5), Chosen(base_id=2, decider_id=2)]
    assert seat_plan("any", leads, own_ids={9}) == [Chosen(2, 2)]
    assert seat_plan("all", leads, own_ids={9}) == leads
    assert seat_plan("any", leads[:1], own_ids={9}) == leads[:1]


def test_nor_for_whoever_filed_it_for_them():
    leads = [Chosen(base_id=8, decider_id=5), Chosen(base_id=2, decider_id=2)]
    assert seat_plan("any", leads, own_ids={9, 8}) == [Chosen(2, 2)]


def test_a_stage_for_all_cannot_be_decided_without_one_of_them():
    assert seat_plan("all", [Chosen(1, 1), Chosen(2, None)], own_ids={9}) is None
    assert seat_plan("any", [Chosen(1, 1), Chosen(2, None)], own_ids={9}) == [Chosen(1, 1)]
    assert seat_plan("any", [], own_ids={9}) is None


def test_one_person_gets_one_seat_and_sits_for_themselves_first():
    assert seat_plan("all", [Chosen(1, 2), Chosen(2, 2)], own_ids={9}) == [Chosen(2, 2)]


def test_a_quorum_needs_so_many_and_is_lost_when_it_cannot_be_reached():
    yes, no, waits = SeatView(1, False, "approve"), SeatView(2, False, "reject"), SeatView(3, True)
    assert outcome("quorum", [yes, waits, SeatView(4, True)], 2) == ""
    assert outcome("quorum", [yes, SeatView(3, False, "approve"), no], 2) == "approve"
    assert outcome("quorum", [yes, no, waits], 2) == ""
    assert outcome("quorum", [no, waits], 2) == "reject"
    assert outcome("quorum", [yes, SeatView(5, False)], 2) == ""  # nobody said no: it is starved, not refused


def test_a_stage_is_starved_when_those_left_cannot_decide_it():
    yes, waits = SeatView(1, False, "approve"), SeatView(3, True)
    assert not is_starved("quorum", [yes, waits], 2)
    assert is_starved("quorum", [waits], 2, is_covered=True)
    assert is_starved("all", [yes, waits])
    assert not is_starved("all", [yes, waits], is_covered=True)
    assert is_starved("any", [SeatView(1, False)])
    assert not is_starved("any", [waits])


def test_a_quorum_counts_people_and_brings_nobody_in_for_the_requester_needlessly():
    named = [Chosen(9, 5), Chosen(1, 1), Chosen(2, 2)]
    assert seat_plan("quorum", named, own_ids={9}, wanted=2) == named[1:]
    assert seat_plan("quorum", named, own_ids={9}, wanted=3) == named
    assert seat_plan("quorum", [Chosen(1, 2), Chosen(2, 2)], own_ids={9}, wanted=2) is None


@given(st.sampled_from(["any", "all"]), st.lists(st.builds(
    SeatView, employee_id=st.integers(1, 5), is_open=st.booleans(), verdict=st.sampled_from(["", "approve", "reject"]))))  # fmt: skip
def test_nothing_is_approved_against_a_rejection_for_all_or_without_an_approval(rule: str, seats: list[SeatView]):
    found = outcome(rule, seats)
    verdicts = {seat.verdict for seat in seats}
    if found:
        assert found in verdicts
    if rule == "all" and "reject" in verdicts:
        assert found == "reject"
