"""What each normalised event does. The transaction is the caller's."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import codes
from apps.contacts import services as contacts
from apps.conversations import reading
from apps.conversations import services as conversations
from apps.conversations.services import Arrival
from apps.core import clock
from apps.core.together import recall
from apps.files.models import File
from apps.inbox import routing
from apps.inbox.models import InboundEvent
from apps.inbox.routing import Incoming
from apps.journal.services import correlation
from apps.outbox import buttons
from apps.outbox import queries as outbox_queries
from apps.outbox import services as outbox
from apps.providers import news
from apps.providers import services as providers
from apps.providers.models import Number
from apps.providers.types import (
    AccountChanged,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    Sender,
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


def apply_all(rows: Sequence[InboundEvent]) -> list[Outcome]:
    """Let events take effect in their order, inside one transaction and batch (core.together) of the caller's.

    Runs of messages whose senders are known are recorded together; whatever may change who is who stands between two
    runs, alone. Anything raised rolls all of them back: then they are tried one by one.
    """
    outcomes: list[Outcome] = []
    known: dict[int, Arrival] | None = None
    while len(outcomes) < len(rows):
        rest = rows[len(outcomes) :]
        known = _known(rest) if known is None else known
        run = [one for one in takewhile(bool, (known.get(row.pk) for row in rest)) if one is not None]
        if run:
            outcomes += _messages(rest[: len(run)], run)
        else:
            with correlation(_correlation(rest[0])):
                outcomes.append(_apply(rest[0]))
            if rest[0].name in _CHANGES_WHO_IS_WHO:
                known = None
    return outcomes


EARLY = (MessageEdited.__name__, MessageRevoked.__name__)
_CHANGES_WHO_IS_WHO = frozenset({MessageReceived.__name__, IdentityChanged.__name__, PreferenceChanged.__name__})


def _correlation(row: InboundEvent) -> str:
    return f"event:{row.pk}"


def _known(rows: Sequence[InboundEvent]) -> dict[int, Arrival]:
    """The messages among `rows` about whose senders there is nothing to write and nothing to doubt, by event."""
    asked: list[tuple[InboundEvent, Number, MessageReceived]] = []
    for row in rows:
        event = from_json(row.data) if row.name == MessageReceived.__name__ else None
        number = _number(row, event.number_id) if event is not None else None
        # A code may change who stands behind other addresses of the batch: it is looked at alone.
        if event is not None and number is not None and codes.read(event.text) is None:
            asked.append((row, number, event))
    if not asked:
        return {}
    contacts_ = contacts.recognise([(number, _sender(event)) for _row, number, event in asked])
    wanted = {int(row.data["file_id"]) for row, _number_, _event in asked if row.data.get("file_id")}
    files = File.objects.in_bulk(wanted) if wanted else {}
    return {
        row.pk: Arrival(number, contact, event, _files(row, files), _correlation(row))
        for (row, number, event), contact in zip(asked, contacts_, strict=True)
        if contact is not None
    }


def _files(row: InboundEvent, files: Mapping[int, File]) -> list[File]:
    file = files.get(row.data.get("file_id") or 0)
    return [file] if file is not None else []


def _apply(row: InboundEvent) -> Outcome:
    """Let one event take effect. Anything raised rolls all of it back and is tried again."""
    event = from_json(row.data)
    handler: Callable[..., Outcome] = _HANDLERS[type(event).__name__]
    return handler(row, event)


def _number(row: InboundEvent, remote_id: str) -> Number | None:
    numbers = Number.objects.select_related("account__portfolio").filter(remote_id=remote_id, account=row.account_id)
    return recall(("number", remote_id, row.account_id), numbers.first)


def _sender(event: MessageReceived) -> Sender:
    """Who wrote. Somebody whose phone is hidden may have sent it on our request, which WhatsApp vouches for."""
    own_phone = str(event.extra.get("own_phone") or "")
    return replace(event.sender, phone=own_phone) if own_phone and not event.sender.phone else event.sender


def _sent_at(event: MessageReceived) -> datetime:
    """When it was sent: a phone whose clock is ahead must not keep its window open for ever."""
    return min(event.at, clock.now())


def _message_received(row: InboundEvent, event: MessageReceived) -> Outcome:
    """One whose sender is new, has changed, or is in doubt."""
    number = _number(row, event.number_id)
    if number is None:
        return Outcome(State.IGNORED, f"unknown number {event.number_id}")
    contact = contacts.resolve_sender(number=number, sender=_sender(event), at=_sent_at(event))
    file_id = row.data.get("file_id")
    files = File.objects.in_bulk([file_id]) if file_id else {}
    return _messages([row], [Arrival(number, contact, event, _files(row, files))])[0]


def _messages(rows: Sequence[InboundEvent], arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Record these messages, move their windows, and let each be routed in its turn."""
    recorded = conversations.record_arrivals(arrivals)
    new = [one for one, (_message, is_new) in zip(arrivals, recorded, strict=True) if is_new]
    _catch_up(rows, {one.event.remote_id for one in new})
    contacts.touch_windows([(one.number, one.contact, _sent_at(one.event)) for one in new])
    buttons.lock_all(one.event.tapped.payload for one in new if one.event.tapped is not None)
    holding = outbox_queries.holding({one.contact.pk for one in new})
    outcomes, notes = [], defaultdict(list)
    for row, one, (message, is_new) in zip(rows, arrivals, recorded, strict=True):
        if not is_new:
            outcomes.append(Outcome(State.IGNORED, "already recorded"))
            continue
        with correlation(_correlation(row)), translation.override(one.contact.spoken_language):
            if one.contact.pk in holding:
                outbox.replan_held(contact=one.contact)
            note = routing.route(Incoming(one.number, one.contact, message, one.event, one.files))
        if one.contact.employee_id is not None:  # strangers learn nothing, not even that they were read
            reading.taken_up(conversation=message.conversation, account=one.number.account)
        message.handled_by = note
        notes[note].append(message.pk)
        outcomes.append(Outcome(note=note))
    for note, ids in notes.items():
        conversations.note_step(ids=ids, step=note)
    return outcomes


def _catch_up(rows: Sequence[InboundEvent], arrived: Set[str]) -> None:
    """Edits and deletions that came before their message, and found nothing then."""
    persons = {row.person for row in rows if row.person}
    early = InboundEvent.objects.filter(person__in=persons, state=State.IGNORED, name__in=EARLY).select_related(
        "account"
    )
    for row in early.order_by("id"):
        if row.data.get("original_id") in arrived:
            outcome = _apply(row)
            InboundEvent.objects.filter(pk=row.pk).update(state=outcome.state, note=outcome.note[:200])


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
    found = contacts.change_identity(event=event, number=number)
    return Outcome(note=event.change) if found else Outcome(State.IGNORED, f"{event.change} of somebody unknown")


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
    told = news.apply_news(account=row.account, event=event)
    note = f"{event.what} {event.event}: {told.code}"[:200]
    return Outcome(State.IGNORED if told.code == "unknown" else State.DONE, note)


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
    contact = contacts.resolve_sender(number=number, sender=event.sender, at=_sent_at(event))
    contacts.touch_window(number=number, contact=contact, at=_sent_at(event))
    message, _is_new = conversations.record_inbound(number=number, contact=contact, event=event, files=[])
    with translation.override(contact.spoken_language):
        text = _("Something went wrong on our side. Your message is kept and our team can see it. "
                 "Please send it once more, or write *menu*.")  # fmt: skip
        conversations.say(conversation=message.conversation, text=text, key=f"apology:{row.pk}", caused_by=message)
