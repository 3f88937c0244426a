"""A decider with a new phone is asked there again; one whose phone is doubtful is named as such."""

import pytest

from apps.approvals import queries
from apps.approvals.models import Seat
from apps.contacts import services as contacts
from apps.journal import reactor, sealer
from apps.journal.actors import SYSTEM
from apps.outbox.models import OutboundMessage
from tests.approvals.house import House, decide
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def react() -> None:
    sealer.seal_pending()
    reactor.run_all()


def asked_at(contact: object) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(contact=contact, kind__startswith="request.asked"))


def test_whoever_moves_to_a_new_phone_is_asked_there_with_buttons_of_their_own() -> None:
    house = House()
    house.ask()
    old = house.caio.contacts.get()
    assert len(asked_at(old)) == 1
    react()
    stranger = make_contact(phone="+5511911112222", consents=())
    contacts.link(contact=stranger, employee=house.caio, by=SYSTEM)
    react()
    react()
    (question,) = asked_at(stranger)
    assert question.minted_buttons.count() == 2


def test_a_link_with_nothing_open_or_decided_already_asks_nothing() -> None:
    house = House()
    decide(house.ask("78.00"), house.caio)
    stranger = make_contact(phone="+5511911112222", consents=())
    contacts.link(contact=stranger, employee=house.caio, by=SYSTEM)
    react()
    assert asked_at(stranger) == []
    assert Seat.objects.exists()


def test_linking_the_same_address_again_asks_nothing_twice() -> None:
    house = House()
    house.ask()
    contact = house.caio.contacts.get()
    contacts.link(contact=contact, employee=house.caio, by=SYSTEM)
    react()
    assert len(asked_at(contact)) == 1


def test_a_lost_phone_is_said_where_people_look_for_the_decider() -> None:
    house = House()
    request = house.ask()
    assert queries.deciders_now(request) == ["Caio"]
    contacts.report_lost(contact=house.caio.contacts.get(), by=SYSTEM)
    (said,) = queries.deciders_now(request)
    assert said.startswith("Caio (")
    assert "portal" in said
