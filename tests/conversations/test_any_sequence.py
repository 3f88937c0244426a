"""Whatever people send in whatever order: no crash, one open dialogue, nothing lost, nothing that does not fit."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations import dialogue
from apps.conversations.models import Dialogue
from apps.core import clock as core_clock
from apps.providers.types import from_json
from apps.timers import sweeper
from apps.timers.models import Timer
from tests.conversations.talk import Phone
from tests.forms.test_chat_face import assert_fits

pytestmark = pytest.mark.django_db

SCHEMA: dict[str, Any] = {
    "name": {"en": "Everything"},
    "fields": [
        {"key": "what", "kind": "text", "question": {"en": "What?"}},
        {"key": "kind", "kind": "choice", "question": {"en": "Kind?"},
         "choices": [{"key": f"k{n}", "label": {"en": f"Kind {n}"}} for n in range(4)]},
        {"key": "amount", "kind": "money", "question": {"en": "How much?"}, "limits": {"currency": "BRL"}},
        {"key": "dear", "kind": "yesno", "question": {"en": "Sure?"}, "condition": {"field": "amount", "op": "gt", "value": 500}},
        {"key": "photos", "kind": "photo", "question": {"en": "Photos?"}, "is_required": False, "limits": {"max_files": 3}},
        {"key": "paper", "kind": "document", "question": {"en": "Paper?"}, "is_required": False, "limits": {"max_files": 1}},
        {"key": "where", "kind": "location", "question": {"en": "Where?"}, "is_required": False},
        {"key": "day", "kind": "date", "question": {"en": "When?"}, "is_required": False},
    ],
}  # fmt: skip

moves = st.one_of(
    st.tuples(st.just("text"), st.sampled_from(["back", "skip", "done", "yes", "hoje", "780", "80", "Kind 2", "send", "x" * 3000]) | st.text(max_size=20)),
    st.tuples(st.just("tap"), st.integers(0, 9)),
    st.tuples(st.just("old tap"), st.integers(0, 200)),
    st.tuples(st.just("photo"), st.sampled_from(["", "a caption"])),
    st.tuples(st.just("place"), st.just(0)),
    st.tuples(st.just("kind"), st.sampled_from(["audio", "sticker", "reaction", "image", "unsupported"])),
    st.tuples(st.just("replay"), st.just(0)),
    st.tuples(st.just("settle"), st.just(0)),
    st.tuples(st.just("open"), st.sampled_from("ab")),
)  # fmt: skip


def kept(answers: dict[str, Any]) -> set[int]:
    """Photos of the draft, finished or not."""
    return {*(answers.get("photos") or ()), *(answers.get("+photos") or ())}


class Model:
    """The phone plus what must stay true."""

    def __init__(self) -> None:
        self.phone = Phone()
        self.phone.open(SCHEMA, target="a")
        self.old: list[str] = self.phone.payloads()

    def do(self, what: str, value: Any) -> None:
        phone = self.phone
        before = self.answers()
        if what == "text":
            phone.text(value)
        elif what == "tap" and phone.payloads():
            payloads = phone.payloads()
            phone.tap(payloads[value % len(payloads)])
        elif what == "old tap":
            phone.tap(self.old[value % len(self.old)])
        elif what == "photo":
            phone.photo(value)
        elif what == "place":
            phone.place()
        elif what == "kind":
            phone._send(kind=value)
        elif what == "replay" and phone.last:
            sent = len(phone.outbox)
            phone.replay()
            assert len(phone.outbox) == sent
        elif what == "settle":
            Timer.objects.filter(state="set", handler=dialogue.ALBUM_TIMER).update(
                due_at=core_clock.now() - timedelta(seconds=1)
            )
            sweeper.sweep()
        elif what == "open":
            phone.open(SCHEMA, target=value)
            return
        self.old += phone.payloads()
        self.check(before)

    def answers(self) -> tuple[int, dict[str, Any]]:
        row = self.phone.dialogue
        return row.pk, dict(row.answers)

    def check(self, before: tuple[int, dict[str, Any]]) -> None:
        rows = Dialogue.objects.filter(conversation=self.phone.conversation)
        assert rows.filter(state="open").count() <= 1
        row = self.phone.dialogue
        if row.pk == before[0] and row.state in {"open", "paused"}:
            for key, value in before[1].items():  # answered stays answered, unless the final check found it wanting
                if not key.startswith(("!", "+")) and value not in (None, []):
                    assert row.answers.get(key) or row.answers.get(f"+{key}"), key
            assert kept(before[1]) <= kept(row.answers)
        if row.state == "open":
            assert row.step == "!check" or row.step in {field["key"] for field in SCHEMA["fields"]}
        for message in self.phone.outbox[-1:]:
            assert_fits(from_json(message.content))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(moves, max_size=25))
def test_no_sequence_breaks_a_dialogue(sequence: list[tuple[str, Any]]) -> None:
    model = Model()
    for what, value in sequence:
        model.do(what, value)
    assert not Timer.objects.filter(state="failed").exists()
