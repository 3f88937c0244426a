"""Who may decide, and when a stage is decided. Pure: small values in, a verdict or a reason out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a decision does not count, in the order in which it is looked for."""

    LEFT = "left"
    OWN_REQUEST = "own_request"
    REQUEST_CLOSED = "request_closed"
    STAGE_CLOSED = "stage_closed"
    DECIDED_BEFORE = "decided_before"
    NOT_ASKED = "not_asked"
    SEAT_MOVED = "seat_moved"
    STALE = "stale"
    STEP_UP = "step_up"


@dataclass(frozen=True)
class SeatView:
    """One decider of a stage. `verdict` is approve, reject or empty; a closed seat without verdict has moved on."""

    employee_id: int
    is_open: bool
    verdict: str = ""


@dataclass(frozen=True)
class Attempt:
    """Somebody tries to decide: all that the rule looks at, read under lock. `own_ids`: who asked, and who filed it for
    them; `needs_page`: the chat is tried, and the sum is too large for it."""

    employee_id: int
    is_active: bool
    own_ids: Collection[int]
    is_request_open: bool
    is_stage_open: bool
    version: int
    version_seen: int
    seats: Sequence[SeatView]
    needs_page: bool = False


def refusal(attempt: Attempt) -> Refusal | None:
    """None: this person may decide this stage now. Nobody decides their own matter, whatever seat they hold."""
    seat = next((seat for seat in attempt.seats if seat.employee_id == attempt.employee_id), None)
    checks = (
        (not attempt.is_active, Refusal.LEFT),
        (attempt.employee_id in attempt.own_ids, Refusal.OWN_REQUEST),
        (seat is None, Refusal.NOT_ASKED),
        (seat is not None and bool(seat.verdict), Refusal.DECIDED_BEFORE),
        (not attempt.is_request_open, Refusal.REQUEST_CLOSED),
        (not attempt.is_stage_open, Refusal.STAGE_CLOSED),
        (seat is not None and not seat.is_open, Refusal.SEAT_MOVED),
        (attempt.version != attempt.version_seen, Refusal.STALE),
        (attempt.needs_page, Refusal.STEP_UP),
    )
    return next((reason for is_wrong, reason in checks if is_wrong), None)


def wanted(rule: str, quorum: int | None) -> int:
    """How many yeses a stage needs at least."""
    return (quorum or 1) if rule == "quorum" else 1


def outcome(rule: str, seats: Iterable[SeatView], wanted: int = 1) -> str:
    """`approve`, `reject`, or empty while more decisions are needed.

    Any: the first decision is the stage's. All: one rejection is enough, and everybody seated has to approve. Quorum:
    `wanted` of them approve; rejected as soon as those who may still decide cannot make up that number.
    """
    counted = [seat for seat in seats if seat.verdict or seat.is_open]
    verdicts = {seat.verdict for seat in counted if seat.verdict}
    if not verdicts:
        return ""
    if rule == "quorum":
        if sum(seat.verdict == "approve" for seat in counted) >= wanted:
            return "approve"
        return "reject" if "reject" in verdicts and _possible(counted) < wanted else ""
    if "reject" in verdicts and (rule == "all" or "approve" not in verdicts):
        return "reject"
    if rule == "any":
        return "approve"
    return "approve" if all(seat.verdict == "approve" for seat in counted) else ""


def _possible(seats: Iterable[SeatView]) -> int:
    """The most yeses that a stage can still come to."""
    return sum(seat.verdict == "approve" or (seat.is_open and not seat.verdict) for seat in seats)


def is_starved(rule: str, seats: Sequence[SeatView], wanted: int = 1, *, is_covered: bool = False) -> bool:
    """Whether nobody can decide a stage any more that has just lost a seat. `is_covered`: whoever stands in for the one
    who lost it sits in the stage already, for themselves."""
    if rule == "quorum":
        return _possible(seats) < wanted
    if is_covered:
        return False
    return rule == "all" or not any(seat.is_open for seat in seats)


@dataclass(frozen=True)
class Chosen:
    """Who decides for whom: `base_id` is whom the route names, `decider_id` who stands in (None: nobody can)."""

    base_id: int
    decider_id: int | None


def seat_plan(rule: str, chosen: Sequence[Chosen], *, own_ids: Collection[int], wanted: int = 1) -> list[Chosen] | None:
    """The seats to set, one per decider; None when the stage cannot be decided at all.

    All: each named person needs a decider. Any and quorum: `wanted` deciders are enough, and nobody is brought in for
    those whose own matter it is (`own_ids`) as long as enough others whom the route names can decide.
    """
    if rule == "all" and any(item.decider_id is None for item in chosen):
        return None
    able = [item for item in chosen if item.decider_id is not None]
    others = [item for item in able if item.base_id not in own_ids]
    if rule != "all" and len(_one_seat_each(others)) >= wanted:
        able = others
    seats = _one_seat_each(able)
    return seats if len(seats) >= wanted else None


def _one_seat_each(chosen: Iterable[Chosen]) -> list[Chosen]:
    """Somebody who is named themselves sits for themselves, even when they stand in for another one too."""
    seats: dict[int, Chosen] = {}
    for item in chosen:
        if item.decider_id is not None and (item.decider_id not in seats or item.base_id == item.decider_id):
            seats[item.decider_id] = item
    return list(seats.values())
