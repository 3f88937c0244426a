from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contacts.models import Contact
from apps.core.errors import MoveNotAllowedError
from apps.outbox import buttons, services
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import Button
from apps.outbox.sending import dispatcher, sweeper
from tests.conftest import Clock
from tests.outbox.conftest import YES_NO, Say
from tests.outbox.graph import Graph

pytestmark = pytest.mark.django_db


@pytest.fixture
def button(ana: Contact, say: Say) -> Button:
    message = say(ana, kind="test.asked", buttons=YES_NO, subject=ana)
    found = message.minted_buttons.order_by("id").first()
    assert found is not None
    return found


def test_a_button_is_bound_to_its_person_subject_and_deadline(ana: Contact, say: Say, clock: Clock) -> None:
    spec = ButtonSpec("yes", "test.yes", version=3, data={"a": 1}, title="Sure")
    message = say(ana, kind="test.asked", buttons=[spec], subject=ana)
    row = message.minted_buttons.get()
    assert (row.contact, row.employee, row.target, row.subject_version) == (ana, ana.employee, "test.yes", 3)
    assert (row.subject_type, row.subject_id, row.data) == ("contacts.contact", str(ana.pk), {"a": 1})
    assert abs(row.expires_at - row.created_at - spec.expires_in) < timedelta(seconds=1)
    assert message.content["buttons"][0]["title"] == "Sure"


def test_a_payload_finds_its_row_and_fits_every_carrier(button: Button) -> None:
    payload = buttons.payload(button)
    assert len(payload) <= 200
    assert buttons.find(payload) == button


def test_a_forged_payload_finds_nothing(button: Button) -> None:
    payload = buttons.payload(button)
    head, _dot, signature = payload.rpartition(".")
    other = Button.objects.exclude(pk=button.pk).first()
    assert other is not None
    swapped = payload.replace(f"b1.{buttons.base36(button.pk)}.", f"b1.{buttons.base36(other.pk)}.")
    for forged in (head + "." + signature[::-1], swapped, payload + "0", payload[:-1], head, "b1.1.2", "b1...", ""):
        assert buttons.find(forged) is None


@given(st.text(max_size=250))
def test_no_text_breaks_the_search(text: str) -> None:
    assert buttons.find("b1." + text) is None


def test_a_button_is_used_once(button: Button) -> None:
    locked = services.lock_button(button)
    services.use_button(button=locked)
    assert Button.objects.get(pk=button.pk).used_at is not None
    with pytest.raises(MoveNotAllowedError):
        services.use_button(button=services.lock_button(button))


def test_every_try_carries_the_same_single_use_buttons(graph: Graph, ana: Contact, say: Say, clock: Clock) -> None:
    graph.lose_answers()
    message = say(ana, kind="test.asked", buttons=YES_NO)
    dispatcher.run()
    clock.wind(61)
    sweeper.sweep()
    dispatcher.run()
    first, second = (body["interactive"]["action"]["buttons"] for body in graph.accepted)
    assert first == second
    assert message.minted_buttons.count() == 2
