"""Who is who, from the webhook on: hidden phones, new numbers, new accounts; nothing is decided until somebody proved it."""

from dataclasses import dataclass
from typing import Any

import pytest

from apps.approvals import services as approvals
from apps.approvals.models import Decision, Request
from apps.contacts import services as contacts
from apps.contacts.models import Contact, Identity
from apps.conversations import thread
from apps.conversations.models import Message
from apps.inbox.models import InboundEvent
from apps.providers.models import Number
from tests import webhooks
from tests.chat import Chat, work
from tests.factories import expense_form, make_contact, make_employee, make_flow, make_number, make_submission

pytestmark = pytest.mark.django_db
OLD, NEW = "BR.13491208655302741918", "BR.900000000000000001"


@dataclass
class Case:
    """Bia, known by phone and id, is asked to decide; her tap is ready."""

    number: Number
    bia: Chat
    tap: dict[str, Any]
    request: Request

    def post(self, *messages: dict[str, Any]) -> None:
        assert webhooks.post(self.number.account, webhooks.inbound(self.number, *messages)).status_code == 200
        work()

    def system(self, phone: str, **system: str) -> None:
        self.post(webhooks.message(phone, type="system", system={"body": "changed", **system}))

    def state(self) -> str:
        return str(Contact.objects.get(pk=self.bia.contact.pk).state)

    def decides_nothing(self, tap: dict[str, Any]) -> None:
        self.post(tap)
        assert not Decision.objects.exists()
        assert self.state() == "suspended"


@pytest.fixture
def case() -> Case:
    number = make_number(is_default=True)
    bia = make_employee("Bia", phone="+5511987650002")
    ana = make_employee("Ana", phone="+5511987650001", manager=bia)
    chat = Chat(number, make_contact(bia))
    make_contact(ana)
    chat.say("menu", user_id=OLD)
    submission = make_submission(ana, expense_form(), what="Taxi", amount="78.00")
    request = approvals.submit(flow=make_flow({"approver": "manager"}), submission=submission, by=ana)
    return Case(number, chat, chat.press("Approve", user_id=OLD), request)


def test_a_hidden_phone_still_decides_as_the_person_behind_the_id(case: Case) -> None:
    case.post({key: value for key, value in case.tap.items() if key != "from"})
    assert Decision.objects.get().seat.employee.name == "Bia"
    assert case.state() == "active"


@pytest.mark.parametrize("where", ["from", "wa_id"])
def test_an_id_that_stands_where_the_phone_used_to_be_is_an_id(case: Case, where: str) -> None:
    message = {**case.tap, "from": OLD}
    del message["from_user_id"]
    if where == "wa_id":
        del message["from"]
    body = webhooks.envelope(case.number, contacts=[{"profile": {"name": "Bia"}, "wa_id": OLD}], messages=[message])
    webhooks.post(case.number.account, body)
    work()
    assert Decision.objects.count() == 1
    assert Contact.objects.filter(phone="").count() == 0


def test_a_changed_number_suspends_until_proved_again(case: Case) -> None:
    case.system(case.bia.phone, type="user_changed_number", wa_id="5521987654321", user_id=NEW)
    assert Contact.objects.get(pk=case.bia.contact.pk).phone == "+5521987654321"
    moved = {**case.tap, "from": "5521987654321", "from_user_id": NEW}
    case.decides_nothing(moved)
    contacts.reinstate(contact=case.bia.contact, by=case.bia.contact.employee)
    case.post({**moved, "id": webhooks.wamid()})
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("previous", [OLD, ""])
def test_a_changed_id_suspends_with_and_without_the_one_before(case: Case, previous: str) -> None:
    named = {"previous_user_id": previous} if previous else {}
    case.system(case.bia.phone, type="user_changed_user_id", user_id=NEW, **named)
    assert list(Identity.objects.filter(contact=case.bia.contact).values_list("remote_id", flat=True)) == [NEW]
    case.decides_nothing({**case.tap, "from_user_id": NEW})


@pytest.mark.parametrize("kind", ["customer_identity_changed", "user_identity_changed"])
def test_another_handset_behind_the_number_suspends(case: Case, kind: str) -> None:
    case.system(case.bia.phone, type=kind)
    case.decides_nothing(case.tap)


def test_a_change_of_somebody_unknown_is_kept_and_says_so(case: Case) -> None:
    case.system("+14155550000", type="user_changed_number", wa_id="14155550001")
    event = InboundEvent.objects.get(name="IdentityChanged")
    assert (event.state, event.note) == ("ignored", "number of somebody unknown")
    assert case.state() == "active"


def test_a_change_between_two_taps_of_one_batch_counts_for_the_second(case: Case) -> None:
    system = {"type": "user_changed_number", "body": "x", "wa_id": "5521987654321"}
    case.post(webhooks.message(case.bia.phone, type="system", system=system), case.tap)
    assert not Decision.objects.exists()


def card(phone: str, origin: str = "", **values: Any) -> dict[str, Any]:
    """A contact card from somebody whose phone is hidden."""
    wa_id = phone.lstrip("+")
    shared = {"name": {"formatted_name": "Bia"}, "phones": [{"phone": phone, "wa_id": wa_id, "type": "CELL"}]}
    return webhooks.message("", user_id=NEW, type="contacts", contacts=[shared], **({"origin": origin} if origin else {}),
                            **values)  # fmt: skip


def test_the_own_number_sent_on_request_is_proof(case: Case) -> None:
    case.post(webhooks.text("", "hello", user_id=NEW))
    stranger = Contact.objects.get(identities__remote_id=NEW)
    case.post(card("+5531977776666", "contact_request"))
    stranger.refresh_from_db()
    assert stranger.phone == "+5531977776666"


@pytest.mark.parametrize("origin", ["other", "", "CONTACT_REQUEST "])
def test_anybody_elses_card_proves_nothing(case: Case, origin: str) -> None:
    case.post(webhooks.text("", "hello", user_id=NEW))
    case.post(card(case.bia.phone, origin))
    assert Contact.objects.get(identities__remote_id=NEW).phone == ""
    assert case.state() == "active"


def test_two_cards_at_once_prove_nothing(case: Case) -> None:
    both = card("+5531977776666", "contact_request")
    both["contacts"] *= 2
    case.post(both)
    assert Contact.objects.get(identities__remote_id=NEW).phone == ""


def test_the_number_of_an_employee_claimed_by_another_account_suspends_the_employee(case: Case) -> None:
    case.post(webhooks.text("", "hello", user_id=NEW))
    case.post(card(case.bia.phone, "contact_request"))
    case.decides_nothing(case.tap)


# --- edits and deletions ----------------------------------------------------------------------------------------------


def edit_of(chat: Chat, original: str, text: str) -> dict[str, Any]:
    changed = {"original_message_id": original, "message": {"type": "text", "text": {"body": text}}}
    return webhooks.message(chat.phone, type="edit", edit=changed)


def test_an_edit_and_a_deletion_that_come_before_their_message_wait_for_it(case: Case) -> None:
    said = webhooks.text(case.bia.phone, "the lamp is broken")
    gone = webhooks.message(case.bia.phone, type="revoke", revoke={"original_message_id": said["id"]})
    case.post(edit_of(case.bia, said["id"], "the door"), gone)
    assert set(InboundEvent.objects.filter(name__startswith="Message", state="ignored").values_list("note", flat=True)) == {
        "edit of an unknown message", "deletion of an unknown message"}  # fmt: skip
    case.post(said)
    message = Message.objects.get(remote_id=said["id"])
    assert (message.text, message.edited_text) == ("the lamp is broken", "the door")
    assert message.revoked_at is not None
    assert not InboundEvent.objects.filter(state="ignored").exists()
    line = next(one for one in thread.lines(message.conversation) if one.pk == message.pk)
    assert line.is_gone
    assert "the lamp is broken" in (line.before, line.bubble["body"])


def test_an_edited_tap_changes_no_decision(case: Case) -> None:
    case.post(case.tap)
    case.post(edit_of(case.bia, case.tap["id"], "No!"))
    case.request.refresh_from_db()
    assert case.request.state == "approved"
