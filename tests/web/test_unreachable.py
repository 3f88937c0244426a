"""People whom WhatsApp cannot reach hear by e-mail: deciders with a link to decide, requesters of the outcome."""

from typing import Any

import pytest
from django.core import mail

from apps.approvals.models import Decision
from apps.journal import reactor
from apps.journal.models import Entry
from apps.people import letters
from apps.people.models import Employee
from apps.web import mailing
from apps.web.models import Link
from tests.approvals.house import House, decide, react
from tests.factories import make_contact, make_employee
from tests.web.visitor import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def unreachable(house: House, **values: Any) -> Employee:
    """Ana's manager, with an e-mail address and without WhatsApp."""
    rui = make_employee("Rui", **{"phone": "", "email": "rui@aurora.example", "manager": house.boss, **values})
    house.ana.manager = rui
    house.ana.save()
    return rui


def test_a_decider_without_whatsapp_gets_the_link_by_mail_and_decides(house: House) -> None:
    unreachable(house)
    request = house.ask("80.00")
    react()
    assert letters.send_waiting(mailing.LINKS) == 1
    (letter,) = mail.outbox
    assert request.code in letter.subject
    assert "Taxi" not in str(letter.body)
    assert "80" not in letter.subject.replace(request.code, "")
    Visitor(Link.objects.get()).send(verdict="approve", confirmed="yes")
    assert Decision.objects.get().via == "link"


def test_a_decider_who_has_not_agreed_gets_it_too_and_one_who_is_asked_does_not(house: House) -> None:
    rui = unreachable(house, phone="+5511912345678")
    make_contact(rui, consents=())
    house.ask("80.00")
    react()
    assert Link.objects.get().why == "asked"
    house.ana.manager = house.caio
    house.ana.save()
    house.caio.email = "caio@aurora.example"
    house.caio.save()
    house.ask("80.00")
    react()
    assert Link.objects.count() == 1


def test_reacting_twice_makes_one_link_and_one_mail(house: House) -> None:
    unreachable(house)
    house.ask("80.00")
    react()
    entry = Entry.objects.filter(name="seat.taken").get()
    reactor.reactions["web.reactions.ask_by_mail_whom_whatsapp_cannot_reach"].handler(entry)
    assert Link.objects.count() == 1
    assert letters.send_waiting(mailing.LINKS) == 1


def test_without_an_address_or_a_mail_server_nothing_is_made(house: House, settings: Any) -> None:
    unreachable(house, email="")
    house.ask("80.00")
    react()
    settings.EMAIL_IS_SET_UP = False
    unreachable(house)
    house.ask("80.00")
    react()
    assert not Link.objects.exists()


def test_what_was_decided_before_the_reaction_is_not_mailed(house: House) -> None:
    rui = unreachable(house)
    request = house.ask("80.00")
    decide(request, rui, via="admin")
    react()
    assert not Link.objects.filter(why="asked").exists()


def test_a_requester_without_whatsapp_hears_the_outcome_by_mail(house: House) -> None:
    rui = make_employee("Rui", phone="", email="rui@aurora.example", manager=house.caio)
    request = house.ask("80.00", by=rui)
    react()
    assert not Link.objects.exists()
    decide(request, house.caio, "reject")
    react()
    assert letters.send_waiting(mailing.LINKS) == 1
    (letter,) = mail.outbox
    assert request.code in letter.subject
    assert "Too much" not in str(letter.body)
    assert "Already rejected by Caio" in Visitor(Link.objects.get()).see()
