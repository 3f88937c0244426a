"""Screens of invitations, claims and wordings: who sees what, what a press does, what a link does not."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.contacts import services
from apps.contacts.models import Claim, ConsentWording, Contact, Invitation, InvitationBatch
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.people.models import Employee
from tests.factories import make_contact, make_employee, make_number, make_team, make_user
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Client:
    make_number(is_default=True, phone="+551130000100")
    return at_the_desk("HR")


def page(client: Client, name: str, *args: Any, query: str = "") -> str:
    return client.get(reverse(f"admin:contacts_{name}", args=args) + query).content.decode()


def press(client: Client, name: str, pk: int, values: dict[str, Any] | None = None) -> str:
    return client.post(reverse(f"admin:contacts_{name}", args=[pk]), values or {}, follow=True).content.decode()


def invited(**values: Any) -> Invitation:
    employee = values.pop("employee", None) or make_employee("Ana Lima", phone="+5511987654321")
    return services.make_invitation(employee=employee, way="paper", by=SYSTEM, **values)


def claim_of(invitation: Invitation, phone: str = "+5511912345678") -> Claim:
    services.redeem(contact=make_contact(phone=phone, consents=()), text=invitation.code, proof="wamid.1")
    return Claim.objects.get(invitation=invitation)


# --- who is not there yet ---------------------------------------------------------------------------------------------


def test_the_list_begins_with_those_who_are_not_connected(hr: Client) -> None:
    make_contact(make_employee("Connected Person"))
    make_contact(make_employee("Doubtful Person"), state="suspended")
    make_employee("Fresh Person")
    invited(employee=make_employee("Invited Person"))
    claim_of(invited(employee=make_employee("Claimed Person")))
    make_employee("Gone Person", state="left")
    shown = page(hr, "enrolment_changelist")
    for name in ("Doubtful", "Fresh", "Invited", "Claimed"):
        assert f"{name} Person" in shown
    assert "Connected Person" not in shown
    assert "Gone Person" not in page(hr, "enrolment_changelist", query="?whatsapp=all")
    assert "Connected Person" in page(hr, "enrolment_changelist", query="?whatsapp=linked")
    assert "Fresh Person" not in page(hr, "enrolment_changelist", query="?whatsapp=claimed")


def bulk(client: Client, ids: list[int], **values: Any) -> Any:
    data = {"action": "invite_many", "_selected_action": ids, "select_across": "0", "index": "0", **values}
    return client.post(reverse("admin:contacts_enrolment_changelist"), data, follow=True)


def test_many_are_invited_after_a_page_that_counts(hr: Client) -> None:
    ids = [make_employee(email="a@aurora.example").pk, make_employee().pk]
    asked = bulk(hr, ids).content.decode()
    assert "on paper: 2 to invite" in asked
    assert "by e-mail: 1 to invite (no e-mail address: 1)" in asked
    assert not InvitationBatch.objects.exists()
    wrong = bulk(hr, ids, confirmed="yes", way="paper", days="0").content.decode()
    assert 'role="alert"' in wrong
    assert not Invitation.objects.exists()
    done = bulk(hr, ids, confirmed="yes", way="paper", days="14")
    assert Invitation.objects.count() == 2
    assert "2 of 2" in done.content.decode()
    assert done.redirect_chain[-1][0] == reverse(
        "admin:contacts_invitationbatch_change", args=[InvitationBatch.objects.get().pk]
    )


def test_everybody_the_filter_shows_is_invited_and_nobody_else(hr: Client) -> None:
    inside = [make_employee() for _n in range(3)]
    make_employee("Outside")
    team = make_team(members=inside)
    url = reverse("admin:contacts_enrolment_changelist") + f"?teams__id__exact={team.pk}"
    data = {"action": "invite_many", "_selected_action": [inside[0].pk], "select_across": "1", "index": "0",
            "confirmed": "yes", "way": "link", "days": "7"}  # fmt: skip
    hr.post(url, data)
    assert set(Invitation.objects.values_list("employee", flat=True)) == {one.pk for one in inside}


def test_who_may_not_invite_sees_no_button_and_changes_nothing() -> None:
    ana = make_employee("Ana")
    for role in ("Manager", "Responder", "Auditor", "Operator", "Automation owner"):
        client = at_the_desk(role)
        bulk(client, [ana.pk], confirmed="yes", way="link", days="14")
        press(client, "enrolment_invite_one", ana.pk, {"way": "link", "days": "14"})
    assert not Invitation.objects.exists()


def test_one_is_invited_and_the_page_hands_over_code_link_and_qr(hr: Client) -> None:
    ana = make_employee("Ana")
    asked = hr.get(reverse("admin:contacts_enrolment_invite_one", args=[ana.pk])).content.decode()
    assert "How do they get the code?" in asked
    assert not Invitation.objects.exists()
    shown = press(hr, "enrolment_invite_one", ana.pk, {"way": "link", "days": "14"})
    code = Invitation.objects.get().code
    assert code in shown
    assert f"https://wa.me/551130000100?text={code}" in shown
    assert "<svg" in shown
    assert "replaces it" in hr.get(reverse("admin:contacts_enrolment_invite_one", args=[ana.pk])).content.decode()


# --- invitations ------------------------------------------------------------------------------------------------------


def test_an_auditor_sees_invitations_and_no_code(hr: Client) -> None:
    invitation = invited()
    auditor = at_the_desk("Auditor")
    shown = page(auditor, "invitation_change", invitation.pk)
    assert "Ana Lima" in shown
    assert invitation.code not in shown
    printed = auditor.get(
        reverse("admin:contacts_invitation_print") + f"?id={invitation.pk}", follow=True
    ).content.decode()
    assert invitation.code not in printed
    assert not Entry.objects.filter(name="invitation.printed").exists()


def test_a_dead_code_is_not_shown_and_not_printed(hr: Client) -> None:
    invitation = invited()
    press(hr, "invitation_revoke", invitation.pk)
    assert invitation.code not in page(hr, "invitation_change", invitation.pk)
    printed = hr.get(reverse("admin:contacts_invitation_print") + f"?id={invitation.pk}").content.decode()
    assert "nothing to print" in printed


def test_a_batch_is_printed_each_slip_in_its_language_and_recorded(hr: Client) -> None:
    user = make_user(roles=["HR"])
    make_employee("Ana", language="pt-br")
    make_employee('<script>alert("x")</script>', language="es")
    batch = services.invite_many(employees=Employee.objects.all(), way="paper", by=user)
    answer = hr.get(reverse("admin:contacts_invitation_print") + f"?batch={batch.pk}")
    printed = answer.content.decode()
    assert printed.count("<svg") == 2
    assert 'lang="es"' in printed
    assert "<script>alert" not in printed
    assert "<script" not in printed
    assert "no-store" in answer["Cache-Control"]
    assert Entry.objects.filter(name="invitation.printed").count() == 2
    assert "nothing to print" in hr.get(reverse("admin:contacts_invitation_print") + "?batch=x9").content.decode()


def test_without_a_number_to_write_to_the_page_says_so() -> None:
    client = at_the_desk("HR")
    invitation = invited()
    assert "No number is marked" in page(client, "invitation_change", invitation.pk)
    printed = client.get(reverse("admin:contacts_invitation_print") + f"?id={invitation.pk}", follow=True)
    assert "Nothing was printed" in printed.content.decode()


def test_the_filter_calls_an_old_code_expired(hr: Client) -> None:
    invitation = invited()
    Invitation.objects.update(expires_at=invitation.created_at)
    assert "Ana Lima" in page(hr, "invitation_changelist", query="?at=expired")
    assert "Ana Lima" not in page(hr, "invitation_changelist", query="?at=open")


def test_a_running_batch_reloads_and_can_be_stopped(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.contacts.inviting.AT_ONCE", 0)
    make_employee()
    batch = services.invite_many(employees=Employee.objects.all(), way="link", by=make_user(roles=["HR"]))
    shown = page(hr, "invitationbatch_change", batch.pk)
    assert 'data-reload="3"' in shown
    assert "0 of 1" in shown
    assert "Stopped" in press(hr, "invitationbatch_cancel", batch.pk)
    assert 'data-reload="3"' not in page(hr, "invitationbatch_change", batch.pk)


def test_the_employee_s_own_page_shows_address_and_invitation(hr: Client) -> None:
    invitation = invited()
    make_contact(invitation.employee, phone="+5511900000099")
    shown = hr.get(reverse("admin:people_employee_change", args=[invitation.employee.pk])).content.decode()
    assert "+5511900000099" in shown
    assert "nvitations to WhatsApp" in shown
    assert invitation.code not in shown


# --- claims -----------------------------------------------------------------------------------------------------------


def test_a_claim_is_on_the_home_and_shows_both_numbers(hr: Client) -> None:
    claim = claim_of(invited())
    home = hr.get("/admin/").content.decode()
    assert "Codes from another phone" in home
    for shown in (page(hr, "claim_changelist", query="?state__exact=waiting"), page(hr, "claim_change", claim.pk)):
        assert "+5511987654321" in shown
        assert "+5511912345678" in shown


@pytest.mark.parametrize("verb", ["confirm", "confirm_and_update", "refuse"])
def test_a_link_decides_no_claim_and_a_press_decides_it_once(hr: Client, verb: str) -> None:
    claim = claim_of(invited())
    hr.get(reverse(f"admin:contacts_claim_{verb}", args=[claim.pk]))
    assert Claim.objects.get().state == "waiting"
    said = press(hr, f"claim_{verb}", claim.pk)
    assert "Refused" in said or "Confirmed" in said
    assert "Nothing was changed" in press(hr, "claim_confirm", claim.pk)
    is_linked = Contact.objects.filter(employee=claim.invitation.employee).exists()
    assert is_linked == (verb != "refuse")
    claim.invitation.employee.refresh_from_db()
    assert (claim.invitation.employee.phone == claim.phone) == (verb == "confirm_and_update")


def test_a_claim_without_a_phone_is_not_taken_into_the_record(hr: Client) -> None:
    claim = claim_of(invited(), phone="")
    assert "hidden by WhatsApp" in page(hr, "claim_change", claim.pk)
    assert "Nothing was changed" in press(hr, "claim_confirm_and_update", claim.pk)
    assert Claim.objects.get().state == "waiting"


def test_other_roles_decide_no_claim() -> None:
    lead = make_employee("Lead")
    claim = claim_of(invited(employee=make_employee("Member", manager=lead)))
    for client in (at_the_desk("Manager", employee=lead), at_the_desk("Auditor"), at_the_desk("Operator")):
        press(client, "claim_confirm", claim.pk)
        press(client, "claim_refuse", claim.pk)
    assert Claim.objects.get().state == "waiting"


# --- wordings ---------------------------------------------------------------------------------------------------------


def test_a_new_wording_is_offered_the_present_one_and_is_a_new_version(hr: Client) -> None:
    form = page(hr, "consentwording_add")
    assert "May {company} write to you here" in form
    values = {"text_en": "May {company}?", "text_pt_br": "{company} pode?", "text_es": "¿Puede {company}?",
              "klasses": ["work", "reminder"], "in_force_from_0": "2026-01-01", "in_force_from_1": "00:00:00"}  # fmt: skip
    wrong = hr.post(reverse("admin:contacts_consentwording_add"), {**values, "text_es": ""})
    assert wrong.status_code == 200
    assert not ConsentWording.objects.exists()
    assert hr.post(reverse("admin:contacts_consentwording_add"), values).status_code == 302
    row = ConsentWording.objects.get()
    assert (row.version, row.klasses, row.texts["es"]) == (1, ["work", "reminder"], "¿Puede {company}?")
    shown = page(hr, "consentwording_change", row.pk)
    assert "¿Puede {company}?" in shown
    assert not re.search(r'name="text_en"', shown)
    assert Entry.objects.filter(name="consentwording.written").count() == 1
    assert at_the_desk("Manager").get(reverse("admin:contacts_consentwording_add")).status_code == 403
