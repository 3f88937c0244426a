"""The only writers of the journal, and the one way a state changes."""

import contextvars
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import MoveNotAllowedError, StaleVersionError
from apps.core.machine import Machine, Move
from apps.core.tasks import nudge
from apps.core.together import Later, joined
from apps.journal import chain, tasks
from apps.journal.actors import SYSTEM, Actor, HasActor
from apps.journal.models import Body, Entry

M = TypeVar("M", bound=models.Model)

_correlation: contextvars.ContextVar[str] = contextvars.ContextVar("correlation", default="")


@contextmanager
def correlation(value: str) -> Iterator[None]:
    """Everything recorded inside belongs together: one webhook event, one admin request, one timer."""
    token = _correlation.set(value[:64])
    try:
        yield
    finally:
        _correlation.reset(token)


def current_correlation() -> str:
    return _correlation.get()


def record(
    name: str,
    *,
    subject: models.Model | None = None,
    by: HasActor = SYSTEM,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    body: dict[str, Any] | None = None,
) -> Entry:
    """Write one entry in the caller's transaction.

    `before` and `after` hold plain states, numbers and ids; free text and personal values belong in `body`, which can be
    erased lawfully later. Values must be JSON. Raises RuntimeError outside a transaction: an entry that could survive
    without the change it describes (or the other way round) would be a lie.
    """
    return record_many([Happened(name, subject, by, before, after, body)])[0]


@dataclass(frozen=True)
class Happened:
    """One thing to record; the fields are those of `record`. `correlation`: None means the present one."""

    name: str
    subject: models.Model | None = None
    by: HasActor = SYSTEM
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    body: dict[str, Any] | None = None
    correlation: str | None = None


def record_many(happened: Iterable[Happened]) -> list[Entry]:
    """As `record`, for many things in one statement (and one more where there are bodies), in the order given.

    Inside a batch (core.together) they are written at its end, and have no key before. Raises RuntimeError outside a
    transaction, even for nothing.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("journal.record() belongs inside the transaction of the change it describes.")
    now, present = clock.now(), _correlation.get()
    written = [_written(one, now, present) for one in happened]
    if written and not _WRITTEN.keep(*written):
        _insert(written)
    return [entry for entry, _body in written]


def _insert(written: Sequence[tuple[Entry, Body | None]]) -> None:
    Entry.objects.bulk_create([entry for entry, _body in written])
    bodies = []
    for entry, body in written:
        if body is not None:
            body.entry = entry
            bodies.append(body)
    if bodies:
        Body.objects.bulk_create(bodies)
    nudge(tasks.advance)


_WRITTEN: Later[tuple[Entry, Body | None]] = Later(_insert, rank=9)  # after whatever may still record something


def _written(one: Happened, now: datetime, present: str) -> tuple[Entry, Body | None]:
    """The entry, unsaved, and its body, if it has one."""
    actor, subject, body, digest = one.by.as_actor(), one.subject, None, ""
    if one.body:
        content, salt = json.dumps(one.body, sort_keys=True, ensure_ascii=False, default=str), secrets.token_hex(16)
        body, digest = Body(content=content, salt=salt), chain.body_digest(content, salt)
    entry = Entry(
        at=now,
        name=one.name,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        subject_label=str(subject)[:200] if subject is not None else "",
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:200],
        before=one.before or {},
        after=one.after or {},
        correlation_id=present if one.correlation is None else one.correlation[:64],
        body_digest=digest,
    )
    return entry, body


@joined
def transition(
    obj: M,
    machine: Machine,
    name: str,
    *,
    by: HasActor,
    expected_version: int | None = None,
    body: dict[str, Any] | None = None,
    is_locked: bool = False,
    **changes: Any,
) -> M:
    """Apply the move `name` to a row with a `state` column: lock, decide, save, record, in one commit.

    A row with a `version` column gets the next one. `is_locked`: the caller has just read `obj` under lock, so it is
    changed and returned itself. Raises MoveNotAllowedError, and StaleVersionError when `expected_version` is given and
    is no longer the row's: both before anything is written.
    """
    row: Any = obj if is_locked else type(obj)._default_manager.select_for_update().get(pk=obj.pk)
    has_version = any(field.name == "version" for field in row._meta.concrete_fields)
    if expected_version is not None and row.version != expected_version:
        raise StaleVersionError(_("It has changed since you saw it."))
    move = _decided(row, machine, name)
    before = {"state": row.state}
    row.state = move.target
    for field, value in changes.items():
        setattr(row, field, value)
    fields = ["state", *changes]
    if has_version:
        row.version += 1
        fields.append("version")
    row.save(update_fields=fields)
    after = {"state": row.state, **{field: plain(value) for field, value in changes.items()}}
    record(move.event, subject=row, by=by, before=before, after=after, body=body)
    return row


def _decided(row: Any, machine: Machine, name: str) -> Move:
    """The machine speaks to programmers; whoever pressed the button reads the state in their own language."""
    try:
        return machine.decide(row.state, name)
    except MoveNotAllowedError as error:
        shown = row.get_state_display() if hasattr(row, "get_state_display") else row.state
        raise MoveNotAllowedError(
            _("This cannot be done any more: the state is “%(state)s” now.") % {"state": shown}, detail=str(error)
        ) from error


def plain(value: Any) -> Any:
    """A value as the journal writes it: rows by key, moments as ISO text."""
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    if isinstance(value, models.Model):
        return str(value.pk)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


@transaction.atomic
def erase_body(entry: Entry, *, by: Actor, reason: str) -> Entry:
    """Lawful erasure: the content and its salt go, the entry and its digest stay, and the erasure is itself an entry."""
    erased = _written(Happened("body.erased", entry, by, after={"reason": reason}), clock.now(), _correlation.get())
    _insert([erased])  # at once, even in a batch: the body names it
    erasure = erased[0]
    Body.objects.filter(entry=entry, content__isnull=False).update(content=None, salt=None, erased_by=erasure)
    return erasure
