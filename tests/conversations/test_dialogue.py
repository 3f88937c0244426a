"""Whole walks through forms, as people really answer."""

from typing import Any

import pytest

from apps.conversations import dialogue
from apps.conversations.models import Dialogue
from apps.conversations.targets import Opening
from apps.core.errors import InvalidInputError
from apps.forms import services as forms
from apps.forms.models import Submission
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.providers.types import Buttons, LocationRequest
from apps.timers import sweeper
from tests.conftest import Clock
from tests.conversations.talk import Phone
from tests.factories import make_form

pytestmark = pytest.mark.django_db

REPORT: dict[str, Any] = {
    "name": {"en": "Report"},
    "fields": [
        {"key": "what", "kind": "text", "question": {"en": "What is wrong?", "pt-br": "O que houve?"}},
        {
            "key": "photos",
            "kind": "photo",
            "question": {"en": "Photos?"},
            "is_required": False,
            "limits": {"max_files": 5},
        },
        {"key": "where", "kind": "location", "question": {"en": "Where?"}, "is_required": False},
    ],
}
REASON: dict[str, Any] = {"fields": [{"key": "reason", "kind": "text", "question": {"en": "Why not?"}}]}


def settle(clock: Clock, seconds: float = 4) -> None:
    clock.wind(seconds)
    sweeper.sweep()


def test_a_report_is_walked_through_with_text_three_photos_and_a_location(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    assert "What is wrong?" in phone.said
    phone.text("The tap drips")
    assert "up to 5 photos" in phone.said
    for _n in range(3):
        phone.photo()
    settle(clock)
    assert phone.said == "3 photos received. Send more or tap *Done*."
    phone.tap("!done")
    assert isinstance(phone.content, LocationRequest)
    phone.place()
    assert "Please check and send" in phone.said
    assert "3 photos" in phone.said
    done = phone.tap("!send")
    assert done is not None
    assert done.answers["what"] == "The tap drips"
    assert len(done.answers["photos"]) == 3
    assert done.answers["where"]["latitude"] == -23.55
    assert phone.dialogue.state == Dialogue.State.DONE
    assert {"dialogue.opened", "dialogue.finished"} <= set(Entry.objects.values_list("name", flat=True))


def test_an_expense_is_walked_through_in_portuguese_and_kept_as_a_submission(clock: Clock) -> None:
    form = make_form(
        "",
        {"key": "amount", "kind": "money", "limits": {"currency": "BRL"}},
        {"key": "receipt", "kind": "photo", "limits": {"max_files": 1}},
        {"key": "what", "kind": "text"},
    )
    phone = Phone("pt-br")
    version = forms.freeze(form=form)
    phone.open({}, form_version=version)
    phone.text("R$ 1.780,50")
    phone.photo()  # a single photo is wanted, so nobody has to tap Done
    phone.text("Táxi para o cliente")
    assert "R$ 1.780,50" in phone.said
    done = phone.tap("!send")
    assert done is not None
    assert done.submission == Submission.objects.get()
    assert done.submission.by == phone.employee
    assert done.answers["amount"] == "1780.50"


def test_three_photos_of_an_album_are_answered_once(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    before = len(phone.outbox)
    for _n in range(3):
        phone.photo()
        clock.wind(1)
        sweeper.sweep()
    assert len(phone.outbox) == before
    settle(clock)
    settle(clock)
    assert len(phone.outbox) == before + 1


def test_a_photo_with_a_caption_answers_a_text_question_and_is_kept_for_its_own(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.photo("The tap drips")
    phone.photo()
    settle(clock)
    assert "2 photos received" in phone.said
    phone.text("listo")
    assert phone.dialogue.answers["what"] == "The tap drips"
    assert len(phone.dialogue.answers["photos"]) == 2


def test_the_tail_of_an_album_after_a_hasty_done_is_not_lost(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    phone.photo()
    settle(clock)
    phone.tap("!done")
    phone.photo()
    settle(clock)
    assert "1 file added" in phone.said
    assert len(phone.dialogue.answers["photos"]) == 2
    assert phone.dialogue.step == "where"


def test_photos_beyond_the_limit_are_named_and_not_taken(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    for _n in range(7):
        phone.photo()
    settle(clock)
    assert "2 files found no room" in phone.said
    assert len(phone.dialogue.answers["photos"]) == 5


def test_back_asks_the_question_before_and_keeps_what_was_answered() -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    phone.tap("!skip")
    phone.text("voltar")
    phone.text("back")
    assert "What is wrong?" in phone.said
    phone.text("atrás")
    assert "first question" in phone.said
    phone.text("It floods")
    assert isinstance(phone.content, LocationRequest)  # straight to what is still unanswered
    assert phone.dialogue.answers == {"what": "It floods", "photos": None}


def test_back_from_the_check_changes_the_last_answer() -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    phone.text("pular")
    phone.text("skip")
    assert "check and send" in phone.said
    phone.tap("!back")
    phone.place(1, 2)
    assert "1.00000, 2.00000" in phone.said


def test_skip_is_refused_where_an_answer_is_needed() -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("skip")
    assert phone.said.startswith("An answer is needed here.")
    assert "What is wrong?" in phone.said


def test_cancel_by_word_and_by_button_throws_the_draft_away() -> None:
    for word in (True, False):
        phone = Phone()
        phone.open(REPORT)
        phone.text("Cancelar") if word else phone.tap("!cancel")
        assert phone.dialogue.state == Dialogue.State.CANCELLED
        assert phone.said.startswith("Cancelled.")
        assert dialogue.current(phone.conversation) is None


@pytest.mark.parametrize("kind", ["audio", "video", "sticker", "contacts", "unsupported", "order"])
def test_what_cannot_be_an_answer_is_refused_with_a_reason_and_the_question(kind: str) -> None:
    phone = Phone()
    phone.open(REPORT)
    phone._send(kind=kind)
    assert phone.said.startswith("I cannot use")
    assert "What is wrong?" in phone.said
    assert phone.dialogue.answers == {}


def test_a_thumbs_up_is_no_answer_and_gets_none() -> None:
    phone = Phone()
    phone.open(REPORT)
    before = len(phone.outbox)
    phone._send(kind="reaction", text="👍")
    assert len(phone.outbox) == before


def test_a_file_that_could_not_be_fetched_is_asked_for_again() -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    phone._send(kind="image")
    assert "could not be fetched" in phone.said


def test_a_wrong_answer_is_asked_again_with_its_reason() -> None:
    phone = Phone()
    phone.open(
        {"fields": [{"key": "a", "kind": "money", "question": {"en": "How much?"}, "limits": {"currency": "BRL"}}]}
    )
    phone.text("a lot")
    assert "not an amount" in phone.said
    assert "How much?" in phone.said


def test_a_tap_on_an_older_question_changes_nothing_and_shows_the_present_one() -> None:
    phone = Phone()
    phone.open({"fields": [{"key": k, "kind": "yesno", "question": {"en": f"{k}?"}} for k in "abc"]})
    old = phone.payloads()
    phone.tap("yes")
    answers = phone.dialogue.answers
    phone.tap(old[1])
    assert "earlier question" in phone.said
    assert "b?" in phone.said
    assert (phone.dialogue.answers, phone.dialogue.step) == (answers, "b")


@pytest.mark.parametrize(
    "payload", ["d.999999.a.yes", "d.x", "d.1.2", "d.٣.a.yes", "m.1", "b1.foo", "", "d.{}.a.!more99999999"]
)
def test_a_foreign_or_forged_tap_changes_nothing(payload: str) -> None:
    phone = Phone()
    opened = phone.open({"fields": [{"key": k, "kind": "yesno", "question": {"en": f"{k}?"}} for k in "ab"]})
    phone._send(
        kind="tap",
        tapped=__import__("apps.providers.types", fromlist=["x"]).Tapped(payload.format(opened.pk), "", "button"),
    )
    assert phone.dialogue.answers == {}
    assert "a?" in phone.said


def test_a_tap_on_somebody_elses_dialogue_learns_nothing() -> None:
    owner, other = Phone(), Phone()
    owner.open({"fields": [{"key": k, "kind": "yesno", "question": {"en": f"{k}?"}} for k in "ab"]})
    other.tap(owner.payloads()[0])
    assert owner.dialogue.answers == {}
    assert "earlier question" in other.said


def test_one_question_needs_no_check() -> None:
    phone = Phone()
    phone.open(REASON, target="approvals.reject_reason", argument="7")
    done = phone.text("Too expensive")
    assert done is not None
    assert (done.target, done.argument, done.answers) == ("approvals.reject_reason", "7", {"reason": "Too expensive"})


def test_a_condition_adds_its_question_only_when_it_holds() -> None:
    schema = {
        "fields": [
            {"key": "amount", "kind": "money", "question": {"en": "How much?"}, "limits": {"currency": "BRL"}},
            {"key": "why", "kind": "text", "question": {"en": "Why so much?"},
             "condition": {"field": "amount", "op": "gt", "value": 500}},
        ]
    }  # fmt: skip
    cheap, dear = Phone(), Phone()
    cheap.open(schema)
    cheap.text("80")
    assert "check and send" in cheap.said
    dear.open(schema)
    dear.text("780")
    assert "Why so much?" in dear.said
    dear.text("Glass")
    dear.tap("!back")
    dear.text("back")
    dear.text("80")  # now it is hidden: its answer is not sent
    done = dear.tap("!send")
    assert done is not None
    assert done.answers == {"amount": "80.00"}


# --- time -------------------------------------------------------------------------------------------------------------


def test_half_an_hour_of_silence_pauses_it_keeps_the_draft_and_says_so_once(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    settle(clock, 29 * 60)
    assert phone.dialogue.state == Dialogue.State.OPEN
    settle(clock, 61)
    settle(clock, 3600)
    assert phone.dialogue.state == Dialogue.State.PAUSED
    assert [row.text for row in phone.outbox].count(phone.said) == 1
    assert "kept what you wrote" in phone.said
    assert isinstance(phone.content, Buttons)


def test_a_paused_draft_is_taken_up_where_it_stopped(clock: Clock) -> None:
    phone = Phone()
    opened = phone.open(REPORT)
    phone.text("Drip")
    old = phone.payloads()[0]
    settle(clock, 31 * 60)
    phone.tap(old)  # the button of the last prompt still works as a way back, and answers nothing
    assert phone.dialogue.state == Dialogue.State.OPEN
    assert phone.said.startswith("Let us go on")
    assert phone.dialogue.answers == {"what": "Drip"}
    phone.text("skip")
    phone.text("skip")
    assert phone.tap("!send") is not None
    assert Dialogue.objects.filter(conversation=phone.conversation).get() == opened


def test_an_answer_puts_the_timeout_off(clock: Clock) -> None:
    phone = Phone()
    phone.open(REPORT)
    settle(clock, 20 * 60)
    phone.text("Drip")
    settle(clock, 20 * 60)
    assert phone.dialogue.state == Dialogue.State.OPEN


def test_a_timeout_that_comes_too_early_changes_nothing() -> None:
    phone = Phone()
    dialogue.time_out(dialogue_id=phone.open(REPORT).pk, cause="t1")
    assert phone.dialogue.state == Dialogue.State.OPEN


def test_a_tap_after_the_end_is_answered_and_does_nothing() -> None:
    phone = Phone()
    phone.open(REPORT)
    phone.text("Drip")
    phone.text("skip")
    phone.text("skip")
    send = next(payload for payload in phone.payloads() if payload.endswith("!send"))
    assert phone.tap(send) is not None
    assert phone.tap(send) is None
    assert "sent this already" in phone.said


# --- once -------------------------------------------------------------------------------------------------------------


def test_a_message_taken_up_twice_moves_and_says_nothing_more() -> None:
    phone = Phone()
    phone.open({"fields": [{"key": k, "kind": "text", "question": {"en": f"{k}?"}} for k in "abc"]})
    phone.text("one")
    before = (phone.dialogue.answers, phone.dialogue.step, len(phone.outbox))
    phone.replay()
    assert (phone.dialogue.answers, phone.dialogue.step, len(phone.outbox)) == before


def test_a_second_dialogue_pauses_the_first_and_a_fresh_start_drops_the_old_draft() -> None:
    phone = Phone()
    first = phone.open(REPORT, target="a")
    second = phone.open(REASON, target="b")
    first.refresh_from_db()
    assert (first.state, second.state) == (Dialogue.State.PAUSED, Dialogue.State.OPEN)
    phone.open(REPORT, target="a")
    first.refresh_from_db()
    assert first.state == Dialogue.State.CANCELLED
    assert Dialogue.objects.filter(conversation=phone.conversation, state="open").count() == 1


def test_a_form_that_a_chat_may_not_ask_is_refused_with_the_reason() -> None:
    phone = Phone()
    sensitive = {"fields": [{"key": "iban", "kind": "text", "question": {"en": "IBAN?"}, "is_sensitive": True}]}
    for schema in (sensitive, {"fields": []}):
        with pytest.raises(InvalidInputError):
            dialogue.open_dialogue(speaker=phone.speaker, opening=Opening("t", schema=schema), caused_by=None)
    assert not Dialogue.objects.exists()


def test_free_text_of_a_draft_stands_in_no_journal_entry() -> None:
    phone = Phone()
    phone.open(REASON)
    phone.text("A very private reason")
    entries = Entry.objects.all()
    assert entries.exists()
    assert all("private" not in f"{entry.before}{entry.after}" for entry in entries)


def test_the_key_of_the_present_prompt_is_known_for_quotations() -> None:
    phone = Phone()
    phone.open(REPORT)
    assert OutboundMessage.objects.get(key=phone.dialogue.prompt_key) == phone.outbox[-1]
