"""The only writers of the journal, and the one way a state changes."""

import contextvars
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import MoveNotAllowedError, StaleVersionError
from apps.core.machine import Machine, Move
from apps.core.tasks import nudge
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
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("journal.record() belongs inside the transaction of the change it describes.")
    actor = by.as_actor()
    content = salt = None
    if body:
        content, salt = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str), secrets.token_hex(16)
    entry = Entry.objects.create(
        at=clock.now(),
        name=name,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        subject_label=str(subject)[:200] if subject is not None else "",
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:200],
        before=before or {},
        after=after or {},
        correlation_id=_correlation.get(),
        body_digest=chain.body_digest(content, salt) if content is not None and salt is not None else "",
    )
    if content is not None:
        Body.objects.create(entry=entry, content=content, salt=salt)
    nudge(tasks.advance)
    return entry


@transaction.atomic
def transition(
    obj: M,
    machine: Machine,
    name: str,
    *,
    by: HasActor,
    expected_version: int | None = None,
    body: dict[str, Any] | None = None,
    **changes: Any,
) -> M:
    """Apply the move `name` to a row with a `state` column: lock, decide, save, record, in one commit.

    A row with a `version` column gets the next one. Raises MoveNotAllowedError, and StaleVersionError when
    `expected_version` is given and is no longer the row's.
    """
    row: Any = type(obj)._default_manager.select_for_update().get(pk=obj.pk)
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
    erasure = record("body.erased", subject=entry, by=by, after={"reason": reason})
    Body.objects.filter(entry=entry, content__isnull=False).update(content=None, salt=None, erased_by=erasure)
    return erasure
