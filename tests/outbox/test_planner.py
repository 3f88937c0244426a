"""The decision alone: no database, no clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.outbox import reasons
from apps.outbox.planning import shaping
from apps.outbox.planning.planner import Approved, Face, Facts, Verdict, Wording, decide
from apps.providers.types import Buttons, Choices, ListRow, LocationRequest, MediaMessage, ReplyButton, Template, Text

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
APPROVED = Approved("APPROVED", "asked", "pt_BR", "May we buy {{what}}?", ["what"], ["yes", "no"])
WORDING = Wording("May we buy {{what}}?", {"yes": "Yes", "no": "No"}, "pt-br", APPROVED)
FACES = (Face("yes", "b1.1"), Face("no", "b1.2"))
ASK = Facts(now=NOW, wordings=(WORDING,), values={"what": "a chair"}, faces=FACES)
OPEN = replace(ASK, is_window_open=True)


def test_an_open_window_takes_free_text_with_buttons() -> None:
    plan = decide(OPEN)
    assert (plan.verdict, plan.text) == (Verdict.FREE, "May we buy a chair?")
    assert plan.content == Buttons("May we buy a chair?", (ReplyButton("b1.1", "Yes"), ReplyButton("b1.2", "No")))


def test_a_closed_window_takes_the_approved_template_with_payloads_in_its_order() -> None:
    plan = decide(replace(ASK, faces=tuple(reversed(FACES))))
    assert (plan.verdict, plan.text) == (Verdict.TEMPLATE, "May we buy a chair?")
    assert plan.content == Template("asked", "pt_BR", {"what": "a chair"}, ("b1.1", "b1.2"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"wordings": (replace(WORDING, approved=None),)}, reasons.NO_TEMPLATE),
        ({"wordings": (replace(WORDING, approved=replace(APPROVED, state="REJECTED")),)}, reasons.NO_TEMPLATE),
        ({"wordings": (replace(WORDING, approved=replace(APPROVED, state="DISABLED")),)}, reasons.NO_TEMPLATE),
        ({"wordings": (replace(WORDING, approved=replace(APPROVED, state="PENDING")),)}, reasons.TEMPLATE_PENDING),
        ({"wordings": (replace(WORDING, approved=replace(APPROVED, state="PAUSED")),)}, reasons.TEMPLATE_PAUSED),
        ({"wordings": (replace(WORDING, approved=replace(APPROVED, actions=["yes"])),)}, reasons.NO_TEMPLATE),
        ({"given": Text("menu")}, reasons.WINDOW_CLOSED),
        ({"wordings": ()}, reasons.WINDOW_CLOSED),
    ],
)
def test_a_closed_window_without_a_fitting_template_holds(change: dict[str, object], reason: str) -> None:
    plan = decide(replace(ASK, **change))  # type: ignore[arg-type]
    assert (plan.verdict, plan.reason) == (Verdict.HELD, reason)


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        ({"has_consent": False}, Verdict.HELD, reasons.NO_CONSENT),
        ({"is_stopped": True}, Verdict.HELD, reasons.STOPPED),
        ({"is_linked": False}, Verdict.HELD, reasons.NOT_LINKED),
        ({"is_reachable": False}, Verdict.HELD, reasons.UNREACHABLE),
        ({"has_left": True, "is_linked": False}, Verdict.CANCELLED, reasons.LEFT),
    ],
)
def test_what_stops_business_initiated_messages_lets_answers_pass(
    change: dict[str, object], verdict: Verdict, reason: str
) -> None:
    refused = decide(replace(OPEN, **change))  # type: ignore[arg-type]
    assert (refused.verdict, refused.reason) == (verdict, reason)
    assert decide(replace(OPEN, is_reply=True, **change)).verdict == Verdict.FREE  # type: ignore[arg-type]


def test_a_stopped_account_holds_answers_too() -> None:
    assert decide(replace(OPEN, is_reply=True, is_account_active=False)).reason == reasons.ACCOUNT_PAUSED


def test_a_restricted_account_answers_but_opens_no_conversation_until_it_may() -> None:
    until = NOW + timedelta(days=2)
    plan = decide(replace(ASK, restricted_until=until))
    assert (plan.verdict, plan.reason, plan.until) == (Verdict.HELD, reasons.RESTRICTED, until)
    assert decide(replace(OPEN, restricted_until=until)).verdict == Verdict.FREE
    assert decide(replace(ASK, restricted_until=NOW)).verdict == Verdict.TEMPLATE


def test_what_came_too_late_expires_whatever_else_is_true() -> None:
    assert decide(replace(OPEN, expires_at=NOW)).verdict == Verdict.EXPIRED
    assert decide(replace(OPEN, expires_at=NOW + timedelta(seconds=1))).verdict == Verdict.FREE


def test_a_long_body_is_cut_at_what_meta_takes() -> None:
    long = decide(replace(OPEN, values={"what": "x" * 5000}))
    assert isinstance(long.content, Buttons)
    assert len(long.content.body) == shaping.BODY
    assert long.content.body.endswith("…")
    assert len(decide(replace(OPEN, faces=(), values={"what": "x" * 5000})).text) == shaping.TEXT


def test_more_than_three_buttons_become_a_list() -> None:
    plan = decide(replace(OPEN, faces=tuple(Face(f"a{n}", f"b1.{n}", f"Choice {n}") for n in range(12))))
    assert isinstance(plan.content, Choices)
    assert len(plan.content.rows) == 10


def test_equal_or_long_titles_are_made_to_fit() -> None:
    plan = decide(replace(OPEN, faces=(Face("a", "1", "A" * 30), Face("b", "2", "A" * 30), Face("c", "3", " "))))
    assert isinstance(plan.content, Buttons)
    titles = [button.title for button in plan.content.buttons]
    assert len(set(titles)) == 3
    assert all(0 < len(title) <= 20 for title in titles)


def test_line_breaks_tabs_and_spaces_leave_template_parameters() -> None:
    plan = decide(replace(ASK, values={"what": "a\nchair\tand      a\r\n table "}))
    assert isinstance(plan.content, Template)
    assert plan.content.parameters == {"what": "a chair and a table"}


def test_a_missing_value_does_not_reach_meta_as_an_empty_parameter() -> None:
    plan = decide(replace(ASK, values={}))
    assert isinstance(plan.content, Template)
    assert plan.content.parameters == {"what": shaping.EMPTY}


def test_a_value_is_never_a_template_itself() -> None:
    assert decide(replace(OPEN, values={"what": "{{what}}"})).text == "May we buy {{what}}?"


anything = st.text(max_size=6000)
contents = st.one_of(
    st.builds(Text, anything),
    st.builds(Buttons, anything, st.lists(st.builds(ReplyButton, st.just("id"), anything), max_size=12).map(tuple)),
    st.builds(
        Choices,
        anything,
        anything,
        st.lists(st.builds(ListRow, st.just("id"), anything, anything), max_size=12).map(tuple),
    ),
    st.builds(LocationRequest, anything),
    st.builds(MediaMessage, st.just("image"), st.just(1), anything),
)


@given(contents)
def test_ready_content_always_fits(content: Text | Buttons | Choices | LocationRequest | MediaMessage) -> None:
    fitted = decide(Facts(now=NOW, is_window_open=True, given=content)).content
    if isinstance(fitted, MediaMessage):
        assert len(fitted.caption) <= 1024
        return
    assert isinstance(fitted, Text | Buttons | Choices | LocationRequest)
    assert 0 < len(fitted.body) <= (4096 if isinstance(fitted, Text) else 1024)
    if isinstance(fitted, Buttons):
        assert len({button.title for button in fitted.buttons}) == len(fitted.buttons) <= 3
        assert all(0 < len(button.title) <= 20 for button in fitted.buttons)
    if isinstance(fitted, Choices):
        assert 0 < len(fitted.button) <= 20
        assert len(fitted.rows) <= 10
        assert all(0 < len(row.title) <= 24 and len(row.description) <= 72 for row in fitted.rows)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), anything))
def test_a_filled_template_always_fits(values: dict[str, str]) -> None:
    approved = Approved("APPROVED", "t", "en", "{{a}} and {{b}}, {{c}} and {{a}}.", ["a", "b", "c"])
    plan = decide(Facts(now=NOW, wordings=(Wording("", approved=approved),), values=values))
    assert plan.verdict == Verdict.TEMPLATE
    assert len(plan.text) <= 1024
    assert isinstance(plan.content, Template)
    for value in plan.content.parameters.values():
        assert value
        assert not any(bad in value for bad in ("\n", "\t", "\r", "    "))


def test_every_reason_has_words_for_people() -> None:
    codes = [value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)]
    assert sorted(codes) == sorted(reasons.REASONS)
    assert all(len(reasons.sentence(code)) > 40 and reasons.label(code) != code for code in codes)
