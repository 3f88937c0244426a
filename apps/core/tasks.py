"""The base of every Celery task: late acknowledgement, unknown keywords tolerated, one log line per run."""

import logging
from collections.abc import Callable
from typing import Any

import redis
from celery import Task, shared_task
from django.db import transaction

from apps.core import store

log = logging.getLogger("recado.tasks")

PENDING = "{recado}:nudged:"
PENDING_MS = 2000
"""How long a nudge stands for those after it, should its worker never come: as long as a sweep takes anyway."""


class RecadoTask(Task):
    """A thin shell: keyword ids in, one call, a small result out. Safe to run twice."""

    acks_late = True
    reject_on_worker_lost = True
    ignore_result = True
    max_retries = 0  # the rows are the truth: sweeps find what a lost or failed nudge forgot

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """From here on a commit is not seen by this run for sure: the next nudge must come through."""
        if not kwargs:
            try:
                store.client().delete(PENDING + str(self.name))
            except redis.RedisError as error:
                log.warning("the nudge's mark could not be removed, it goes by itself: %s", error)


_own_queues: dict[str, str] = {}


def task(name: str, *, queue: str = "", **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task `<app>.<verb>`; it travels in the queue of its app unless `queue` names another."""
    if "." not in name:
        raise ValueError("A task is named <app>.<verb>.")
    if queue:
        _own_queues[name] = queue
    return shared_task(name=name, base=RecadoTask, **options)


def route(name: str, *_args: Any, **_kwargs: Any) -> dict[str, str] | None:
    """Celery's router (`CELERY_TASK_ROUTES`): a task's own queue, else its app's label."""
    if name.startswith("celery."):
        return None
    return {"queue": _own_queues.get(name) or name.split(".", maxsplit=1)[0]}


class _Nudge:
    """A call kept until commit; equal ones in one transaction are one."""

    def __init__(self, a_task: Any, kwargs: dict[str, Any]) -> None:
        self.task, self.kwargs = a_task, kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Nudge) and (self.task.name, self.kwargs) == (other.task.name, other.kwargs)

    __hash__ = None  # type: ignore[assignment]

    def __call__(self) -> None:
        try:
            # Hundreds of commits a second want the same look at the rows: one waiting call does for all of them.
            if self.kwargs or store.client().set(PENDING + self.task.name, 1, nx=True, px=PENDING_MS):
                self.task.apply_async(kwargs=self.kwargs, retry=False)
        except Exception as error:  # the broker's client raises many classes; none of them may undo a commit
            log.warning("nudge lost, a sweep will find it: %s (%s)", self.task.name, error)


def nudge(a_task: Any, **kwargs: Any) -> None:
    """Ask a worker to look, once the present transaction commits. A broker that is away only costs a sweep's delay."""
    wanted = _Nudge(a_task, kwargs)
    if all(waiting[1] != wanted for waiting in transaction.get_connection().run_on_commit):
        transaction.on_commit(wanted)


def call(a_task: Any) -> None:
    """As `nudge`, at once: for a caller without a transaction, or whose commit is done."""
    _Nudge(a_task, {})()
