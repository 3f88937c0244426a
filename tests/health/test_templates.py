"""A template is lost: its owner is told once, what depends on it is held, and leaves when it is usable again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.contacts.models import Contact
from apps.conversations import services as talk
from apps.conversations.models import Conversation, Message
from apps.conversations.targets import Speaker, Tap, targets
from apps.core import clock
from apps.health import telling
from apps.journal import reactor, sealer
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers import services as providers
from apps.providers.models import Account, Approval, MessageTemplate, Number, Translation
from apps.providers.types import TemplateChanged
from apps.providers.uses import uses
from apps.timers import sweeper as timers
from apps.timers.models import Timer
from tests.factories import make_contact, make_employee, make_user, the_number

pytestmark = pytest.mark.django_db
State = Approval.State


@pytest.fixture
def number() -> Number:
    providers.sync_kinds()
    return the_number()


def person(name: str, number: Number, *, may: bool = False, wrote: bool = True, **values: Any) -> Employee:
    employee = make_employee(name, **values)
    make_contact(employee, number=number, last_inbound_at=clock.now() if wrote else None)
    if may:
        make_user(roles=["Operator"], employee=employee)
    return employee


def approve(number: Number, *names: str) -> list[Approval]:
    rows = Translation.objects.select_related("template").filter(template__kind__in=names, language="en")
    return [
        Approval.objects.create(
            account=number.account, translation=row, remote_id=row.template.kind, name=row.template.kind.replace(".", "_"),
            remote_language="en", state="APPROVED", accepted_category="UTILITY", body=row.body,
            parameters=["x"], buttons=list(row.buttons),
        )
        for row in rows
    ]  # fmt: skip


def heard(account: Account, remote_id: str, event: str, at: int = 0, **values: Any) -> None:
    moment = clock.now() + timedelta(seconds=at)
    change = TemplateChanged(remote_id, "", "en", "state", {"event": event, **values}, moment)
    assert providers.apply_template_change(account=account, event=change)


def sink_in() -> None:
    sealer.seal_pending()
    reactor.run_all()
    Timer.objects.filter(handler=telling.TIMER).update(due_at=clock.now() - timedelta(seconds=1))
    timers.sweep()


def told(employee: Employee) -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind="templates.changed", contact__employee=employee).order_by("id"))


def test_the_owner_is_told_once_and_the_others_are_not(number: Number) -> None:
    owner, operator = person("Olga", number), person("Otto", number, may=True)
    (row,) = approve(number, "ticket.offered")
    MessageTemplate.objects.filter(kind="ticket.offered").update(owner=owner)
    heard(number.account, row.remote_id, "PAUSED", other_info={"title": "FIRST_PAUSE"})
    for _again in range(2):
        sink_in()
    (message,) = told(owner)
    assert told(operator) == []
    assert "“New ticket for the team” (English), which is now: paused" in message.text
    assert f"/admin/providers/messagetemplate/{row.translation.template_id}/change/" in message.text
    heard(number.account, row.remote_id, "APPROVED", at=1)
    sink_in()
    assert len(told(owner)) == 1  # good news waits for nobody
    heard(number.account, row.remote_id, "PAUSED", at=2, other_info={"title": "SECOND_PAUSE"})
    sink_in()
    assert len(told(owner)) == 2  # another pause is news again


def test_what_was_told_before_is_not_told_again_with_the_next(number: Number) -> None:
    operator = person("Otto", number, may=True)
    first, second = approve(number, "ticket.offered", "ticket.taken")
    heard(number.account, first.remote_id, "PAUSED")
    sink_in()
    heard(number.account, second.remote_id, "PAUSED")
    sink_in()
    assert ["New ticket for the team" in message.text for message in told(operator)] == [True, False]


@pytest.mark.parametrize("has_left", [True, False])
def test_without_an_owner_everybody_who_operates_accounts_is_told(number: Number, has_left: bool) -> None:
    first, second, other = person("Ana", number, may=True), person("Bia", number, may=True), person("Caio", number)
    (row,) = approve(number, "ticket.offered")
    if has_left:
        MessageTemplate.objects.filter(kind="ticket.offered").update(owner=make_employee("Gone", state="left"))
    heard(number.account, row.remote_id, "REJECTED", reason="SCAM")
    sink_in()
    assert [len(told(one)) for one in (first, second, other)] == [1, 1, 0]


def test_seventy_changes_of_one_moment_are_one_message(number: Number) -> None:
    operator = person("Otto", number, may=True)
    names = list(MessageTemplate.objects.exclude(kind="templates.changed").values_list("kind", flat=True))
    for row in approve(number, *names):
        heard(number.account, row.remote_id, "DISABLED")
    sink_in()
    (message,) = told(operator)
    assert f"and {len(names) - 3} more" in message.text
    assert "?at=trouble" in message.text


def test_an_announcement_is_told_and_holds_nothing(number: Number) -> None:
    operator = person("Otto", number, may=True)
    (row,) = approve(number, "ticket.offered")
    notice = {"new_category": "UTILITY", "correct_category": "MARKETING"}
    change = TemplateChanged(row.remote_id, "", "en", "category", notice, clock.now())
    providers.apply_template_change(account=number.account, event=change)
    sink_in()
    assert "will become MARKETING within a day" in told(operator)[0].text
    row.refresh_from_db()
    assert row.is_usable


def test_only_what_depends_on_it_is_held_and_it_leaves_when_somebody_agrees(number: Number) -> None:
    caio = person("Caio", number, wrote=False)
    approvals = approve(number, "ticket.taken", "ticket.resolved")
    Approval.objects.filter(pk=approvals[0].pk).update(category="MARKETING", state=State.RECATEGORISED)
    data = {"ticket": "T-1", "summary": "The lift", "name": "Bia", "text": "Done."}
    held = talk.notify(kind=approvals[0].translation.template.kind, to=caio, data=data, key="1")
    free = talk.notify(kind=approvals[1].translation.template.kind, to=caio, data=data, key="2")
    assert held is not None
    assert free is not None
    assert (held.state, held.held_reason) == ("held", "template_category")
    assert free.state == "queued"
    assert [use.count for use in uses(approvals[0].translation.template) if use.waits] == [1]
    assert [use.count for use in uses(approvals[1].translation.template) if use.waits] == []
    providers.accept_category(approval=approvals[0], by=make_user(roles=["HR"]))
    before = clock.now()
    sink_in()
    held.refresh_from_db()
    assert held.state != "held" or held.not_before <= before + timedelta(seconds=5)


# --- the buttons ------------------------------------------------------------------------------------------------------


def tap(employee: Employee, number: Number, action: str) -> str:
    """The answer to a tap on the newest note's button."""
    contact = Contact.objects.get(employee=employee)
    button = told(employee)[-1].minted_buttons.get(action=action)
    conversation, _new = Conversation.objects.get_or_create(contact=contact, number=number)
    speaker = Speaker(conversation=conversation, contact=contact, employee=employee)
    reply, is_used = targets[button.target].tap(Tap(button, speaker, Message(conversation=conversation)))
    assert not is_used
    return reply.text


def test_the_owner_chooses_by_tap_and_nobody_else_may(number: Number) -> None:
    owner = person("Olga", number)
    (row,) = approve(number, "ticket.offered")
    template = row.translation.template
    MessageTemplate.objects.filter(pk=template.pk).update(owner=owner)
    heard(number.account, row.remote_id, "PAUSED")
    sink_in()
    assert "Read button" in tap(owner, number, "knock")
    template.refresh_from_db()
    assert template.fallback == "knock"
    assert "messages wait" in tap(owner, number, "wait")
    template.refresh_from_db()
    assert template.fallback == "hold"
    MessageTemplate.objects.filter(pk=template.pk).update(owner=None)
    with pytest.raises(Exception, match="not yours"):
        tap(owner, number, "knock")
    template.refresh_from_db()
    assert template.fallback == "hold"


def test_the_home_shows_templates_in_trouble(number: Number) -> None:
    client = Client()
    client.force_login(make_user(roles=["HR"]))
    assert "Templates that need you" not in client.get("/admin/").content.decode()
    (row,) = approve(number, "ticket.offered")
    heard(number.account, row.remote_id, "PAUSED")
    page = client.get("/admin/").content.decode()
    assert "Templates that need you" in page
    assert "/admin/providers/messagetemplate/?at=trouble" in page
