"""What became of sends, saved for many at once: a constant number of statements, whatever the size of the batch."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from apps.core import clock
from apps.outbox import bulk, outcomes, uploads
from apps.outbox.machine import rank
from apps.outbox.models import Attempt, OutboundMessage
from apps.outbox.sending import claims, statuses
from apps.providers.base import Reaction, SendFailed
from apps.providers.types import SendResult

log = logging.getLogger("recado.outbox")

State = OutboundMessage.State


@dataclass(frozen=True)
class Done:
    """How it ended: exactly one of `result` and `error`. `media_id` is what the carrier called a fresh upload."""

    message_id: int
    token: str
    result: SendResult | None = None
    error: SendFailed | None = None
    media_id: str = ""
    seconds: float = 0.0


def save(dones: Iterable[Done]) -> Counter[str]:
    """Save how these sends ended, in one transaction; returns how many tries had which outcome.

    When one of them cannot be saved, the others are, one by one: of what is not saved nobody knows whether it was sent.
    Raises OperationalError or InterfaceError when there is no database to save to.
    """
    by_id = {done.message_id: done for done in dones}
    if not by_id:
        return Counter()
    try:
        return _save(by_id)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("the outcomes of %s messages could not be saved together", len(by_id))
        return sum((_saved_alone(done) for done in by_id.values()), Counter())


def _saved_alone(done: Done) -> Counter[str]:
    try:
        return _save({done.message_id: done})
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # a fault of ours; when its lease is over it is unsure
        log.exception("the outcome of message %s could not be saved", done.message_id)
        return Counter()


def _save(by_id: Mapping[int, Done]) -> Counter[str]:
    with transaction.atomic():
        now = clock.now()
        held = bulk.lock(OutboundMessage, by_id, ("state", "lease_token", "contact_id"))
        # Nearly all: taken by the carrier, and still as we left them.
        plain = [
            done
            for pk, done in by_id.items()
            if done.result is not None
            and not done.media_id
            and held.get(pk, ("", ""))[:2] == (State.SENDING, done.token)
        ]
        _accept(plain, [held[done.message_id][-1] for done in plain], now)
        settled = {done.message_id for done in plain}
        attempts = [_accepted(done, now) for done in plain]
        attempts += _one_by_one([done for pk, done in by_id.items() if pk in held and pk not in settled], now)
        Attempt.objects.bulk_create(attempts)
        statuses.take_early(attempt.remote_id for attempt in attempts if attempt.remote_id)
    claims.wake_behind(contact for _state, _token, contact, _place in held.values())
    return Counter(str(attempt.outcome) for attempt in attempts)


def _accept(dones: Sequence[Done], places: Sequence[str], now: datetime) -> None:
    """As `outcomes.accept`, for many rows that are locked and lie at these places."""
    if not dones:
        return
    wamids = [done.result.remote_id[:255] for done in dones if done.result]
    if connection.vendor == "postgresql":
        values, join = "unnest(%s::tid[], %s::text[]) AS v(place, wamid)", "m.ctid = v.place"
        parameters: list[Any] = [list(places), wamids]
    else:
        tuples = ", ".join(["(%s, %s)"] * len(dones))
        values = f"(SELECT column1 AS id, column2 AS wamid FROM (VALUES {tuples})) AS v"  # noqa: S608 - placeholders
        join = "m.id = v.id"
        parameters = [value for done, wamid in zip(dones, wamids, strict=True) for value in (done.message_id, wamid)]
    sql = f"""
        UPDATE outbox_outboundmessage AS m SET state = 'sent', remote_id = v.wamid, sent_at = %s,
            attempts = attempts + 1, held_reason = '', error_code = '', error_text = '', lease_token = '', lease_until = NULL
        FROM {values} WHERE {join}"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [connection.ops.adapt_datetimefield_value(now), *parameters])


def _accepted(done: Done, now: datetime) -> Attempt:
    return Attempt(
        message_id=done.message_id, at=now, outcome=Attempt.Outcome.ACCEPTED, seconds=round(done.seconds, 3),
        remote_id=done.result.remote_id[:255] if done.result else "",
    )  # fmt: skip


# --- all others -------------------------------------------------------------------------------------------------------


def _one_by_one(dones: Sequence[Done], now: datetime) -> list[Attempt]:
    """Failures, uploads, and rows that moved on while we were sending: decided one by one, written together."""
    if not dones:
        return []
    by_id = {done.message_id: done for done in dones}
    loaded = OutboundMessage.objects.select_related("contact__employee", "number__account").filter(pk__in=by_id)
    rows = list(loaded.order_by("pk"))
    before = {row.pk: str(row.state) for row in rows}
    beside = outcomes.beside(by_id)
    attempts = [_settle(row, by_id[row.pk], now, beside) for row in rows]
    bulk.update(rows, outcomes.SAVED)
    outcomes.record_ends((row, before[row.pk]) for row in rows)
    return attempts


def _settle(row: OutboundMessage, done: Done, now: datetime, beside: outcomes.Beside) -> Attempt:
    is_ours = row.state == State.SENDING and row.lease_token == done.token
    if done.media_id:
        uploads.keep(row, done.media_id)
    if done.result is not None:
        remote_id = done.result.remote_id[:255]
        if is_ours:
            outcomes.accept(row, remote_id=remote_id, now=now)
        else:
            _accept_late(row, remote_id)
        return outcomes.attempt(row, Attempt.Outcome.ACCEPTED, now=now, remote_id=remote_id, seconds=done.seconds)
    error = done.error or SendFailed("No outcome.", reaction=Reaction.UNSURE, code="internal")
    # A row that was given up as unsure meanwhile learns here what really happened.
    outcome = Attempt.Outcome.UNSURE
    if is_ours or row.state == State.UNSURE:
        outcome = outcomes.fail(outcomes.Failure(row, error, now, beside=beside))
    return outcomes.attempt(row, outcome, now=now, error=error, seconds=done.seconds)


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
