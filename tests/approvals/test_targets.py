import pytest
from django.utils import translation

from apps.approvals import services
from apps.approvals.models import Decision, Request
from apps.contacts.models import Window
from apps.conversations.targets import Completed, Reply, Tap, targets
from apps.core import clock
from apps.files import services as files
from apps.forms import services as forms
from apps.journal.models import Entry
from apps.outbox.models import Button
from apps.people.models import Employee
from tests.approvals.house import House, button, decide, kinds_to, seats, stage
from tests.factories import (
    expense_form,
    make_contact,
    make_flow,
    make_message,
    make_speaker,
    make_team,
    the_number,
)
from tests.incidents.test_tickets import JPEG

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def tap(row: Button, by: Employee) -> tuple[Reply, bool]:
    speaker = make_speaker(by)
    message = make_message(speaker.conversation, kind="tap")
    with translation.override("en"):
        return targets[row.target].tap(Tap(button=row, speaker=speaker, message=message))


def give_reason(reply: Reply, by: Employee, reason: str) -> Reply:
    assert reply.opens is not None
    target = targets[reply.opens.target]
    speaker = make_speaker(by)
    message = make_message(speaker.conversation, reason)
    return target.complete(Completed(target.name, reply.opens.argument, speaker, {"reason": reason}, None, message))


def test_flows_are_offered_and_lead_to_their_form(house: House):
    flow = house.expense_flow()
    speaker, target = make_speaker(house.ana), targets["approvals.request"]
    assert [(choice.key, choice.title) for choice in target.choices(speaker, "")] == [(flow.key, "Expense")]
    assert target.choices(speaker, flow.key) == ()
    opens = target.start(speaker, flow.key).opens
    assert opens is not None
    assert opens.form_version is not None


def test_a_finished_dialogue_is_a_request(house: House):
    flow = house.expense_flow()
    answers = {"what": "Taxi", "amount": "12.00", "receipt": None}
    submission = forms.submit(version=forms.freeze(form=expense_form()), by=house.ana, answers=answers)
    targets["approvals.request"].complete(
        Completed("approvals.request", flow.key, make_speaker(house.ana), answers, submission, None)
    )
    assert Request.objects.get().summary == "Taxi"


def test_one_tap_approves_with_the_message_as_proof(house: House):
    request = house.ask()
    reply, is_used = tap(button(house.caio, "approve"), house.caio)
    assert is_used
    assert reply.text == f"You approved {request.code}. Ana has been told."
    decision = Decision.objects.get()
    assert (decision.via, decision.proof[:6]) == ("button", "wamid.")


def test_a_forwarded_button_decides_nothing_and_leaves_a_trace(house: House):
    house.ask()
    reply, is_used = tap(button(house.caio, "approve"), house.bia)
    assert not is_used
    assert "not asked of you" in reply.text
    assert not Decision.objects.exists()
    assert Entry.objects.get(name="decision.refused").after["why"] == "not_asked"


def test_a_repeated_tap_reads_who_decided(house: House):
    house.ask()
    row = button(house.caio, "approve")
    tap(row, house.caio)
    reply, is_used = tap(row, house.caio)
    assert is_used
    assert "Already approved by Caio" in reply.text
    speaker = make_speaker(house.caio)
    with translation.override("en"):
        told = targets[row.target].explain(Tap(row, speaker, make_message(speaker.conversation, kind="tap")))
    assert "Already approved by Caio" in told.text


def test_a_rejection_counts_only_when_its_reason_has_come(house: House):
    request = house.ask()
    row = button(house.caio, "reject")
    reply, is_used = tap(row, house.caio)
    assert not is_used
    assert not Decision.objects.exists()
    told = give_reason(reply, house.caio, "No receipt")
    assert request.code in told.text
    assert Decision.objects.get().reason == "No receipt"
    row.refresh_from_db()
    assert row.used_at is not None


def test_a_reason_that_comes_too_late_decides_nothing(house: House):
    request = house.ask("400.00")
    reply, _used = tap(button(house.caio, "reject"), house.caio)
    decide(request, house.caio)
    with translation.override("en"):
        told = give_reason(reply, house.caio, "Changed my mind")
    assert "Already approved by Caio" in told.text
    assert Decision.objects.get().verdict == "approve"


def test_a_shared_phone_gives_no_reason(house: House):
    house.ask()
    reply, _used = tap(button(house.caio, "reject"), house.caio)
    house.caio.contacts.update(is_shared=True)
    with pytest.raises(Exception, match="shared phone"):
        give_reason(reply, house.caio, "No")
    assert not Decision.objects.exists()


def test_words_about_a_request_never_decide(house: House):
    request = house.ask()
    speaker = make_speaker(house.caio)
    with translation.override("en"):
        reply = targets["approvals.request"].follow_up(
            speaker, str(request.pk), make_message(speaker.conversation, "yes, ok")
        )
    assert reply is not None
    assert "nothing was decided" in reply.text
    assert seats(request) == [("Caio", "")]
    stranger = make_speaker(house.fabio)
    message = make_message(stranger.conversation, "R-1")
    assert targets["approvals.request"].follow_up(stranger, str(request.pk), message) is None


def test_my_requests_tells_amounts_in_the_readers_way_and_who_has_it(house: House):
    mine = targets["approvals.mine"]
    with translation.override("en"):
        assert "not asked for anything" in mine.start(make_speaker(house.ana), "").text
        request = house.ask()
        assert mine.start(make_speaker(house.ana), "").text == f"*{request.code}* Taxi · R$ 780,00\nIt waits for Caio."
    assert stage(request).state == "open"


def test_a_decider_whose_window_is_open_sees_the_receipt_and_others_see_it_when_they_ask(
    house: House, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    house.bia.contacts.all().delete()
    make_contact(house.bia, last_inbound_at=clock.now())
    team = make_team(leads=[house.bia, house.fabio])
    flow = make_flow({"approver": "team_lead", "team": team})
    receipt = files.store(content=JPEG, name="receipt.jpg")
    answers = {"what": "Taxi", "amount": "12.00", "receipt": [receipt.pk]}
    submission = forms.submit(version=forms.freeze(form=expense_form()), by=house.ana, answers=answers)
    request = services.submit(flow=flow, submission=submission, by=house.ana)
    assert kinds_to(house.bia) == ["request.receipt", "request.asked"]
    assert kinds_to(house.fabio) == ["request.asked"]
    Window.objects.create(contact=house.fabio.contacts.get(), number=the_number(), last_inbound_at=clock.now())
    speaker = make_speaker(house.fabio)
    message = make_message(speaker.conversation, request.code)
    targets["approvals.request"].follow_up(speaker, str(request.pk), message)
    assert kinds_to(house.fabio) == ["request.asked", "request.receipt"]
