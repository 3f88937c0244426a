"""Invitations: who may make them, what ends them, many at once, and their e-mails."""

import smtplib
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from apps.contacts import codes, health, mailing, making, services
from apps.contacts.models import Contact, Invitation, InvitationBatch
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.core.findings import Level
from apps.journal.actors import SYSTEM
from apps.journal.models import Body, Entry
from apps.people import letters
from apps.people import services as people
from apps.people.models import Employee
from tests.conftest import Clock
from tests.factories import make_contact, make_employee, make_number, make_team, make_user

pytestmark = pytest.mark.django_db
State = Invitation.State


def make(employee: Employee, **values: Any) -> Invitation:
    return services.make_invitation(**{"employee": employee, "way": "link", "by": SYSTEM, **values})


def everybody() -> Any:
    return Employee.objects.all()


# --- one --------------------------------------------------------------------------------------------------------------


def test_the_table_and_the_journal_hold_no_code() -> None:
    invitation = make(make_employee())
    code = codes.derive(invitation.nonce)
    row = Invitation.objects.values().get()
    texts = [
        *map(str, row.values()),
        *Body.objects.values_list("content", flat=True),
        *map(str, Entry.objects.values()),
    ]
    assert not [text for text in texts if code in text or invitation.code in text]
    assert invitation.code_hash == codes.digest(code)


def test_a_second_invitation_ends_the_first() -> None:
    ana = make_employee()
    first, second = make(ana), make(ana)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.REVOKED, State.OPEN)
    assert first.code != second.code


@pytest.mark.parametrize("days", [0, -1, 91])
def test_an_invitation_lasts_no_wrong_time(days: int) -> None:
    with pytest.raises(InvalidInputError):
        make(make_employee(), days=days)
    assert not Invitation.objects.exists()


def test_nobody_is_invited_who_has_left_or_in_a_way_that_is_none() -> None:
    ana = make_employee()
    with pytest.raises(InvalidInputError):
        make(ana, way="pigeon")
    people.mark_left(employee=ana, by=SYSTEM)
    with pytest.raises(InvalidInputError, match="left"):
        make(ana)


def test_an_invitation_by_mail_needs_an_address_and_a_server(settings: Any) -> None:
    with pytest.raises(InvalidInputError, match="no e-mail"):
        make(make_employee("Ana"), way="email")
    settings.EMAIL_IS_SET_UP = False
    with pytest.raises(InvalidInputError, match="EMAIL_URL"):
        make(make_employee(email="ana@aurora.example"), way="email")


def test_only_who_may_invite_invites_and_only_whom_they_see() -> None:
    bia = make_employee("Bia")
    ana, rui = make_employee("Ana", manager=bia), make_employee("Rui")
    manager = make_user(employee=bia, roles=["Manager"])
    with pytest.raises(NotPermittedError):
        make(ana, by=manager)
    manager.user_permissions.add(Permission.objects.get(codename="invite_employee"))
    manager = type(manager).objects.get(pk=manager.pk)
    assert make(ana, by=manager).state == State.OPEN
    with pytest.raises(NotPermittedError):
        make(rui, by=manager)
    with pytest.raises(NotPermittedError):
        services.revoke_invitation(invitation=make(rui), by=manager)
    assert list(services.preview_many(employees=everybody(), way="link", by=manager).employee_ids) == [ana.pk, bia.pk]


def test_what_is_revoked_cannot_be_revoked_again() -> None:
    invitation = make(make_employee())
    services.revoke_invitation(invitation=invitation, by=SYSTEM)
    with pytest.raises(MoveNotAllowedError):
        services.revoke_invitation(invitation=invitation, by=SYSTEM)


def test_a_lost_phone_and_a_leaver_end_open_codes() -> None:
    ana, rui = make_employee(), make_employee()
    contact = make_contact(ana)
    one, other = make(ana), make(rui)
    services.report_lost(contact=contact, by=SYSTEM)
    services.unlink_all(employee=rui)
    assert {Invitation.objects.get(pk=row.pk).state for row in (one, other)} == {State.REVOKED}


# --- many -------------------------------------------------------------------------------------------------------------


def test_the_preview_counts_who_is_left_out_and_why() -> None:
    hr = make_user(employee=make_employee("HR"), roles=["HR"])
    make_contact(hr.employee)
    gone = make_employee(email="x@aurora.example", state="left")
    fresh = make_employee("Ana", email="ana@aurora.example")
    again = make_employee("Bia", email="bia@aurora.example", phone="")
    make_employee("Rui")
    make(again)
    found = services.preview_many(employees=everybody(), way="email", by=hr)
    assert list(found.employee_ids) == [fresh.pk, again.pk]
    assert (found.renewed, found.without_phone) == (1, 1)
    assert found.left_out == {"linked": 1, "left": 1, "no_email": 1}
    assert gone.pk not in found.employee_ids


def test_a_team_that_matches_a_person_twice_invites_them_once() -> None:
    hr = make_user(roles=["HR"])
    ana = make_employee()
    make_team(members=[ana])
    make_team(members=[ana])
    rows = Employee.objects.filter(teams__isnull=False)
    assert list(services.preview_many(employees=rows, way="link", by=hr).employee_ids) == [ana.pk]


def test_a_few_are_made_at_once() -> None:
    hr = make_user(roles=["HR"])
    ana, rui = make_employee(), make_employee()
    batch = services.invite_many(employees=everybody(), way="paper", is_shared=True, by=hr)
    assert (batch.state, batch.made, batch.done, batch.total) == ("done", 2, 2, 2)
    assert set(batch.invitations.values_list("employee", "is_shared")) == {(ana.pk, True), (rui.pk, True)}


def test_many_are_made_a_hundred_at_a_time_and_a_kill_between_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    hr = make_user(roles=["HR"])
    people_ = [make_employee() for _n in range(7)]
    monkeypatch.setattr("apps.contacts.inviting.AT_ONCE", 2)
    monkeypatch.setattr(making, "CHUNK", 3)
    batch = services.invite_many(employees=everybody(), way="link", by=hr)
    assert (batch.state, batch.made) == ("running", 0)
    assert making.make_next(batch_id=batch.pk)
    batch.refresh_from_db()
    assert (batch.done, batch.made) == (3, 3)
    Employee.objects.filter(pk=batch.employee_ids[4]).update(state="left")
    make_contact(Employee.objects.get(pk=batch.employee_ids[5]))
    assert making.make_waiting() == 2
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.made) == ("done", 7, 5)
    assert batch.left_out == {"left": 1, "linked": 1}
    assert Invitation.objects.count() == 5
    assert not making.make_next(batch_id=batch.pk)
    assert len(people_) == 7


def test_a_batch_is_cancelled_by_hand_and_by_a_lost_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.contacts.inviting.AT_ONCE", 0)
    hr = make_user(roles=["HR"])
    make_employee()
    one = services.invite_many(employees=everybody(), way="link", by=hr)
    services.cancel_batch(batch=one, by=hr)
    other = services.invite_many(employees=everybody(), way="link", by=hr)
    hr.groups.clear()
    making.make_waiting()
    states = set(InvitationBatch.objects.values_list("state", flat=True))
    assert (states, Invitation.objects.count()) == ({"cancelled"}, 0)
    assert other.pk


def test_nobody_left_to_invite_is_said() -> None:
    hr = make_user(roles=["HR"])
    make_contact(make_employee())
    with pytest.raises(InvalidInputError, match="Nobody"):
        services.invite_many(employees=everybody(), way="link", by=hr)
    assert not InvitationBatch.objects.exists()


# --- e-mail -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def invited() -> Invitation:
    make_number(is_default=True, phone="+551130000100")
    return make(make_employee("Lucía Ortega", language="es", email="lucia@aurora.example"), way="email")


def test_the_mail_carries_code_and_link_in_both_parts(invited: Invitation) -> None:
    assert letters.send_waiting(mailing.INVITATIONS) == 1
    letter = mail.outbox[0]
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    for part in (letter.body, html):
        assert invited.code in part
        assert f"https://wa.me/551130000100?text={invited.code}" in part
    assert 'lang="es"' in html
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    invited.refresh_from_db()
    assert (invited.mail_state, invited.mail_tries) == ("sent", 1)
    assert letters.send_waiting(mailing.INVITATIONS) == 0


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def send(self: EmailMultiAlternatives, fail_silently: bool = False) -> int:
        raise error

    monkeypatch.setattr(EmailMultiAlternatives, "send", send)


def test_a_server_that_is_away_is_asked_again_and_then_given_up(
    invited: Invitation, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    fail(monkeypatch, OSError("no route"))
    for _try in range(letters.TRIES):
        letters.send_waiting(mailing.INVITATIONS)
        clock.wind(3 * 3600)
    invited.refresh_from_db()
    assert (invited.mail_state, invited.mail_tries) == ("failed", letters.TRIES)
    assert "no route" in invited.mail_error
    assert letters.send_waiting(mailing.INVITATIONS) == 0
    monkeypatch.undo()
    services.mail_again(invitation=invited, by=SYSTEM)
    letters.send_waiting(mailing.INVITATIONS)
    invited.refresh_from_db()
    assert (invited.mail_state, invited.mail_error, len(mail.outbox)) == ("sent", "", 1)


def test_an_address_that_is_refused_is_not_tried_again(invited: Invitation, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, smtplib.SMTPRecipientsRefused({"lucia@aurora.example": (550, b"unknown")}))
    letters.send_waiting(mailing.INVITATIONS)
    invited.refresh_from_db()
    assert (invited.mail_state, invited.state) == ("failed", State.OPEN)


def test_a_worker_that_dies_while_sending_sends_the_same_mail_after_its_lease(
    invited: Invitation, clock: Clock
) -> None:
    assert letters.claim(mailing.INVITATIONS) is not None
    assert letters.send_waiting(mailing.INVITATIONS) == 0
    clock.wind(letters.LEASE.total_seconds() + 1)
    assert letters.send_waiting(mailing.INVITATIONS) == 1
    assert invited.code in mail.outbox[0].body


def test_a_code_that_is_dead_meanwhile_is_not_mailed(invited: Invitation) -> None:
    services.revoke_invitation(invitation=invited, by=SYSTEM)
    assert letters.send_waiting(mailing.INVITATIONS) == 0
    assert mail.outbox == []


def test_a_mail_that_came_back_is_noted(invited: Invitation) -> None:
    with pytest.raises(InvalidInputError):
        services.note_bounce(invitation=invited, by=SYSTEM)
    letters.send_waiting(mailing.INVITATIONS)
    assert services.note_bounce(invitation=invited, by=SYSTEM).mail_state == "failed"


def test_no_number_to_write_to_is_an_error_that_passes() -> None:
    invitation = make(make_employee(email="a@aurora.example"), way="email")
    letters.send_waiting(mailing.INVITATIONS)
    invitation.refresh_from_db()
    assert (invitation.mail_state, Contact.objects.count()) == ("waiting", 0)
    assert "number" in invitation.mail_error


# --- health -----------------------------------------------------------------------------------------------------------


def test_health_names_mails_that_do_not_leave_and_claims_that_wait(invited: Invitation, clock: Clock) -> None:
    assert {found.level for found in [*health.mails(), *health.claims()]} == {Level.GREEN}
    clock.wind(3 * 24 * 3600)
    services.redeem(contact=make_contact(), text=invited.code, proof="wamid.1")
    assert next(health.claims()).level is Level.GREEN
    clock.wind(3 * 24 * 3600)
    other = make(make_employee(email="b@aurora.example"), way="email")
    Invitation.objects.filter(pk=other.pk).update(mail_state="failed")
    assert next(health.mails()).level is Level.AMBER
    assert next(health.claims()).level is Level.AMBER
