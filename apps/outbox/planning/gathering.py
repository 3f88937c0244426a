"""The facts about many messages at once: a constant number of queries, read as the rows stand now. Writes nothing."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from apps.calendars import queries as calendars
from apps.calendars.hours import Calendar
from apps.contacts import queries as contacts
from apps.contacts import window
from apps.contacts.queries import Asked, DeliveryFacts
from apps.outbox import buttons, reasons
from apps.outbox.kinds import KNOCK
from apps.outbox.models import Button, OutboundMessage
from apps.outbox.planning.deciding import ASKED_FOR, GOES_AHEAD, Approved, Face, Facts, Wording
from apps.outbox.planning.quiet import Person, Rest, rest, spares_nobody
from apps.providers import queries as providers
from apps.providers.kinds import kinds
from apps.providers.languages import chain
from apps.providers.models import MessageTemplate
from apps.providers.queries import Phrase
from apps.providers.types import from_json

REPLY_LASTS = timedelta(minutes=10)
"""An answer within this time is caused by the person's own message and needs no consent."""

State = OutboundMessage.State
_TELLING = [State.QUEUED, State.SENDING, State.SENT, State.DELIVERED, State.READ, State.UNSURE]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Faces = Mapping[str, Sequence[Face]]
"""Buttons by the key of their message."""


Pair = tuple[int, int]
"""Contact and number."""


@dataclass(frozen=True)
class Gathered:
    """What was read for a number of messages; `facts` puts together those of one."""

    now: datetime
    known: Sequence[DeliveryFacts]
    phrases: Mapping[tuple[str, int], Sequence[Phrase]]
    faces: Faces
    calendars: Mapping[int | None, Calendar]
    told: Set[Pair | tuple[Pair, str, str]]
    """Who is told of an item by a template already, and behind whose knock something waits."""

    def facts(self, place: int, message: OutboundMessage) -> Facts:
        """The facts about the message that stood at `place`."""
        known = self.known[place]
        phrases = self.phrases.get((message.kind, known.account_id), ()) if _is_worded(message) else ()
        is_open = _is_open(message, known)
        pair = (message.contact_id, message.number_id)
        return Facts(
            now=self.now,
            is_reply=is_answer(message, self.now),
            expires_at=message.expires_at,
            has_left=known.has_left,
            is_linked=known.is_linked,
            is_reachable=known.has_address and not known.is_unreachable,
            has_consent=known.consent,
            is_stopped=known.is_stopped,
            lane=message.lane,
            klass=message.klass,
            rest=self._rest(message, known),
            is_account_active=known.is_account_active,
            restricted_until=known.restricted_until,
            is_window_open=is_open,
            given=from_json(message.given) if message.given else None,
            wordings=_wordings(phrases, message.language),
            falls_back_to_knock=any(phrase.fallback == MessageTemplate.Fallback.KNOCK for phrase in phrases),
            may_knock=not is_open and self._may_knock(message, known),
            is_awaited=message.kind != KNOCK.name or (not is_open and pair in self.told),
            values=_values(message),
            faces=self.faces.get(message.key, ()),
            goes_ahead=bool(_values(message).get(GOES_AHEAD)),
        )

    def _rest(self, message: OutboundMessage, known: DeliveryFacts) -> Rest | None:
        if not _may_have_to_wait(message, self.now):
            return None
        person = Person(self.calendars[known.calendar_id], known.time_zone, known.quiet_from, known.quiet_until)
        return rest(person, message.klass, self.now)

    def _may_knock(self, message: OutboundMessage, known: DeliveryFacts) -> bool:
        """There is an approved knock, and no template on its way tells the person of the same item."""
        told = ((message.contact_id, message.number_id), message.subject_type, message.subject_id)
        is_usable = any(
            one.is_approved and "read" in one.actions for one in self.phrases.get((KNOCK.name, known.account_id), ())
        )
        return is_usable and _is_worth_a_knock(message) and (not message.subject_id or told not in self.told)


def gather(messages: Sequence[OutboundMessage], now: datetime, faces: Faces | None = None) -> Gathered:
    """Read what these messages depend on: contacts and what hangs on them, numbers, wording, buttons, calendars, and what
    they were told already; each at most once.

    `faces` are the buttons of all of them, when the caller is about to mint them.
    """
    asked = [Asked(one.contact_id, one.number_id, one.klass, is_answer(one, now)) for one in messages]
    known = contacts.delivery_facts_of(asked, now)
    both = list(zip(messages, known, strict=True))
    if faces is None:
        faces = _minted({one.pk: one.key for one in messages if not one.given and one.pk is not None})
    wanted = {(one.kind, fact.account_id) for one, fact in both if _is_worded(one)}
    wanted |= {
        (KNOCK.name, fact.account_id) for one, fact in both if _is_worth_a_knock(one) and not _is_open(one, fact)
    }
    resting = {fact.calendar_id for one, fact in both if _may_have_to_wait(one, now)}
    return Gathered(
        now,
        known,
        providers.phrases(wanted),
        faces,
        calendars.pure(resting) if resting else {},
        _told(both) | _awaited(both),
    )


def _is_open(message: OutboundMessage, known: DeliveryFacts) -> bool:
    return known.is_window_open and not _was_refused(message, known.closes_at)


def _is_worth_a_knock(message: OutboundMessage) -> bool:
    """An answer lives in the window of the words that it answers; and nobody knocks for a knock."""
    return not message.is_reply and message.kind != KNOCK.name


def _told(both: Sequence[tuple[OutboundMessage, DeliveryFacts]]) -> set[tuple[Pair, str, str]]:
    """Items of which a template on its way tells the person since they last wrote: a photo that follows needs no knock."""
    about = {(one.contact_id, one.number_id): fact.last_inbound_at for one, fact in both
             if one.given and one.subject_id and _is_worth_a_knock(one) and not _is_open(one, fact)}  # fmt: skip
    if not about:
        return set()
    telling = OutboundMessage.objects.filter(
        contact__in={contact for contact, _number in about}, subject_id__in={one.subject_id for one, _fact in both},
        how=OutboundMessage.How.TEMPLATE, state__in=_TELLING,
    ).exclude(kind=KNOCK.name)  # fmt: skip
    found = telling.order_by().values_list("contact_id", "number_id", "subject_type", "subject_id", "created_at")
    return {
        ((contact, number), kind, key)
        for contact, number, kind, key, made in found
        if (contact, number) in about and made > (about[contact, number] or _EPOCH)
    }


def _awaited(both: Sequence[tuple[OutboundMessage, DeliveryFacts]]) -> set[Pair]:
    """Behind whose knock something waits, of those that a knock among these messages is for."""
    pairs = {(one.contact_id, one.number_id) for one, _fact in both if one.kind == KNOCK.name}
    if not pairs:
        return set()
    waiting = OutboundMessage.objects.filter(
        state=State.HELD, held_reason=reasons.KNOCKED, contact__in={contact for contact, _number in pairs}
    )
    return set(waiting.order_by().values_list("contact_id", "number_id").distinct())


def is_answer(message: OutboundMessage, now: datetime) -> bool:
    """Caused by the person's own message, or asked for by a tap on *Read*, and still fresh."""
    since = message.created_at if message.is_reply else None
    asked = _values(message).get(ASKED_FOR)
    since = (parse_datetime(asked) if isinstance(asked, str) else None) or since
    return since is not None and now - since < REPLY_LASTS


def _values(message: OutboundMessage) -> dict[str, Any]:
    return message.data if isinstance(message.data, dict) else {}


def _may_have_to_wait(message: OutboundMessage, now: datetime) -> bool:
    return not is_answer(message, now) and not spares_nobody(message.lane, message.klass)


def _is_worded(message: OutboundMessage) -> bool:
    kind = kinds.get(message.kind)
    return not message.given and kind is not None and bool(kind.bodies)


def _was_refused(message: OutboundMessage, closes_at: datetime | None) -> bool:
    """The carrier called the window closed and the person has not written since: its word beats our count."""
    refused = message.window_refused_at
    return refused is not None and (closes_at is None or closes_at - window.LENGTH <= refused)


def _minted(keys: Mapping[int, str]) -> dict[str, list[Face]]:
    found: dict[str, list[Face]] = {}
    for row in Button.objects.filter(message__in=list(keys)).order_by("id") if keys else ():
        face = Face(row.action, buttons.payload(row), row.title)
        found.setdefault(keys[row.message_id or 0], []).append(face)
    return found


def _wordings(phrases: Sequence[Phrase], language: str) -> list[Wording]:
    by_language = {phrase.language: phrase for phrase in phrases}
    order = chain(language, by_language, house=settings.LANGUAGE_CODE)
    return [_wording(by_language[code]) for code in order]


def _wording(phrase: Phrase) -> Wording:
    approved = Approved(
        state=phrase.approval, name=phrase.approved_name, language=phrase.approved_language, body=phrase.approved_body,
        parameters=phrase.parameters, actions=phrase.actions,
    ) if phrase.approval else None  # fmt: skip
    return Wording(phrase.body, phrase.titles, phrase.language, approved)
