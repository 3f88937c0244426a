"""Who wrote: phones, business-scoped ids, and everything that makes it doubtful."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.signals import pre_save

from apps.contacts import queries, services
from apps.contacts.models import Contact, Identity, Window
from apps.core import clock
from apps.journal.models import Entry
from apps.providers.models import Number
from apps.providers.types import IdentityChanged, Sender
from tests.factories import make_account, make_contact, make_employee, make_identity, make_number
from tests.racing import race

State = Contact.State
BSUID = "BR.13491208655302741918"


@pytest.fixture
def number(db: None) -> Number:
    return make_number()


def resolve(number: Number, phone: str = "", user_id: str = "", name: str = "") -> Contact:
    return services.resolve_sender(number=number, sender=Sender(phone, user_id, name), at=clock.now())


def state_of(contact: Contact) -> str:
    return str(Contact.objects.get(pk=contact.pk).state)


# --- strangers --------------------------------------------------------------------------------------------------------


def test_a_stranger_is_written_down_once(number: Number) -> None:
    contact = resolve(number, "+5511981234567", BSUID, "Ana")
    assert (contact.phone, contact.profile_name, contact.employee, contact.state) == (
        "+5511981234567",
        "Ana",
        None,
        "active",
    )
    assert resolve(number, "+5511981234567", BSUID, "Ana") == contact
    assert Contact.objects.count() == Identity.objects.count() == 1
    assert Entry.objects.filter(name="contact.added").count() == 1


def test_a_stranger_s_phone_stays_out_of_the_chain(number: Number) -> None:
    resolve(number, "+5511981234567", BSUID, "Ana")
    entry = Entry.objects.get(name="contact.added")
    assert "+5511981234567" not in str(entry.before) + str(entry.after)


def test_a_hidden_phone_is_known_by_its_id_and_shown_later(number: Number) -> None:
    contact = resolve(number, "", BSUID)
    assert contact.phone == ""
    assert resolve(number, "+5511981234567", BSUID) == contact
    assert Contact.objects.get(pk=contact.pk).phone == "+5511981234567"


def test_a_phone_hidden_later_is_still_the_same_person(number: Number) -> None:
    contact = resolve(number, "+5511981234567", BSUID)
    assert resolve(number, "", BSUID) == contact
    assert Contact.objects.get(pk=contact.pk).phone == "+5511981234567"


@pytest.mark.parametrize(
    ("hr", "whatsapp"),
    [("+5511981234567", "+551181234567"), ("+525512345678", "+5215512345678"), ("+5491112345678", "+541112345678")],
)
def test_the_spelling_of_whatsapp_finds_hr_s_number_and_is_kept(number: Number, hr: str, whatsapp: str) -> None:
    contact = make_contact(make_employee(phone=hr))
    assert resolve(number, whatsapp, BSUID) == contact
    fresh = Contact.objects.get(pk=contact.pk)
    assert (fresh.phone, fresh.state) == (whatsapp, State.ACTIVE)


def test_the_same_id_in_two_portfolios_is_two_people(number: Number) -> None:
    other = make_number(make_account())
    here, there = resolve(number, "", BSUID), resolve(other, "", BSUID)
    assert here != there
    assert Identity.objects.filter(remote_id=BSUID).count() == 2


def test_one_person_in_two_portfolios_has_two_ids(number: Number) -> None:
    other = make_number(make_account())
    contact = resolve(number, "+5511981234567", BSUID)
    assert resolve(other, "+5511981234567", "BR.other") == contact
    assert state_of(contact) == State.ACTIVE
    assert queries.user_id_of(contact, other) == "BR.other"
    assert queries.user_id_of(contact, number) == BSUID


# --- doubts -----------------------------------------------------------------------------------------------------------


def test_an_employee_s_first_message_adds_the_id(number: Number) -> None:
    contact = make_contact(make_employee())
    assert resolve(number, contact.phone, BSUID) == contact
    assert state_of(contact) == State.ACTIVE
    assert queries.by_user_id(number.account.portfolio, BSUID) == contact


def test_another_account_on_the_same_phone_suspends(number: Number) -> None:
    contact = make_contact(make_employee())
    resolve(number, contact.phone, BSUID)
    assert resolve(number, contact.phone, "BR.somebody.new") == contact
    assert state_of(contact) == State.SUSPENDED
    assert Entry.objects.filter(name="contact.suspended", subject_id=str(contact.pk)).count() == 1
    services.reinstate(contact=contact, by=make_employee())
    resolve(number, contact.phone, "BR.somebody.new")
    assert state_of(contact) == State.ACTIVE  # proved once is enough


def test_the_same_account_from_another_number_suspends(number: Number) -> None:
    contact = make_contact(make_employee())
    make_identity(contact, number.account.portfolio, BSUID)
    assert resolve(number, "+5511977776666", BSUID) == contact
    fresh = Contact.objects.get(pk=contact.pk)
    assert (fresh.state, fresh.phone) == (State.SUSPENDED, "+5511977776666")


def test_an_id_is_never_taken_from_another_contact(number: Number) -> None:
    ana, bia = make_contact(make_employee()), make_contact(make_employee())
    make_identity(ana, number.account.portfolio, BSUID)
    assert resolve(number, bia.phone, BSUID) == ana
    assert (state_of(ana), state_of(bia)) == (State.SUSPENDED, State.SUSPENDED)
    assert Identity.objects.get(remote_id=BSUID).contact == ana
    assert Contact.objects.get(pk=bia.pk).phone == bia.phone


def test_a_stranger_in_a_quarrel_is_not_suspended_but_the_employee_is(number: Number) -> None:
    stranger = resolve(number, "", BSUID)
    employee = make_contact(make_employee())
    assert resolve(number, employee.phone, BSUID) == stranger
    assert (state_of(stranger), state_of(employee)) == (State.ACTIVE, State.SUSPENDED)


def changed(change: str, **values: str) -> IdentityChanged:
    return IdentityChanged("pnid", clock.now(), change, **values)


def test_a_changed_number_follows_the_person_and_suspends(number: Number) -> None:
    contact = make_contact(make_employee(phone="+5511981234567"))
    make_identity(contact, number.account.portfolio, BSUID)
    event = changed("number", old_phone="+5511981234567", new_phone="+5521987654321")
    found = services.change_identity(event=event, number=number)
    assert found is not None
    assert (found.pk, found.phone, found.state) == (contact.pk, "+5521987654321", State.SUSPENDED)
    # The new number comes with a new id: it is added, and does not suspend once more after it was proved.
    services.reinstate(contact=contact, by=make_employee())
    assert resolve(number, "+5521987654321", "BR.new").state == State.ACTIVE


def test_a_number_moved_onto_another_contact_s_suspends_both(number: Number) -> None:
    ana, bia = make_contact(make_employee()), make_contact(make_employee())
    services.change_identity(event=changed("number", old_phone=ana.phone, new_phone=bia.phone), number=number)
    assert (state_of(ana), state_of(bia)) == (State.SUSPENDED, State.SUSPENDED)
    assert (Contact.objects.get(pk=ana.pk).phone, Contact.objects.get(pk=bia.pk).phone) == ("", bia.phone)


def test_a_new_account_and_a_new_handset_suspend(number: Number) -> None:
    ana, bia = make_contact(make_employee()), make_contact(make_employee())
    make_identity(ana, number.account.portfolio, BSUID)
    services.change_identity(event=changed("user_id", old_user_id=BSUID, new_user_id="BR.new"), number=number)
    services.change_identity(event=changed("identity", old_phone=bia.phone), number=number)
    assert (state_of(ana), state_of(bia)) == (State.SUSPENDED, State.SUSPENDED)
    assert queries.by_user_id(number.account.portfolio, "BR.new") == ana


def test_a_change_of_somebody_unknown_is_nobody_s_business(number: Number) -> None:
    event = changed("number", old_phone="+16505551234", new_phone="+16505551235")
    assert services.change_identity(event=event, number=number) is None


# --- at the same time -------------------------------------------------------------------------------------------------


def test_a_sender_written_down_by_another_worker_meanwhile_is_found(number: Number) -> None:
    """Between looking and writing the other worker's row appears: the unique id decides, and the second look finds it."""
    portfolio = number.account.portfolio
    rival = make_contact(phone="", consents=())
    seen: list[Contact] = []

    def appear(sender: type, instance: Identity, **_signal: object) -> None:
        if not seen:
            seen.append(instance.contact)
            raise_it = Identity(contact=rival, portfolio=portfolio, remote_id=BSUID)
            Identity.objects.bulk_create([raise_it])  # bulk: sends no signal; rolled back with the savepoint

    pre_save.connect(appear, sender=Identity)
    try:
        contact = resolve(number, "+5511981234567", BSUID)
    finally:
        pre_save.disconnect(appear, sender=Identity)
    assert len(seen) == 1
    assert Contact.objects.exclude(pk=rival.pk).get() == contact
    assert Identity.objects.get(remote_id=BSUID).contact == contact


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite in memory has one writer: the race needs PostgreSQL"
)
def test_a_new_sender_seen_by_eight_workers_is_one_contact() -> None:
    number = make_number()
    found = race(*[lambda: resolve(number, "+5511981234567", BSUID).pk] * 8)
    assert len(set(found)) == Contact.objects.count() == Identity.objects.count() == 1
    assert connection.vendor == "postgresql"


# --- windows ----------------------------------------------------------------------------------------------------------


def test_a_window_moves_forward_only_and_never_beyond_now(number: Number) -> None:
    contact = make_contact()
    now = clock.now()
    services.touch_window(number=number, contact=contact, at=now - timedelta(hours=1))
    services.touch_window(number=number, contact=contact, at=now - timedelta(hours=5))
    assert Window.objects.get().last_inbound_at == now - timedelta(hours=1)
    services.touch_window(number=number, contact=contact, at=now + timedelta(days=3))
    assert now <= Window.objects.get().last_inbound_at <= clock.now()


def test_each_of_our_numbers_has_its_own_window(number: Number) -> None:
    contact, other = make_contact(), make_number()
    services.touch_window(number=number, contact=contact, at=clock.now())
    assert queries.last_inbound_at(contact, other) is None


def test_who_writes_is_reachable_again(number: Number) -> None:
    contact = make_contact()
    services.mark_unreachable(contact=contact, reason="131026")
    assert not services.mark_unreachable(contact=contact)
    assert Contact.objects.get().unreachable_since is not None
    services.touch_window(number=number, contact=contact, at=clock.now())
    assert Contact.objects.get().unreachable_since is None
    names = Entry.objects.filter(subject_type="contacts.contact").values_list("name", flat=True)
    assert sorted(names) == ["contact.found_again", "contact.lost_touch"]
