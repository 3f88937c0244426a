"""Every prompt fits what WhatsApp takes, in every language."""

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.forms import chat
from apps.forms.schema import FieldSpec, Option
from apps.providers.types import Buttons, Choices, Content, LocationRequest, Text

LANGUAGES = ["en", "pt-br", "es"]
KINDS = ["text", "number", "money", "date", "choice", "yesno", "photo", "document", "location"]


def assert_fits(content: Content) -> None:
    """Meta's limits, interactive messages."""
    assert isinstance(content, Text | Buttons | Choices | LocationRequest)
    assert 1 <= len(content.body) <= 1024
    if isinstance(content, Buttons):
        titles = [button.title for button in content.buttons]
        assert 1 <= len(titles) <= 3
        assert len(set(titles)) == len(titles)
        assert all(1 <= len(title) <= 20 for title in titles)
        assert all(1 <= len(button.id) <= 200 and button.id == button.id.strip() for button in content.buttons)
    if isinstance(content, Choices):
        assert 1 <= len(content.rows) <= 10
        assert 1 <= len(content.button) <= 20
        assert all(
            1 <= len(row.title) <= 24 and len(row.description) <= 72 and len(row.id) <= 200 for row in content.rows
        )
        assert len({row.id for row in content.rows}) == len(content.rows)


def ask(language: str = "en", **values: Any) -> chat.Ask:
    return chat.Ask(language=language, payload=lambda option: f"d.123456789.{'k' * 40}.{option}", **values)


options = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs"]), min_size=1, max_size=90),
                   min_size=1, max_size=40)  # fmt: skip


@settings(max_examples=150)
@given(
    kind=st.sampled_from(KINDS), labels=options, language=st.sampled_from(LANGUAGES), required=st.booleans(),
    back=st.booleans(), received=st.integers(0, 5), settled=st.booleans(), offset=st.integers(0, 60),
    notice=st.text(max_size=400), question=st.text(min_size=1, max_size=700),
)  # fmt: skip
def test_every_prompt_fits(
    kind: str, labels: list[str], language: str, required: bool, back: bool, received: int, settled: bool, offset: int,
    notice: str, question: str,
) -> None:  # fmt: skip
    field = FieldSpec(
        "k" * 40, kind, {"en": question}, is_required=required, limits={"currency": "BRL", "max_files": 5},
        choices=tuple(Option(f"o{n}", {"en": label}) for n, label in enumerate(labels)),
    )  # fmt: skip
    moment = ask(language, notice=notice, can_go_back=back, received=received, offset=offset, is_settled=settled)
    assert_fits(chat.question(field, moment))


def choice(*labels: str, **values: Any) -> FieldSpec:
    return FieldSpec(
        "c",
        "choice",
        {"en": "Which?"},
        choices=tuple(Option(f"o{n}", {"en": x}) for n, x in enumerate(labels)),
        **values,
    )


def test_up_to_three_short_options_are_buttons_and_more_are_a_list() -> None:
    three = chat.question(choice("A", "B", "C"), ask())
    assert isinstance(three, Buttons)
    assert [button.title for button in three.buttons] == ["A", "B", "C"]
    assert "cancel" in three.body  # no room for the button: the word is named
    assert isinstance(chat.question(choice("A", "B", "C", "D"), ask()), Choices)
    assert isinstance(chat.question(choice("A", "an option of many characters"), ask()), Choices)


def test_titles_that_are_too_long_are_cut_and_told_apart() -> None:
    titled = [(f"o{n}", "The very same long beginning" + "!" * n) for n in range(3)]
    assert_fits(chat.buttons_of("Which?", titled, lambda option: option))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_control_has_a_short_title_of_its_own(language: str) -> None:
    names = [chat.BACK, chat.CANCEL, chat.SKIP, chat.DONE, chat.SEND, chat.TODAY, chat.MORE]
    with translation.override(language):
        titles = [chat.title_of(name) for name in names]
    assert len(set(titles)) == len(names)
    assert all(len(title) <= chat.BUTTON for title in titles)


def test_a_long_list_is_walked_through_completely_and_round() -> None:
    field = choice(*[f"Option {n}" for n in range(30)])
    seen: set[str] = set()
    offset = 0
    for _page in range(10):
        content = chat.question(field, ask(offset=offset, can_go_back=True))
        assert isinstance(content, Choices)
        names = [row.id.rsplit(".", 1)[1] for row in content.rows]
        assert names[-2:] == ["!back", "!cancel"]
        seen.update(name for name in names if not name.startswith("!"))
        offset = int(next(name for name in names if name.startswith("!more")).removeprefix("!more"))
        if offset == 0:
            break
    assert len(seen) == 30


@pytest.mark.parametrize("kind", ["text", "number", "money", "date", "photo", "document"])
def test_an_optional_question_can_be_skipped_and_every_one_left(kind: str) -> None:
    field = FieldSpec("x", kind, {"en": "?"}, is_required=False, limits={"currency": "BRL"})
    content = chat.question(field, ask(can_go_back=True))
    assert isinstance(content, Buttons)
    reachable = " ".join([*(button.title.lower() for button in content.buttons), content.body.lower()])
    assert all(word in reachable for word in ("skip", "back", "cancel"))


def test_a_location_is_asked_with_whatsapps_own_button() -> None:
    assert isinstance(chat.question(FieldSpec("x", "location", {"en": "Where?"}), ask()), LocationRequest)


def test_an_album_is_answered_with_its_count() -> None:
    field = FieldSpec("x", "photo", {"en": "Photos?"}, limits={"max_files": 5})
    content = chat.question(field, ask(received=3, is_settled=True))
    assert isinstance(content, Buttons)
    assert content.body.startswith("3 photos received. Send more or tap *Done*.")
    assert content.buttons[0].id.endswith(".!done")
