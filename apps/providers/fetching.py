"""Fetching all templates of an account as a job that is seen, runs once at a time, and can be stopped."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import MoveNotAllowedError, RecadoError
from apps.journal.actors import SYSTEM, HasActor
from apps.people.models import User
from apps.providers import approving, syncing
from apps.providers.models import Account, TemplateSync

State = TemplateSync.State
NUDGE_TAKES = timedelta(seconds=10)
STUCK_AFTER = timedelta(minutes=5)
"""A job that has not taken a step for so long died with its worker: no task of ours runs longer."""


class _CancelledError(Exception):
    """Somebody pressed Stop."""


def is_busy(job: TemplateSync) -> bool:
    """Whether it is about to run or runs, and has not died."""
    return job.state in {State.WAITING, State.RUNNING} and job.touched_at > clock.now() - STUCK_AFTER


@transaction.atomic
def ask(account: Account, *, by: HasActor = SYSTEM, registers: bool = False) -> TemplateSync:
    """Write down that the templates are to be fetched. Raises MoveNotAllowedError while another job of the account runs."""
    job, is_new = TemplateSync.objects.select_for_update().get_or_create(account=account)
    if not is_new and is_busy(job):
        raise MoveNotAllowedError(
            _("The templates are being fetched just now: %(pages)s pages so far.") % {"pages": job.pages}
        )
    now = clock.now()
    _set(job, state=State.WAITING, started_at=now, touched_at=now, finished_at=None, pages=0, counts={}, error="",
         registers=registers, asked_by=by if isinstance(by, User) else None)  # fmt: skip
    return job


def ask_all() -> list[TemplateSync]:
    """A job for every working account that was fetched before and has none."""
    jobs = TemplateSync.objects.exclude(account__state=Account.State.BROKEN).select_related("account")
    return [ask(job.account) for job in jobs if not is_busy(job)]


def forgotten() -> list[int]:
    """Jobs that wait although their nudge should have come long ago."""
    late = TemplateSync.objects.filter(state=State.WAITING, touched_at__lt=clock.now() - NUDGE_TAKES)
    return list(late.values_list("pk", flat=True))


def run(job_id: int) -> TemplateSync | None:
    """Do a job that waits; None when somebody else took it. Whatever goes wrong is written into the job."""
    now = clock.now()
    taken = TemplateSync.objects.filter(pk=job_id, state=State.WAITING).update(state=State.RUNNING, touched_at=now)
    if not taken:
        return None
    job = TemplateSync.objects.select_related("account", "asked_by").get(pk=job_id)
    by: HasActor = job.asked_by or SYSTEM
    try:
        there, asked_at = syncing.listed(job.account, lambda pages, found: _step(job, pages, found))
        _step(job, job.pages, len(there))
        counts: dict[str, Any] = syncing.take_over(job.account, there, asked_at, by)
        _step(job, job.pages, len(there), **counts)
        if job.registers:
            seeded = approving.register_missing(
                account=job.account, found=len(there), by=by,
                step=lambda created: _step(job, job.pages, len(there), **counts | {"created": created}),
            )  # fmt: skip
            counts |= {
                **seeded.counts,
                "created": seeded.created,
                "refused": list(seeded.refused),
                "approved": seeded.approved,
            }
    except _CancelledError:
        job.refresh_from_db()
    except RecadoError as error:
        _finish(job, State.FAILED, error=str(error))
    except Exception:
        _finish(job, State.FAILED, error=_("Something went wrong here; it is written in the log."))
        raise
    else:
        _finish(job, State.DONE, counts=counts)
    return job


def _step(job: TemplateSync, pages: int, found: int, **counts: int) -> None:
    """Show how far it is. Raises _CancelledError when somebody stopped it."""
    if not _running(job).update(pages=pages, counts={"there": found, **counts}, touched_at=clock.now()):
        raise _CancelledError
    job.pages = pages


def _finish(job: TemplateSync, state: str, **values: Any) -> None:
    """Write down how it ended, unless somebody stopped it meanwhile."""
    _running(job).update(state=state, finished_at=clock.now(), **values)
    job.refresh_from_db()


def _running(job: TemplateSync) -> QuerySet[TemplateSync]:
    """This run and no other: one that was taken for dead may come back while the next one runs."""
    return TemplateSync.objects.filter(pk=job.pk, state=State.RUNNING, started_at=job.started_at)


def _set(job: TemplateSync, **values: Any) -> None:
    for name, value in values.items():
        setattr(job, name, value)
    job.save(update_fields=list(values))
