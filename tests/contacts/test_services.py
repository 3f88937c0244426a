"""Linking, suspending, consent, and the contact's screens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.contacts import queries, services
from apps.contacts.models import Consent, Contact, Preference
from apps.contacts.reactions import unlink_leaver
from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.people.models import Employee
from apps.providers.kinds import Klass
from tests.factories import make_contact, make_employee, make_number, make_team, make_user

pytestmark = pytest.mark.django_db
State = Contact.State


def names() -> list[str]:
    rows = Entry.objects.filter(subject_type="contacts.contact").order_by("id")
    return list(rows.values_list("name", flat=True))


# --- who it is --------------------------------------------------------------------------------------------------------


def test_an_invitation_makes_the_contact_of_hr_s_phone() -> None:
    employee = make_employee(phone="(11) 98123-4567")
    contact = services.invite(employee=employee, by=SYSTEM)
    assert (contact.phone, contact.employee, contact.state) == ("+5511981234567", employee, State.ACTIVE)
    assert services.invite(employee=employee, by=SYSTEM) == contact
    assert names() == ["contact.added", "contact.linked"]
    assert queries.contact_of(employee) == contact


def test_an_invitation_takes_up_a_stranger_who_already_wrote() -> None:
    stranger = make_contact(phone="+551181234567")
    assert services.invite(employee=make_employee(phone="+5511981234567"), by=SYSTEM) == stranger


@pytest.mark.parametrize("phone", ["", "nonsense"])
def test_nobody_is_invited_without_a_phone(phone: str) -> None:
    with pytest.raises(InvalidInputError):
        services.invite(employee=make_employee(phone=phone), by=SYSTEM)


def test_a_phone_is_not_taken_from_another_employee() -> None:
    make_contact(make_employee(name="Ana", phone="+5511981234567"))
    with pytest.raises(InvalidInputError, match="Ana"):
        services.invite(employee=make_employee(phone="+5511981234567"), by=SYSTEM)


def test_linking_another_address_unlinks_the_old_one() -> None:
    employee = make_employee()
    old, new = make_contact(employee), make_contact()
    services.link(contact=new, employee=employee, by=SYSTEM)
    old.refresh_from_db()
    assert (old.employee, old.state) == (None, State.UNLINKED)
    assert queries.contact_of(employee) == new


def test_a_leaver_is_not_linked_and_has_no_contact() -> None:
    leaver = make_employee(state=Employee.State.LEFT)
    with pytest.raises(InvalidInputError):
        services.link(contact=make_contact(), employee=leaver, by=SYSTEM)
    make_contact(leaver)
    assert queries.contact_of(leaver) is None
    assert services.unlink_all(employee=leaver) == 1
    assert Contact.objects.filter(employee=leaver).count() == 0


def test_a_lost_phone_is_suspended_and_reinstated() -> None:
    contact, hr = make_contact(make_employee()), make_user(is_superuser=True)
    assert services.report_lost(contact=contact, by=hr).state_reason == "lost phone"
    assert queries.contact_of(contact.employee) is None  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="how you know"):
        services.reinstate(contact=contact, by=hr, reason="  ")
    assert services.reinstate(contact=contact, by=hr, reason="Came to the office").state == State.ACTIVE
    with pytest.raises(MoveNotAllowedError):
        services.reinstate(contact=contact, by=hr, reason="Again")
    assert names() == ["contact.suspended", "contact.reinstated"]
    assert "Came to the office" in str(Entry.objects.get(name="contact.reinstated").body.content)


def test_a_sign_in_without_the_permission_changes_nothing() -> None:
    contact, guest = make_contact(make_employee()), make_user()
    for verb in (services.unlink, services.report_lost, services.reinstate):
        with pytest.raises(NotPermittedError):
            verb(contact=contact, by=guest)
    with pytest.raises(NotPermittedError):
        services.record_consents(contact=contact, wording="x", source="paper", by=guest)
    assert names() == []


# --- what they agreed to ----------------------------------------------------------------------------------------------


def facts(contact: Contact, klass: Klass) -> Any:
    return queries.delivery_facts(contact, make_number(), klass, clock.now())


def test_the_newest_answer_of_a_class_counts() -> None:
    contact = make_contact(make_employee(), consents=())
    assert not facts(contact, Klass.WORK).consent
    services.give_consent(
        contact=contact, klass=Klass.WORK, wording="May we?", source="chat", proof="wamid.1", by=contact
    )
    assert facts(contact, Klass.WORK).consent
    assert not facts(contact, Klass.REMINDER).consent
    services.withdraw_consent(contact=contact, klass=Klass.WORK, wording="No more", source="chat", by=contact)
    assert not facts(contact, Klass.WORK).consent
    assert facts(contact, Klass.MY_REQUESTS).consent
    assert Consent.objects.count() == 2
    assert names() == ["consent.given", "consent.withdrawn"]


def test_stop_holds_back_what_is_not_essential_and_start_restores_it() -> None:
    contact = make_contact(make_employee())
    services.stop(contact=contact, wording="STOP", proof="wamid.1")
    stopped = {str(klass) for klass in Klass if facts(contact, klass).is_stopped}
    assert stopped == {"work", "reminder", "announcement"}
    services.stop(contact=contact, wording="stop!", proof="wamid.2")
    services.start(contact=contact, wording="START", proof="wamid.3")
    assert not any(facts(contact, klass).is_stopped for klass in Klass)
    assert facts(contact, Klass.WORK).consent
    assert names() == ["preference.stopped", "preference.started"]
    assert Preference.objects.get().stopped_at is None


def test_start_is_no_consent() -> None:
    contact = make_contact(make_employee(), consents=())
    services.start(contact=contact, wording="START", proof="wamid.1")
    assert not facts(contact, Klass.ANNOUNCEMENT).consent


def test_whatsapp_s_own_switch_governs_announcements_only() -> None:
    contact = make_contact(make_employee())
    services.note_marketing_choice(contact=contact, is_allowed=False, proof="key.1")
    services.note_marketing_choice(contact=contact, is_allowed=False, proof="key.2")
    assert (facts(contact, Klass.ANNOUNCEMENT).consent, facts(contact, Klass.WORK).consent) == (False, True)
    services.note_marketing_choice(contact=contact, is_allowed=True, proof="key.3")
    assert facts(contact, Klass.ANNOUNCEMENT).consent
    never_asked = make_contact(make_employee(), consents=())
    services.note_marketing_choice(contact=never_asked, is_allowed=True, proof="key.4")
    assert not facts(never_asked, Klass.ANNOUNCEMENT).consent


def test_delivery_facts_read_the_database_again() -> None:
    number, employee = make_number(), make_employee()
    contact = make_contact(employee, last_inbound_at=clock.now() - timedelta(hours=25), number=number)
    stale = Contact.objects.get(pk=contact.pk)
    assert not queries.delivery_facts(stale, number, Klass.WORK, clock.now()).is_window_open
    services.touch_window(number=number, contact=contact, at=clock.now())
    Employee.objects.update(state=Employee.State.LEFT)
    services.mark_unreachable(contact=contact)
    known = queries.delivery_facts(stale, number, Klass.WORK, clock.now())
    assert (known.is_window_open, known.is_linked, known.is_unreachable) == (True, False, True)
    assert known.closes_at is not None


# --- the screens ------------------------------------------------------------------------------------------------------


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    return client


def url_of(contact: Contact, rest: str = "change/") -> str:
    return f"/admin/contacts/contact/{contact.pk}/{rest}"


def save(client: Client, contact: Contact, **values: Any) -> None:
    inlines = {
        f"{name}-{form}_FORMS": 0 for name in ("preference", "consents", "identities") for form in ("TOTAL", "INITIAL")
    }
    response = client.post(
        url_of(contact), {"employee": contact.employee_id or "", "language": "", **inlines, **values}
    )
    assert response.status_code == 302, response.context["adminform"].form.errors


def test_choosing_an_employee_links_and_emptying_unlinks(client: Client) -> None:
    contact, employee = make_contact(consents=()), make_employee()
    save(client, contact, employee=employee.pk, language="es")
    contact.refresh_from_db()
    assert (contact.employee, contact.language, contact.state) == (employee, "es", State.ACTIVE)
    save(client, contact, employee="", language="es")
    contact.refresh_from_db()
    assert (contact.employee, contact.state) == (None, State.UNLINKED)
    assert names() == ["contact.changed", "contact.linked", "contact.unlinked"]


def test_saving_without_a_change_records_nothing(client: Client) -> None:
    contact = make_contact(make_employee())
    save(client, contact)
    assert names() == []


def test_the_buttons_of_a_contact_work(client: Client) -> None:
    contact = make_contact(make_employee(), consents=())
    for path, told, values in (
        ("lost-phone", "Suspended", {}), ("reinstate", "how you know", {}),
        ("reinstate", "Active again", {"reason": "Came to the office"}), ("record-consent", "Recorded", {}),
        ("unlink", "Unlinked", {}), ("reinstate", "Nothing was changed", {"reason": "Came to the office"}),
    ):  # fmt: skip
        assert told in client.post(url_of(contact, f"{path}/"), values, follow=True).content.decode(), path
    page = client.get(url_of(contact)).content.decode()
    assert "Signed on paper" in page
    listed = client.get("/admin/contacts/contact/").content.decode()
    assert "work, reminders, announcements" in listed


def test_a_manager_sees_the_contacts_of_the_own_team_only() -> None:
    lead, member, other = make_employee(), make_employee(name="Member"), make_employee(name="Elsewhere")
    make_team(members=[member], leads=[lead])
    mine, theirs, stranger = make_contact(member), make_contact(other), make_contact()
    user = make_user(employee=lead)
    assert list(queries.visible_to(user)) == [mine]
    assert set(queries.visible_to(make_user(is_superuser=True))) == {mine, theirs, stranger}


def test_a_leaver_s_address_is_unlinked_and_one_taken_back_keeps_it() -> None:
    leaver, back = make_employee(state=Employee.State.LEFT), make_employee()
    gone, kept = make_contact(leaver), make_contact(back)
    for employee in (leaver, back, leaver):
        unlink_leaver(Entry(name="employee.left", subject_type="people.employee", subject_id=str(employee.pk)))
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.employee, gone.state) == (None, State.UNLINKED)
    assert (kept.employee, kept.state) == (back, State.ACTIVE)
