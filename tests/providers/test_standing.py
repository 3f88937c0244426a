"""Which of two reports about a template is the newer one, and what the carrier's words mean. Pure."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from apps.providers import policy, standing
from apps.providers.models import Approval
from apps.providers.standing import Weight, weigh

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
State = Approval.State


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("event", "event_at", "asked_at", "weight"),
    [
        (at(0), None, None, Weight.NEWER),
        (None, None, None, Weight.NEWER),  # nothing is known yet that it could undo
        (None, at(0), None, Weight.UNKNOWN),
        (None, None, at(0), Weight.UNKNOWN),
        (at(5), at(0), None, Weight.NEWER),
        (at(-5), at(0), None, Weight.OLDER),
        (at(0), at(0), None, Weight.UNKNOWN),  # two within one second
        (at(120), None, at(0), Weight.NEWER),
        (at(30), None, at(0), Weight.NEWER_PERHAPS),
        (at(-30), None, at(0), Weight.UNKNOWN),
        (at(-120), None, at(0), Weight.OLDER),
        (at(-120), at(-300), at(0), Weight.OLDER),
        (at(120), at(300), at(0), Weight.OLDER),
    ],
)
def test_the_newer_of_two_reports(
    event: datetime | None, event_at: datetime | None, asked_at: datetime | None, weight: Weight
) -> None:
    assert weigh(event, event_at=event_at, asked_at=asked_at) == weight


def test_whatever_the_order_the_newest_of_clear_times_wins() -> None:
    """Every pair of events with different times: the later one counts, the earlier one never does after it."""
    for earlier, later in pairwise([at(0), at(1), at(60), at(86_400)]):
        assert weigh(later, event_at=earlier, asked_at=None).counts
        assert not weigh(earlier, event_at=later, asked_at=None).counts


def test_a_rejection_keeps_the_carrier_s_reason_and_advice() -> None:
    said = standing.heard(
        {"event": "REJECTED", "reason": "INVALID_FORMAT",
         "rejection_info": {"reason": "Names side by side.", "recommendation": "Put a word between."}}, NOON,
    )  # fmt: skip
    assert (said.reason, said.advice) == ("Names side by side.", "Put a word between.")
    bare = standing.heard({"event": "REJECTED", "reason": "SCAM"}, NOON)
    assert "fraud" in standing.sentence(bare.reason)


@pytest.mark.parametrize(("title", "hours"), [("FIRST_PAUSE", 3), ("SECOND_PAUSE", 6)])
def test_a_pause_says_which_one_and_until_when(title: str, hours: int) -> None:
    said = standing.heard({"event": "PAUSED", "reason": None, "other_info": {"title": title}}, NOON)
    assert (said.reason, said.until) == (title, NOON + timedelta(hours=hours))
    assert "WhatsApp paused it" in standing.sentence(said.reason)
    unpaused = standing.heard({"event": "APPROVED", "other_info": {"title": "UNPAUSE"}}, NOON)
    assert (unpaused.reason, unpaused.until) == ("", None)


def test_a_disabled_one_says_since_when() -> None:
    said = standing.heard({"event": "DISABLED", "disable_info": {"disable_date": 1767225600}}, NOON)
    assert said.until == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "values",
    [{}, {"event": 7}, {"event": "PAUSED", "other_info": "x"}, {"event": "DISABLED", "disable_info": {"disable_date": "soon"}},
     {"event": "DISABLED", "disable_info": {"disable_date": 10**40}}, {"event": "REJECTED", "rejection_info": [1]},
     {"event": "REJECTED", "reason": "x" * 100_000}, {"event": "\x00"}],
)  # fmt: skip
def test_nonsense_is_read_without_an_error(values: dict[str, object]) -> None:
    said = standing.heard(values, None)
    assert len(said.reason) <= 1000
    assert standing.state_of(said.word, present=State.APPROVED) in State.values


def test_marketing_waits_until_somebody_agrees_and_utility_never_does() -> None:
    assert standing.settled(State.APPROVED, category="MARKETING", accepted="UTILITY") == State.RECATEGORISED
    assert standing.settled(State.RECATEGORISED, category="MARKETING", accepted="MARKETING") == State.APPROVED
    assert standing.settled(State.RECATEGORISED, category="UTILITY", accepted="UTILITY") == State.APPROVED
    assert standing.settled(State.APPROVED, category="UTILITY", accepted="MARKETING") == State.APPROVED
    assert standing.settled(State.PAUSED, category="MARKETING", accepted="UTILITY") == State.PAUSED


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "footer", "fault"),
    [("x" * 61, "", "61 characters"), ("", "x" * 61, "61 characters"), ("Hi {{who}}", "", "header may not fill in"),
     ("", "For {{who}}", "footer may not fill in"), ("*Hi*", "", "one plain line"), ("Hi 🔔", "", "one plain line"),
     ("", "a\nb", "one plain line")],
)  # fmt: skip
def test_the_lines_above_and_below_are_short_and_plain(header: str, footer: str, fault: str) -> None:
    assert fault in " ".join(policy.faults_of_edges(header, footer))
    assert policy.faults_of_edges("New report", "Facilities") == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [("🔔" * 11, "11 emojis"), ("a\n\n\nb", "empty line"), ("a     b", "four spaces"), ("a\tb", "tabs")],
)
def test_emojis_and_gaps_are_limited(body: str, fault: str) -> None:
    assert fault in " ".join(policy.faults_of_wording(body, {}, variables=set()))
    assert policy.faults_of_wording("🔔" * 10 + "\r\n\r\nHello", {}, variables=set()) == []


@pytest.mark.parametrize("title", ["Say {{who}}", "Yes 👍", "a\nb"])
def test_buttons_are_plain_lines(title: str) -> None:
    assert "plain line" in " ".join(policy.faults_of_wording("Hi.", {"a": title}, variables=set()))


def test_every_name_has_an_example() -> None:
    assert policy.faults_of_samples("Hi {{who}} and {{what}}.", {"who": "Ana", "what": "  "}) == [
        "There is no example for what: WhatsApp wants one for each name."
    ]


@pytest.mark.parametrize("name", ["", "Ab", "a-b", "x" * 513, "ção"])
def test_a_name_is_one_for_whatsapp(name: str) -> None:
    assert policy.faults_of_name(name)
    assert policy.faults_of_name("request_asked") == []


def test_too_many_names_for_a_short_text_are_a_doubt() -> None:
    assert policy.doubts_about("Hi {{a}} and {{b}}.")
    assert policy.doubts_about("Hi {{a}}, see you at {{b}} as agreed.") == []
    assert policy.doubts_about("Hi.") == []


def test_an_approved_text_is_edited_once_a_day_and_ten_times_a_month() -> None:
    assert policy.next_edit([], NOON) is None
    assert policy.next_edit([NOON - timedelta(hours=25)], NOON) is None
    assert policy.next_edit([NOON - timedelta(hours=23)], NOON) == NOON + timedelta(hours=1)
    ten = [NOON - timedelta(days=days) for days in range(2, 22, 2)]
    assert policy.next_edit(ten, NOON) == NOON + timedelta(days=10)
    assert policy.next_edit([*ten, NOON - timedelta(days=31)], NOON) == NOON + timedelta(days=10)


def test_a_hundred_new_templates_an_hour() -> None:
    created = [NOON - timedelta(minutes=50)] * 99
    assert policy.next_creation(created, NOON) is None
    assert policy.next_creation([*created, NOON], NOON) == NOON + timedelta(minutes=10)
    assert policy.next_creation([NOON - timedelta(hours=2)] * 200, NOON) is None
