"""Bad taps, all the way from the webhook: the right answer to the sender, nothing decided."""

from dataclasses import dataclass

import pytest

from apps.approvals import services as approvals
from apps.approvals.models import Decision, Request
from apps.incidents import services as incidents
from apps.incidents.models import Ticket
from apps.journal.models import Entry
from tests.chat import Chat
from tests.conftest import Clock
from tests.factories import (
    expense_form,
    make_category,
    make_contact,
    make_employee,
    make_flow,
    make_number,
    make_submission,
    make_team,
    report_form,
)
from tests.webhooks import button_reply, inbound, post, text

pytestmark = pytest.mark.django_db


@dataclass
class Cast:
    """Ana asks, Bia decides, Caio has nothing to do with it; all three have just written."""

    ana: Chat
    bia: Chat
    caio: Chat

    def ask(self) -> Request:
        """Ana's expense waits for Bia, whose buttons are in her chat."""
        ana = self.ana.contact.employee
        submission = make_submission(ana, expense_form(), what="Taxi", amount="78.00")
        return approvals.submit(flow=make_flow({"approver": "manager"}), submission=submission, by=ana)


@pytest.fixture
def cast() -> Cast:
    number = make_number(is_default=True)
    bia = make_employee("Bia", phone="+5511987650002")
    ana = make_employee("Ana", phone="+5511987650001", manager=bia)
    caio = make_employee("Caio", phone="+5511987650003")
    chats = Cast(*(Chat(number, make_contact(person)) for person in (ana, bia, caio)))
    for chat in (chats.ana, chats.bia, chats.caio):
        chat.say("menu")
    return chats


def test_a_tap_on_somebody_elses_button_decides_nothing(cast: Cast) -> None:
    request = cast.ask()
    assert cast.caio.tap("Approve", of=cast.bia.contact) == [
        "This button was meant for somebody else, so nothing was done."
    ]
    request.refresh_from_db()
    assert request.state == "open"
    assert not Decision.objects.exists()
    assert Entry.objects.get(name="tap.refused").after == {"why": "other person"}
    assert cast.bia.tap("Approve")
    request.refresh_from_db()
    assert request.state == "approved"


def test_two_taps_in_one_webhook_give_one_decision_and_two_answers(cast: Cast) -> None:
    cast.ask()
    heard = cast.bia.send(cast.bia.press("Approve"), cast.bia.press("Approve"))
    assert Decision.objects.count() == 1
    assert len(heard) == 2
    assert "Already approved by" in heard[1]


def test_the_same_tap_delivered_three_times_is_one_tap(cast: Cast) -> None:
    cast.ask()
    tap = cast.bia.press("Approve")
    heard = [cast.bia.send(tap) for _time in range(3)]
    assert Decision.objects.count() == 1
    assert [len(one) for one in heard] == [1, 0, 0]


def test_approve_after_reject_in_the_same_breath_leaves_the_first_word(cast: Cast) -> None:
    request = cast.ask()
    cast.bia.send(cast.bia.press("Reject"), cast.bia.press("Approve"))
    request.refresh_from_db()
    assert request.state == "approved"  # a rejection is one only when its reason has come
    heard = cast.bia.say("too expensive")
    assert Decision.objects.get().verdict == "approve"
    assert any("Already approved by" in line for line in heard)


def test_a_late_tap_is_told_so_and_decides_nothing(cast: Cast, clock: Clock) -> None:
    request = cast.ask()
    clock.wind(61 * 24 * 3600)
    heard = cast.bia.tap("Approve")
    assert "too old" in heard[0]
    request.refresh_from_db()
    assert request.state == "open"


def test_a_tap_on_an_old_version_decides_nothing(cast: Cast) -> None:
    request = cast.ask()
    Request.objects.filter(pk=request.pk).update(version=request.version + 1)
    heard = cast.bia.tap("Approve")
    assert "changed" in heard[0]
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "payload", ["b1.1.aaaaaaaaaaaa.0000000000000000000000", "b1.", "b1.zz.x.y", "b1." + "9" * 190, "b1.1.\u00e9.x"]
)
def test_a_forged_button_decides_nothing(cast: Cast, payload: str) -> None:
    cast.ask()
    assert len(cast.bia.send(button_reply(cast.bia.phone, payload))) == 1
    assert not Decision.objects.exists()


def test_a_shared_handset_takes_tickets_but_never_decides(cast: Cast) -> None:
    request = cast.ask()
    cast.bia.contact.is_shared = True
    cast.bia.contact.save()
    heard = cast.bia.tap("Approve")
    assert "shared phone" in heard[0]
    request.refresh_from_db()
    assert request.state == "open"
    bia, ana = cast.bia.contact.employee, cast.ana.contact.employee
    category = make_category(make_team(members=[bia]), form=report_form())
    incidents.open_ticket(submission=make_submission(ana, report_form(), what="lamp"), category=category, by=ana)
    cast.bia.tap("Take")
    assert Ticket.objects.get().assignee == bia


def test_a_leaver_decides_nothing_and_learns_nothing(cast: Cast) -> None:
    request = cast.ask()
    tap = cast.bia.press("Approve")
    bia = cast.bia.contact.employee
    bia.state = "left"
    bia.save()
    heard = cast.bia.send(tap)
    assert not any(request.code in line for line in heard)
    assert not Decision.objects.exists()


def test_a_suspended_number_decides_nothing(cast: Cast) -> None:
    cast.ask()
    tap = cast.bia.press("Approve")
    cast.bia.contact.state = "suspended"
    cast.bia.contact.save()
    heard = cast.bia.send(tap)
    assert "HR" in heard[0]
    assert not Decision.objects.exists()


def test_a_bare_yes_decides_nothing(cast: Cast) -> None:
    request = cast.ask()
    cast.bia.say("yes, approved!")
    cast.bia.say(f"{request.code} approve")
    assert not Decision.objects.exists()


def test_an_edited_or_deleted_tap_changes_no_decision(cast: Cast) -> None:
    request = cast.ask()
    tap = cast.bia.press("Approve")
    cast.bia.send(tap)
    revoke = {"original_message_id": tap["id"]}
    number = cast.bia.number
    gone = {**text(cast.bia.phone, ""), "type": "revoke", "revoke": revoke}
    gone.pop("text")
    assert post(number.account, inbound(number, gone)).status_code == 200
    request.refresh_from_db()
    assert request.state == "approved"
