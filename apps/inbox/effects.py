"""What each normalised event does. One transaction per event: the caller's."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.conversations import services as conversations
from apps.core import clock
from apps.files.models import File
from apps.inbox import routing
from apps.inbox.models import InboundEvent
from apps.inbox.routing import Incoming
from apps.journal.services import record
from apps.outbox import services as outbox
from apps.providers import services as providers
from apps.providers.models import Number
from apps.providers.types import (
    AccountChanged,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    StatusChanged,
    TemplateChanged,
    Unknown,
    from_json,
)

State = InboundEvent.State


@dataclass(frozen=True)
class Outcome:
    """`state` is DONE or IGNORED; `note` says in a word what took it, or why not."""

    state: str = State.DONE
    note: str = ""


def apply(row: InboundEvent) -> Outcome:
    """Let one event take effect. Anything raised rolls all of it back and is tried again."""
    event = from_json(row.data)
    handler: Callable[..., Outcome] = _HANDLERS[type(event).__name__]
    return handler(row, event)


def _number(row: InboundEvent, remote_id: str) -> Number | None:
    return Number.objects.select_related("account__portfolio").filter(remote_id=remote_id, account=row.account).first()


def _message_received(row: InboundEvent, event: MessageReceived) -> Outcome:
    number = _number(row, event.number_id)
    if number is None:
        return Outcome(State.IGNORED, f"unknown number {event.number_id}")
    now = clock.now()
    sent_at = min(event.at, now)  # a phone whose clock is ahead must not keep its window open for ever
    contact = contacts.resolve_sender(number=number, sender=event.sender, at=sent_at)
    file = File.objects.filter(pk=row.data["file_id"]).first() if row.data.get("file_id") else None
    files = [file] if file else []
    message, is_new = conversations.record_inbound(number=number, contact=contact, event=event, files=files)
    if not is_new:
        return Outcome(State.IGNORED, "already recorded")
    contacts.touch_window(number=number, contact=contact, at=sent_at)
    outbox.replan_held(contact=contact)
    incoming = Incoming(number=number, contact=contact, message=message, event=event, files=files, now=now)
    with translation.override(contact.spoken_language):
        note = routing.route(incoming)
    message.handled_by = note
    message.save(update_fields=["handled_by"])
    return Outcome(note=note)


def _message_edited(row: InboundEvent, event: MessageEdited) -> Outcome:
    found = conversations.record_edit(original_id=event.original_id, text=event.text, at=event.at, account=row.account)
    return Outcome(note="edit kept") if found else Outcome(State.IGNORED, "edit of an unknown message")


def _message_revoked(row: InboundEvent, event: MessageRevoked) -> Outcome:
    found = conversations.record_revoke(original_id=event.original_id, at=event.at, account=row.account)
    return Outcome(note="deletion kept") if found else Outcome(State.IGNORED, "deletion of an unknown message")


def _status_changed(row: InboundEvent, event: StatusChanged) -> Outcome:
    number = _number(row, event.number_id)
    if number is None:
        return Outcome(State.IGNORED, f"unknown number {event.number_id}")
    outbox.apply_statuses(number=number, events=[event])
    return Outcome(note=event.status)


def _identity_changed(row: InboundEvent, event: IdentityChanged) -> Outcome:
    number = _number(row, event.number_id)
    if number is None:
        return Outcome(State.IGNORED, f"unknown number {event.number_id}")
    contacts.change_identity(event=event, number=number)
    return Outcome(note=event.change)


def _preference_changed(row: InboundEvent, event: PreferenceChanged) -> Outcome:
    number = _number(row, event.number_id)
    if number is None:
        return Outcome(State.IGNORED, f"unknown number {event.number_id}")
    contact = contacts.resolve_sender(number=number, sender=event.sender, at=min(event.at, clock.now()))
    contacts.note_marketing_choice(contact=contact, is_allowed=event.value == "resume", proof=row.key)
    return Outcome(note=event.value)


def _template_changed(row: InboundEvent, event: TemplateChanged) -> Outcome:
    found = providers.apply_template_change(account=row.account, event=event)
    return Outcome(note=event.what) if found else Outcome(State.IGNORED, "a template that is not ours")


def _account_changed(row: InboundEvent, event: AccountChanged) -> Outcome:
    record("account.notified", subject=row.account, after={"what": event.what, "event": event.event})
    return Outcome(State.IGNORED, f"{event.what} {event.event}".strip())


def _unknown(row: InboundEvent, event: Unknown) -> Outcome:
    return Outcome(State.IGNORED, event.what)


_HANDLERS: dict[str, Callable[..., Outcome]] = {
    "MessageReceived": _message_received,
    "MessageEdited": _message_edited,
    "MessageRevoked": _message_revoked,
    "StatusChanged": _status_changed,
    "IdentityChanged": _identity_changed,
    "PreferenceChanged": _preference_changed,
    "TemplateChanged": _template_changed,
    "AccountChanged": _account_changed,
    "Unknown": _unknown,
}


def apologise(row: InboundEvent) -> None:
    """Tell a person that their message was kept but not understood by us; nothing for events nobody wrote."""
    event = from_json(row.data) if row.data.get("type") == "MessageReceived" else None
    number = _number(row, event.number_id) if event else None
    if event is None or number is None:
        return
    sent_at = min(event.at, clock.now())
    contact: Contact = contacts.resolve_sender(number=number, sender=event.sender, at=sent_at)
    contacts.touch_window(number=number, contact=contact, at=sent_at)
    message, _is_new = conversations.record_inbound(number=number, contact=contact, event=event, files=[])
    with translation.override(contact.spoken_language):
        text = _("Something went wrong on our side. Your message is kept and our team can see it. "
                 "Please send it once more, or write *menu*.")  # fmt: skip
        conversations.say(conversation=message.conversation, text=text, key=f"apology:{row.pk}", caused_by=message)
