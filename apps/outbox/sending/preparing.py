"""From claimed rows to requests that are ready to leave: planned again, budgets spent, or back with a reason and a moment.

Everything here happens on one thread, for a batch in a constant number of statements, in one transaction that ends before
anything is sent.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from apps.contacts import queries as contacts
from apps.core import clock
from apps.core.errors import LostAnswerError, Misconfigured, RecadoError, Refused, TryLater
from apps.core.http import FLIGHT_SECONDS, HttpRequest
from apps.outbox import budgets, bulk, opaque, outcomes, reasons, uploads
from apps.outbox.budgets_rows import HURRIED
from apps.outbox.models import Attempt, OutboundMessage
from apps.outbox.planning import planner
from apps.outbox.sending import claims
from apps.outbox.uploads import Upload
from apps.providers.base import Reaction, SendFailed, WhatsAppProvider
from apps.providers.registry import provider_for
from apps.providers.types import MediaMessage, OutgoingMessage, from_json

log = logging.getLogger("recado.outbox")

State = OutboundMessage.State
_WORDS = ("content", "text", "how", "opens")
_BACK = [*planner.PLANNED, "lease_until", "lease_token"]
_PARKED = ["state", "held_reason", "not_before", "opens", "lease_until", "lease_token"]

NOT_UPLOADED: tuple[tuple[type[RecadoError], Reaction], ...] = (
    (TryLater, Reaction.RETRY),
    (LostAnswerError, Reaction.RETRY),  # an upload that nobody uses harms nobody
    (Misconfigured, Reaction.ACCOUNT),
    (Refused, Reaction.MESSAGE),
)


@dataclass(frozen=True)
class Job:
    """Everything that sending one row needs, and nothing of the database. With an `upload`, that comes first."""

    message_id: int
    token: str
    is_hurried: bool
    leaves_until: datetime
    """Later it must not leave: its lease could be over, and the message somebody else's, before its answer comes."""
    provider: WhatsAppProvider
    outgoing: OutgoingMessage
    upload: Upload | None = None
    media_id: str = ""
    """What the carrier called the file that was just handed over."""
    prepared_at: float = 0.0
    """time.monotonic() when its plan was true."""

    def request(self) -> HttpRequest:
        return self.provider.prepare(self.outgoing)

    def with_media(self, media_id: str) -> "Job":
        """The same after its upload."""
        content = self.outgoing.content
        if not isinstance(content, MediaMessage):
            return self
        outgoing = replace(self.outgoing, content=replace(content, remote_id=media_id))
        return replace(self, upload=None, media_id=media_id, outgoing=outgoing)


def prepare(messages: Sequence[OutboundMessage]) -> list[Job]:
    """Jobs for those claimed rows that may leave now; all others go back with a reason, or as they were.

    While budgets cannot be asked nobody leaves.
    """
    with transaction.atomic():
        jobs = _prepare(messages)
    leaving = {job.message_id for job in jobs}
    claims.wake_behind(message.contact_id for message in messages if message.pk not in leaving)
    now = time.monotonic()
    return [replace(job, prepared_at=now) for job in jobs]


def _prepare(messages: Sequence[OutboundMessage]) -> list[Job]:
    before = {message.pk: tuple(getattr(message, name) for name in _WORDS) for message in messages}
    ready, phones = _planned(messages)
    try:
        granted = _granted(ready)
    except budgets.BudgetsLostError as error:
        log.warning("nothing leaves: %s (%s)", error, error.detail)
        give_back(ready)
        return []
    changed = [row for row in granted if before[row.pk] != tuple(getattr(row, name) for name in _WORDS)]
    bulk.update(changed, _WORDS)
    return _jobs(granted, phones)


def give_back(messages: Sequence[OutboundMessage]) -> None:
    """Claimed rows that were not sent are ready again, whoever sends them."""
    for row in messages:
        row.state, row.held_reason, row.not_before = State.QUEUED, "", min(row.not_before, clock.now())
        outcomes.release(row)
    bulk.update(messages, _PARKED)


def hand_back(jobs: Sequence[Job]) -> None:
    """Prepared messages that have not left are ready again. What they had of the budgets stays spent."""
    for token in {job.token for job in jobs}:
        rows = OutboundMessage.objects.filter(lease_token=token, pk__in=[job.message_id for job in jobs])
        rows.filter(state=State.SENDING).update(state=State.QUEUED, lease_token="", lease_until=None)
    if jobs:
        people = OutboundMessage.objects.filter(pk__in=[job.message_id for job in jobs])
        claims.wake_behind(people.values_list("contact", flat=True))


def _planned(messages: Sequence[OutboundMessage]) -> tuple[list[OutboundMessage], dict[int, str]]:
    """Those that may leave as far as the person, the wording and the account are concerned; and the phone of each."""
    phones: dict[int, str] = {}
    ready: list[OutboundMessage] = []
    others: list[OutboundMessage] = []
    for message, plan in zip(messages, planner.plan_many(messages), strict=True):
        planner.write(message, plan, ready=State.SENDING)
        phones[message.pk] = plan.phone
        (ready if plan.is_sendable else others).append(message)
    for row in others:
        outcomes.release(row)
    bulk.update(others, _BACK)
    outcomes.record_ends((row, State.SENDING) for row in others)
    return ready, phones


def _granted(ready: Sequence[OutboundMessage]) -> list[OutboundMessage]:
    """Those that every budget lets through; the others wait for their moment, or only for their number's next one."""
    now = clock.now()
    grants: list[budgets.Grant] = []
    for start in range(0, len(ready), budgets.BATCH):
        grants += budgets.reserve([budgets.want_for(row) for row in ready[start : start + budgets.BATCH]], now=now)
    free, parked, early = [], [], []
    for row, grant in zip(ready, grants, strict=True):
        if grant.is_free:
            free.append(row)
        elif grant.reason == reasons.SLOW_NUMBER:
            early.append(row)
        else:
            _park(row, grant, now)
            parked.append(row)
    bulk.update(parked, _PARKED)
    give_back(early)
    return free


def _park(row: OutboundMessage, grant: budgets.Grant, now: datetime) -> None:
    until = grant.until or now + planner.LOOK_AGAIN_OTHERWISE
    row.state, row.held_reason = State.QUEUED, grant.reason
    row.not_before = min(until, row.expires_at) if row.expires_at else until
    outcomes.release(row)


def _jobs(granted: Sequence[OutboundMessage], phones: Mapping[int, str]) -> list[Job]:
    jobs, broken = [], []
    for row in granted:
        try:
            jobs.append(_job(row, phones[row.pk]))
        except Exception as error:  # one row that cannot be prepared must not hold up the others
            log.exception("message %s could not be prepared", row.pk)
            broken.append((row, _failure(error)))
    if broken:
        _put_back(broken)
    return jobs


def _job(message: OutboundMessage, phone: str) -> Job:
    content, upload = from_json(message.content), None
    if isinstance(content, MediaMessage) and not content.remote_id:
        content, upload = uploads.ready(content, message.number)
    # An id costs a query, and only a hidden phone needs one.
    user_id = "" if phone else contacts.user_id_of(message.contact, message.number)
    outgoing = OutgoingMessage(
        number_id=message.number.remote_id, to=phone, user_id=user_id, content=content,
        opaque=opaque.mark(message.pk), quoted_id=message.in_reply_to,
    )  # fmt: skip
    return Job(
        message.pk, message.lease_token, message.lane in HURRIED,
        leaves_until=(message.lease_until or clock.now()) - timedelta(seconds=FLIGHT_SECONDS),
        provider=provider_for(message.number.account), outgoing=outgoing, upload=upload,
    )  # fmt: skip


def _failure(error: Exception) -> SendFailed:
    sentence = (
        str(error) if isinstance(error, RecadoError) else "Recado could not prepare this message; see the detail."
    )
    reaction = next((reaction for cls, reaction in NOT_UPLOADED if isinstance(error, cls)), Reaction.RETRY)
    return SendFailed(sentence, reaction=reaction, code=getattr(error, "code", "internal"), detail=repr(error)[:1000])


def _put_back(broken: Sequence[tuple[OutboundMessage, SendFailed]]) -> None:
    now, beside = clock.now(), outcomes.beside(row.pk for row, _error in broken)
    attempts = []
    for row, error in broken:
        outcome = outcomes.fail(outcomes.Failure(row, error, now, beside=beside))
        attempts.append(outcomes.attempt(row, outcome, now=now, error=error))
    bulk.update([row for row, _error in broken], outcomes.SAVED)
    Attempt.objects.bulk_create(attempts)
    outcomes.record_ends((row, State.SENDING) for row, _error in broken)
