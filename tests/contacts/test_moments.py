"""An address that changed hands: each person's timeline tells of the time when it was theirs."""

from datetime import timedelta

import pytest

from apps.contacts import services
from apps.contacts.models import Contact
from apps.core import clock as core_clock
from apps.outbox.models import OutboundMessage
from apps.people import timeline
from apps.people.models import Employee
from tests.conftest import Clock
from tests.factories import make_conversation, make_employee, make_message, make_user, the_number

pytestmark = pytest.mark.django_db


class Handset:
    """A phone that Ana has had, then Bia; each time the same things happen on it."""

    def __init__(self, clock: Clock) -> None:
        self.hr, self.clock = make_user("hr", is_superuser=True), clock
        self.contact = Contact.objects.create(phone="+5511911111111")
        self.conversation = make_conversation(self.contact)

    def goes_to(self, employee: Employee, words: str) -> None:
        self.clock.wind(60)
        self.contact = services.link(contact=self.contact, employee=employee, by=self.hr)
        self.clock.wind(60)
        self.is_used(words)

    def is_used(self, words: str) -> None:
        services.stop(contact=self.contact, wording="STOP", proof="wamid")
        services.start(contact=self.contact, wording="START", proof="wamid")
        services.give_consent(contact=self.contact, klass="work", wording=words, source="chat", by=self.contact)
        message = make_message(self.conversation, words)
        type(message).objects.filter(pk=message.pk).update(received_at=core_clock.now())
        OutboundMessage.objects.create(
            key=words, contact=self.contact, number=the_number(), kind="ticket.taken", klass="work", lane="notice",
            language="en", text=f"to {words}", created_at=core_clock.now())  # fmt: skip
        self.clock.wind(60)

    def told(self, employee: Employee) -> list[tuple[str, str]]:
        lines = timeline.page(employee, user=self.hr, size=100).lines
        return [(line.what, line.detail) for line in reversed(lines)]


@pytest.fixture
def handset(clock: Clock) -> Handset:
    return Handset(clock)


def of(words: str) -> set[str]:
    return {words, f"to {words}"}


@pytest.mark.parametrize("is_unlinked_between", [False, True])
def test_the_past_of_an_address_stays_with_whose_it_was(handset: Handset, is_unlinked_between: bool) -> None:
    ana, bia = make_employee("Ana"), make_employee("Bia")
    handset.goes_to(ana, "I am Ana")
    if is_unlinked_between:
        handset.contact = services.unlink(contact=handset.contact, by=handset.hr)
        handset.clock.wind(60)
        handset.is_used("I am nobody")
    handset.goes_to(bia, "I am Bia")
    first, second = handset.told(ana), handset.told(bia)
    assert of("I am Ana") <= {detail for _what, detail in first}
    assert of("I am Bia") <= {detail for _what, detail in second}
    assert not (of("I am Bia") | of("I am nobody")) & {detail for _what, detail in first}
    assert not (of("I am Ana") | of("I am nobody")) & {detail for _what, detail in second}
    for lines in (first, second):
        whats = [what for what, _detail in lines]
        for once in ("Connected on WhatsApp", "Said STOP: only what is essential reaches them",
                     "Said START: messages reach them again", "They wrote"):  # fmt: skip
            assert whats.count(once) == 1, (once, whats)
    assert [what for what, _detail in first].count("Not connected on WhatsApp any more") == is_unlinked_between


def test_who_gets_an_address_back_has_both_times_of_theirs(handset: Handset) -> None:
    ana, bia = make_employee("Ana"), make_employee("Bia")
    for employee, words in ((ana, "one"), (bia, "two"), (ana, "three")):
        handset.goes_to(employee, words)
    details = {detail for _what, detail in handset.told(ana)}
    assert of("one") | of("three") <= details
    assert not of("two") & details
    assert of("two") <= {detail for _what, detail in handset.told(bia)}


def test_what_came_before_the_first_proof_is_of_who_proved_themselves(handset: Handset) -> None:
    ana, other = make_employee("Ana"), make_employee("Other")
    handset.is_used("My code is K7")
    handset.goes_to(ana, "I am Ana")
    assert of("My code is K7") <= {detail for _what, detail in handset.told(ana)}
    assert handset.told(other) == []


def test_an_address_that_was_never_linked_by_an_entry_is_of_whom_it_names(clock: Clock) -> None:
    handset, ana = Handset(clock), make_employee("Ana")
    Contact.objects.filter(pk=handset.contact.pk).update(employee=ana)
    handset.contact.refresh_from_db()
    clock.wind(timedelta(minutes=1).total_seconds())
    handset.is_used("hello")
    assert of("hello") <= {detail for _what, detail in handset.told(ana)}
