"""The order of the steps is the rule: what beats what when a message could mean two things."""

import pytest

from apps.contacts.models import Preference
from apps.conversations.models import Dialogue, MenuItem
from apps.core.errors import InvalidInputError
from apps.inbox import processing
from apps.inbox.models import InboundEvent
from apps.incidents import services as incidents
from apps.incidents.models import Ticket
from apps.outbox.models import OutboundMessage
from apps.providers.models import Number
from tests.chat import Chat
from tests.conftest import Clock
from tests.factories import make_category, make_contact, make_employee, make_form, make_number, make_team
from tests.webhooks import button_reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def number() -> Number:
    return make_number(is_default=True)


@pytest.fixture
def ana(number: Number) -> Chat:
    return Chat(number, make_contact(make_employee("Ana", phone="+5511987654321", language="es")))


def start(ana: Chat, *fields: dict[str, object]) -> None:
    """Ana opens the only form of the only category."""
    responder = make_employee("Bia")
    make_contact(responder)
    category = make_category(make_team(members=[responder]), form=make_form("problem", *fields))
    MenuItem.objects.create(target="incidents.report", label={"en": "Report", "es": "Avisar"})
    ana.say("menu")
    ana.tap("Avisar")
    if not Dialogue.objects.exists():
        ana.tap(category.name["en"])


LEVELS = {
    "key": "level", "kind": "choice",
    "choices": [{"key": "high", "label": {"en": "High", "es": "Alto"}}, {"key": "low", "label": {"en": "Low", "es": "Bajo"}}],
}  # fmt: skip


def test_a_stop_word_that_is_an_offered_option_is_an_answer(ana: Chat) -> None:
    start(ana, LEVELS, {"key": "what", "kind": "text"})
    ana.say("alto")
    assert Dialogue.objects.get().answers == {"level": "high"}
    assert not Preference.objects.filter(is_stopped=True).exists()


def test_the_same_word_stops_when_nothing_of_that_name_is_offered(ana: Chat) -> None:
    start(ana, {"key": "what", "kind": "text"}, LEVELS)
    ana.say("alto")
    assert Preference.objects.get().is_stopped


def test_a_refused_form_keeps_its_draft(ana: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_values: object) -> Ticket:
        raise InvalidInputError("Nobody answers this category.")

    start(ana, {"key": "what", "kind": "text"}, {"key": "more", "kind": "text"})
    ana.say("lamp")
    ana.say("it is dark")
    with monkeypatch.context() as patch:
        patch.setattr(incidents, "open_ticket", refuse)
        assert any("Nobody answers" in heard for heard in ana.tap("Enviar"))
    assert Dialogue.objects.get().state == "open"
    ana.tap("Enviar")
    assert Ticket.objects.count() == 1


def test_a_loose_line_after_a_report_belongs_to_it_but_a_menu_row_typed_does_not(ana: Chat) -> None:
    start(ana, {"key": "what", "kind": "text"})
    ana.say("lamp")
    ana.say("on the second floor")
    assert Ticket.objects.get().notes.get().text == "on the second floor"
    assert ana.say("Avisar")
    assert Ticket.objects.get().notes.count() == 1


def test_a_forged_button_decides_nothing(ana: Chat) -> None:
    start(ana, {"key": "what", "kind": "text"})
    ana.say("lamp")
    heard = ana.send(button_reply(ana.phone, "b1.1.abcdef.0000000000000000000000"))
    assert len(heard) == 1
    assert Ticket.objects.get().state == "new"


def test_an_answer_that_is_faster_than_the_receipt_of_what_it_quotes_waits_for_it(ana: Chat, clock: Clock) -> None:
    start(ana, {"key": "what", "kind": "text"})
    ana.say("The lamp is broken")
    ticket = Ticket.objects.get()
    told = OutboundMessage.objects.filter(kind="ticket.opened").latest("id")
    OutboundMessage.objects.filter(pk=told.pk).update(state=OutboundMessage.State.SENDING)
    ana.say("It smells, too", context={"id": "wamid.not-told-yet"})
    event = InboundEvent.objects.latest("id")
    assert (event.state, event.attempts) == (InboundEvent.State.PENDING, 1)
    OutboundMessage.objects.filter(pk=told.pk).update(state=OutboundMessage.State.SENT, remote_id="wamid.not-told-yet")
    clock.wind(2)
    processing.take_up()
    assert InboundEvent.objects.get(pk=event.pk).state == InboundEvent.State.DONE
    assert ticket.notes.filter(text="It smells, too").exists()
