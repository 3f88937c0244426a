"""The menu and its sub-menus, from the first word to the domain."""

from collections.abc import Sequence

import pytest

from apps.conversations import dialogue, menu, services
from apps.conversations.models import Dialogue, MenuItem
from apps.conversations.targets import Choice, Opening, Reply, Speaker, Target, targets
from apps.core.errors import NotPermittedError
from apps.providers.types import Choices
from tests import registries
from tests.conversations.talk import Phone
from tests.forms.test_chat_face import assert_fits

pytestmark = pytest.mark.django_db

SCHEMA = {"name": {"en": "Report", "pt-br": "Relato"},
          "fields": [{"key": k, "kind": "text", "question": {"en": f"{k}?"}} for k in "ab"]}  # fmt: skip


class Pretend(Target):
    """A target with nested choices, as categories are."""

    name = "test.report"
    label = "Report"
    tree = {"": ["1", "2"], "1": ["11"], "many": [str(n) for n in range(100, 125)]}

    def choices(self, speaker: Speaker, argument: str) -> Sequence[Choice]:
        return [Choice(key, f"Category {key}") for key in self.tree.get(argument, ())]

    def start(self, speaker: Speaker, argument: str) -> Reply:
        if argument == "2":
            raise NotPermittedError("Not for you.")
        return Reply(text=f"Report on {argument}.", opens=Opening(self.name, argument, SCHEMA))


class Same(Target):
    """A target that offers the same choices whatever was chosen."""

    name = "test.same"

    def choices(self, speaker: Speaker, argument: str) -> Sequence[Choice]:
        return [Choice("x", "X")]

    def start(self, speaker: Speaker, argument: str) -> Reply:
        return Reply(text=f"Started {argument}")


@pytest.fixture(autouse=True)
def known_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    registries.add(monkeypatch, targets, "test.report", Pretend())
    registries.add(monkeypatch, targets, "test.same", Same())


def item(target: str = "test.report", label: str = "Report a problem", **values: object) -> MenuItem:
    return MenuItem.objects.create(target=target, label={"en": label, "pt-br": "Relatar um problema"}, **values)


def show(phone: Phone) -> None:
    message, _event, _files = phone.record(text="menu")
    menu.show(speaker=phone.speaker, caused_by=message)


def choose(phone: Phone, payload: str) -> Reply | None:
    message, _event, _files = phone.record(kind="tap")
    reply = menu.choose(payload=payload, speaker=phone.speaker, caused_by=message)
    if reply is not None:
        services.deliver(speaker=phone.speaker, reply=reply, caused_by=message, key=f"in:{message.pk}")
    return reply


def titles(phone: Phone) -> list[str]:
    assert isinstance(phone.content, Choices)
    assert_fits(phone.content)
    return [row.title for row in phone.content.rows]


def test_the_menu_speaks_the_persons_language_and_hides_what_leads_nowhere() -> None:
    item()
    item("gone.target", "Gone")
    item("test.same", "Hidden", is_shown=False)
    phone = Phone("pt-br", name="Ana Souza")
    show(phone)
    assert titles(phone) == ["Relatar um problema"]
    assert "Ana" in phone.said


def test_an_empty_menu_says_so() -> None:
    phone = Phone()
    show(phone)
    assert "nothing on the menu" in phone.said


def test_a_row_leads_through_nested_choices_to_its_target() -> None:
    row = item()
    phone = Phone()
    choose(phone, f"m.{row.pk}")
    assert titles(phone) == ["Category 1", "Category 2"]
    choose(phone, phone.payloads()[0])
    assert titles(phone) == ["Category 11"]
    choose(phone, phone.payloads()[0])
    assert phone.said.startswith("Report on 11.")
    assert phone.dialogue.argument == "11"


def test_a_target_that_always_offers_the_same_choices_still_starts() -> None:
    row = item("test.same", "Same")
    phone = Phone()
    choose(phone, f"m.{row.pk}.x")
    assert phone.said == "Started x"


def test_a_refusal_of_the_domain_is_told_in_its_sentence() -> None:
    row = item()
    phone = Phone()
    choose(phone, f"m.{row.pk}.2")
    assert phone.said == "Not for you."


@pytest.mark.parametrize("payload", ["m.999", "m.", "m.x", "m.1.2.3.4.5.6.7", "m.continue.5", "m.continue.x", "m.continue",
                                     "m.more.x", "m.more.99999", "m.more.0.999", "m.٣", "m.{}.nothing", "m.{}.1.nothing"])  # fmt: skip
def test_an_old_or_forged_row_shows_the_present_menu(payload: str) -> None:
    row = item()
    phone = Phone()
    choose(phone, payload.format(row.pk))
    assert "Report a problem" in titles(phone)
    assert not Dialogue.objects.exists()


def test_a_long_menu_is_walked_through_by_its_last_row() -> None:
    for n in range(25):
        item(label=f"Row {n}")
    phone = Phone()
    show(phone)
    seen: list[str] = []
    for _page in range(3):
        page = titles(phone)
        seen += page[:-1]
        assert page[-1] == "More…"
        choose(phone, phone.payloads()[-1])
    assert seen == [f"Row {n}" for n in range(25)]
    assert titles(phone)[0] == "Row 0"


def test_a_long_sub_menu_is_walked_through_too() -> None:
    row = item(argument="many")
    phone = Phone()
    choose(phone, f"m.{row.pk}")
    choose(phone, phone.payloads()[-1])
    assert titles(phone)[0] == "Category 109"
    choose(phone, phone.payloads()[0])
    assert phone.dialogue.argument == "109"


def test_the_words_of_a_row_may_be_typed_in_any_language() -> None:
    item()
    phone = Phone()
    reply = menu.by_label(text="relatar um PROBLEMA!", speaker=phone.speaker)
    assert reply is not None
    assert reply.content is not None
    assert menu.by_label(text="something else", speaker=phone.speaker) is None
    assert menu.by_label(text="!", speaker=phone.speaker) is None


def test_the_menu_in_the_middle_of_a_form_keeps_the_draft_and_offers_to_go_on() -> None:
    row = item()
    phone = Phone()
    choose(phone, f"m.{row.pk}.1.11")
    phone.text("half an answer")
    show(phone)
    assert phone.dialogue.state == Dialogue.State.PAUSED
    assert titles(phone) == ["Continue", "Report a problem"]
    assert choose(phone, phone.payloads()[0]) is None
    assert phone.dialogue.state == Dialogue.State.OPEN
    assert phone.dialogue.answers == {"a": "half an answer"}
    assert "b?" in phone.said


def test_nobody_continues_the_draft_of_another() -> None:
    row = item()
    owner, other = Phone(), Phone()
    choose(owner, f"m.{row.pk}.1.11")
    dialogue.pause(dialogue=owner.dialogue)
    choose(other, f"m.continue.{owner.dialogue.pk}")
    assert owner.dialogue.state == Dialogue.State.PAUSED
    assert "no longer there" in other.said
