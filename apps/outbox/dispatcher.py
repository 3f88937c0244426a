"""The dispatcher: claims rows, plans them again, sends them outside any transaction, saves what became of them.

All database work stays on the calling thread; threads do nothing but talk to the carrier. A kill between sending and
saving leaves rows in `sending`: when their lease runs out nobody knows, and they become unsure.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction

from apps.contacts import queries as contacts
from apps.core import clock
from apps.core.errors import LostAnswerError, Misconfigured, RecadoError, Refused, TryLater
from apps.files import queries as files
from apps.outbox import claims, opaque, outcomes, planner, statuses
from apps.outbox.machine import rank
from apps.outbox.models import Attempt, OutboundMessage
from apps.providers.base import Reaction, SendFailed, WhatsAppProvider
from apps.providers.registry import provider_for
from apps.providers.types import MediaMessage, OutgoingMessage, SendResult, from_json, to_json

log = logging.getLogger("recado.outbox")

RUN_SECONDS = 20.0
"""How long one run takes up new rows; then it finishes what it holds. The next nudge or sweep starts another."""
SAVE_AT_LEAST_EVERY = 0.1  # seconds
State = OutboundMessage.State

_NOT_UPLOADED: tuple[tuple[type[RecadoError], Reaction], ...] = (
    (TryLater, Reaction.RETRY),
    (LostAnswerError, Reaction.RETRY),  # an upload that nobody uses harms nobody
    (Misconfigured, Reaction.ACCOUNT),
    (Refused, Reaction.MESSAGE),
)


@dataclass(frozen=True)
class Upload:
    content: bytes
    mime_type: str
    filename: str


@dataclass(frozen=True)
class Job:
    """Everything that a thread needs to send one row, and nothing of the database."""

    message_id: int
    token: str
    provider: WhatsAppProvider
    outgoing: OutgoingMessage
    upload: Upload | None = None


@dataclass(frozen=True)
class Done:
    """How it ended: exactly one of `result` and `error`. `media_id` is what the carrier called a fresh upload."""

    message_id: int
    token: str
    result: SendResult | None = None
    error: SendFailed | None = None
    media_id: str = ""
    seconds: float = 0.0


def threads() -> int:
    """How many sends one dispatcher has in flight."""
    return int(settings.OUTBOX_THREADS)


def run(*, seconds: float = RUN_SECONDS) -> Counter[str]:
    """Send what is due until nothing is left or the time is up; returns how many tries had which outcome."""
    counts: Counter[str] = Counter()
    until = time.monotonic() + seconds
    size = threads()
    in_flight: set[Future[Done]] = set()
    providers: dict[int, WhatsAppProvider] = {}
    with ThreadPoolExecutor(max_workers=size, thread_name_prefix="outbox") as pool:
        try:
            while True:
                claimed: list[OutboundMessage] = []
                # Refilled by halves: a claim of one place would always go to the most urgent lane.
                if time.monotonic() < until and len(in_flight) <= size // 2:
                    claimed = claims.claim(size - len(in_flight))
                    in_flight |= {pool.submit(send, job) for job in prepare(claimed, providers)}
                if not claimed and not in_flight:
                    return counts
                done, in_flight = wait(in_flight, timeout=SAVE_AT_LEAST_EVERY, return_when=FIRST_COMPLETED)
                counts += save([future.result() for future in done])
        finally:
            # Whatever stops us, what was handed over is awaited and saved: only a kill leaves rows unsure.
            done, in_flight = wait(in_flight)
            counts += save([future.result() for future in done])


# --- before -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def prepare(messages: Sequence[OutboundMessage], providers: dict[int, WhatsAppProvider]) -> list[Job]:
    """Plan claimed rows again; what may not leave after all goes back with its reason."""
    jobs = []
    for message in messages:
        try:
            with transaction.atomic():
                job = _prepare(message, providers)
        except Exception as error:  # one row that cannot be planned must not hold up the others
            log.exception("message %s could not be prepared", message.pk)
            _put_back(message, error)
            continue
        if job is not None:
            jobs.append(job)
    return jobs


def _prepare(message: OutboundMessage, providers: dict[int, WhatsAppProvider]) -> Job | None:
    plan = planner.plan(message)
    planner.write(message, plan, ready=State.SENDING)
    if not plan.is_sendable:
        outcomes.release(message)
        message.save(update_fields=outcomes.SAVED)
        outcomes.record_end(message, State.SENDING)
        return None
    message.save(update_fields=planner.PLANNED)
    content = from_json(message.content)
    account = message.number.account
    if account.pk not in providers:
        providers[account.pk] = provider_for(account)
    phone, user_id = message.contact.phone, contacts.user_id_of(message.contact, message.number)
    outgoing = OutgoingMessage(
        number_id=message.number.remote_id, to=phone, user_id=user_id, content=content,
        opaque=opaque.mark(message.pk), quoted_id=message.in_reply_to,
    )  # fmt: skip
    upload = _upload_of(content) if isinstance(content, MediaMessage) and not content.remote_id else None
    return Job(message.pk, message.lease_token, providers[account.pk], outgoing, upload)


def _upload_of(content: MediaMessage) -> Upload:
    found = files.by_ids([content.file_id])
    if not found:
        raise Refused("The file of this message is gone.", code="no_file")
    return Upload(files.content_of(found[0]), found[0].kind, content.filename or found[0].name)


def _put_back(message: OutboundMessage, error: Exception) -> None:
    sentence = (
        str(error) if isinstance(error, RecadoError) else "Recado could not prepare this message; see the detail."
    )
    reaction = next((reaction for cls, reaction in _NOT_UPLOADED if isinstance(error, cls)), Reaction.RETRY)
    failed = SendFailed(sentence, reaction=reaction, code=getattr(error, "code", "internal"), detail=repr(error)[:1000])
    now = clock.now()
    outcome = outcomes.fail(outcomes.Failure(message, failed, now))
    message.save(update_fields=outcomes.SAVED)
    outcomes.attempt(message, outcome, now=now, error=failed).save()
    outcomes.record_end(message, State.SENDING)


# --- sending (in threads) ---------------------------------------------------------------------------------------------


def send(job: Job) -> Done:
    """Talk to the carrier once. Never raises: whatever happens is an outcome."""
    started = time.monotonic()
    done = Done(job.message_id, job.token)
    outgoing = job.outgoing
    try:
        if job.upload is not None and isinstance(outgoing.content, MediaMessage):
            done = replace(done, media_id=_uploaded(job, job.upload))
            outgoing = replace(outgoing, content=replace(outgoing.content, remote_id=done.media_id))
        done = replace(done, result=job.provider.send(outgoing))
    except SendFailed as error:
        done = replace(done, error=error)
    except Exception as error:  # the edge of a thread: a bug of ours may strike after the carrier took it
        log.exception("sending message %s failed", job.message_id)
        done = replace(done, error=SendFailed("Recado failed while sending; nobody knows whether it arrived.",
                                              reaction=Reaction.UNSURE, code="internal", detail=repr(error)[:1000]))  # fmt: skip
    return replace(done, seconds=time.monotonic() - started)


def _uploaded(job: Job, upload: Upload) -> str:
    try:
        number_id = job.outgoing.number_id
        return job.provider.upload_media(number_id, upload.content, upload.mime_type, upload.filename)
    except tuple(cls for cls, _reaction in _NOT_UPLOADED) as error:
        reaction = next(reaction for cls, reaction in _NOT_UPLOADED if isinstance(error, cls))
        raise SendFailed(str(error), reaction=reaction, code=error.code, detail=error.detail,
                         after=getattr(error, "after", None)) from error  # fmt: skip


# --- after ------------------------------------------------------------------------------------------------------------


def save(dones: Iterable[Done]) -> Counter[str]:
    """Save how these sends ended, in one transaction."""
    by_id = {done.message_id: done for done in dones}
    counts: Counter[str] = Counter()
    if not by_id:
        return counts
    with transaction.atomic():
        rows = (
            OutboundMessage.objects.select_for_update(of=("self",))
            .select_related("contact__employee", "number__account")
            .filter(pk__in=by_id)
            .order_by("pk")
        )
        attempts = [_save(row, by_id[row.pk]) for row in rows]
        Attempt.objects.bulk_create(attempts)
        statuses.take_early(attempt.remote_id for attempt in attempts if attempt.remote_id)
    counts.update(attempt.outcome for attempt in attempts)
    return counts


def _save(row: OutboundMessage, done: Done) -> Attempt:
    now, before = clock.now(), row.state
    is_ours = row.state == State.SENDING and row.lease_token == done.token
    if done.media_id:
        _keep_upload(row, done.media_id)
    if done.result is not None:
        outcome, remote_id = Attempt.Outcome.ACCEPTED, done.result.remote_id[:255]
        if is_ours:
            outcomes.accept(row, remote_id=remote_id, now=now)
        else:
            _accept_late(row, remote_id)
        attempt = outcomes.attempt(row, outcome, now=now, remote_id=remote_id, seconds=done.seconds)
    else:
        error = done.error or SendFailed("No outcome.", reaction=Reaction.UNSURE, code="internal")
        # A row that was given up as unsure meanwhile learns here what really happened.
        if is_ours or row.state == State.UNSURE:
            outcome = outcomes.fail(outcomes.Failure(row, error, now))
        else:
            outcome = Attempt.Outcome.UNSURE
        attempt = outcomes.attempt(row, outcome, now=now, error=error, seconds=done.seconds)
    row.save(update_fields=outcomes.SAVED)
    outcomes.record_end(row, before)
    return attempt


def _accept_late(row: OutboundMessage, remote_id: str) -> None:
    """Our lease ran out, or a status was faster: the row may have moved on already."""
    is_told = row.tries.filter(remote_id=remote_id).exists()
    if is_told:
        row.attempts = max(row.attempts, 1)
        return
    if row.state in {State.UNSURE, State.QUEUED} and rank(row.state) == 0:
        row.state, row.held_reason, row.sent_at = State.SENT, "", clock.now()
        outcomes.release(row)
    row.remote_id = row.remote_id or remote_id


def _keep_upload(row: OutboundMessage, media_id: str) -> None:
    """The carrier keeps an upload for 30 days (Meta, media): another try need not send the bytes again."""
    for values in (row.content, row.given):
        content = from_json(values) if values else None
        if isinstance(content, MediaMessage):
            values.update(to_json(replace(content, remote_id=media_id)))
