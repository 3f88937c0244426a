"""Long work that a row tells of: who has it now and for how long, how far it is, what becomes of it when a worker stumbles.

A job belongs to whoever claimed it, for `LEASE`; each chunk renews the claim in its own transaction and finds out there
whether the job was cancelled or taken over. What a killed worker left is found by the sweep when its claim has run out.
The models have `state`, `claim`, `claimed_until`, `attempts`, `error` and `ended_at`; imports and work on many rows stand on it.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.machine import Machine
from apps.core.tasks import call
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import transition

LEASE = timedelta(seconds=90)  # a chunk takes about a second, a whole check some ten
ROUND = 120.0  # seconds of work in one task; then the next one goes on
PATIENCE = 5  # unexpected errors until a job is given up
J = TypeVar("J", bound=models.Model)


class Stopped(Exception):  # noqa: N818 - nothing went wrong: somebody cancelled it, or another worker has it
    """The job is no longer ours."""


def _free(rows: QuerySet[J], states: Iterable[str]) -> QuerySet[J]:
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=clock.now())
    return rows.filter(unclaimed, state__in=list(states))


def run_waiting(model: type[Any], states: Iterable[str], work: Callable[..., bool], again: Any) -> int:
    """Take up every job in one of `states` that nobody has; when the time is over, `again` is the task that goes on."""
    end, worked = time.monotonic() + ROUND, 0
    seen: set[int] = set()
    while time.monotonic() < end:
        job = _free(model._default_manager.exclude(pk__in=seen), states).order_by("id").first()
        if job is None:
            return worked
        seen.add(job.pk)
        worked += work(job.pk, until=end)
    call(again)
    return worked


def take(model: type[Any], pk: int, states: Iterable[str]) -> str:
    """The claim under which the job is ours from now on; empty when somebody else has it, or it is over."""
    claim = uuid.uuid4().hex
    ours = _free(model._default_manager.filter(pk=pk), states)
    return claim if ours.update(claim=claim, claimed_until=clock.now() + LEASE) else ""


def locked(job: J, claim: str) -> J:
    """The job's row under lock, as it is now. Raises Stopped when it is no longer ours."""
    rows: Any = type(job)._default_manager
    row = rows.select_for_update().filter(pk=job.pk, claim=claim, state=job.state).first()  # type: ignore[attr-defined]
    if row is None:
        raise Stopped
    return row


def renew(job: Any, claim: str, done: int) -> None:
    """Say how far it is. Raises Stopped when the job is no longer ours."""
    values = {"rows_done": done, "claimed_until": clock.now() + LEASE}
    if not type(job)._default_manager.filter(pk=job.pk, claim=claim, state=job.state).update(**values):
        raise Stopped


def let_go(job: Any, claim: str) -> None:
    """Somebody else may go on with it."""
    type(job)._default_manager.filter(pk=job.pk, claim=claim).update(claim="", claimed_until=None)


@transaction.atomic
def move(job: Any, machine: Machine, claim: str, name: str, *, by: HasActor, **values: Any) -> None:
    """The next state, and nobody's claim. Raises Stopped when the job is no longer ours."""
    row = locked(job, claim)
    type(job)._default_manager.filter(pk=row.pk).update(claim="", claimed_until=None, attempts=0)
    transition(row, machine, name, by=by, is_locked=True, **values)


@transaction.atomic
def give_up(job: Any, machine: Machine, claim: str, why: str) -> None:
    """It has failed (the machine's move `fail`), and its page says why."""
    try:
        row = locked(job, claim)
    except Stopped:
        return
    type(job)._default_manager.filter(pk=row.pk).update(claim="", claimed_until=None)
    sentence = _("%(why)s What was applied before stays; the rest was not touched.") % {"why": why}
    transition(row, machine, "fail", by=SYSTEM, is_locked=True, error=sentence, ended_at=clock.now())


def stumble(job: Any, machine: Machine, claim: str) -> None:
    """An error nobody foresaw: the next sweep tries again, a few times."""
    if job.attempts + 1 >= PATIENCE:
        give_up(job, machine, claim, _("An unexpected error came up again and again; the log has it."))
        return
    later = clock.now() + timedelta(seconds=10 * (job.attempts + 1))
    rows = type(job)._default_manager.filter(pk=job.pk, claim=claim)
    rows.update(attempts=job.attempts + 1, claimed_until=later)
