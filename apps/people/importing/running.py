"""The worker's side of an import: take one up, go on, stop when told to, survive being killed (`people.jobs`)."""

import logging
import time

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.journal.services import correlation
from apps.people import jobs, tasks
from apps.people.importing import applying, planning, services
from apps.people.importing.machine import IMPORT
from apps.people.importing.models import ImportJob
from apps.people.jobs import LEASE, PATIENCE
from apps.people.models import User

__all__ = ["LEASE", "PATIENCE", "run_waiting", "work"]

log = logging.getLogger("recado.people")

State = ImportJob.State
BUSY = (State.MAPPED, State.APPLYING)


def run_waiting() -> int:
    """Take up every import that waits for a worker; returns how many were worked on."""
    return jobs.run_waiting(ImportJob, BUSY, work, tasks.run_imports)


def work(job_id: int, *, until: float = float("inf")) -> bool:
    """Go on with one import until it is done, cancelled, or the time is over; False: somebody else has it."""
    claim = jobs.take(ImportJob, job_id, BUSY)
    if not claim:
        return False
    job = ImportJob.objects.select_related("by").get(pk=job_id)
    with translation.override(job.language), correlation(f"import:{job.pk}"):
        try:
            _go_on(job, claim, until)
        except jobs.Stopped:
            return True
        except RecadoError as error:
            jobs.give_up(job, IMPORT, claim, str(error))
        except Exception:
            log.exception("the import %s stumbled", job.pk)
            jobs.stumble(job, IMPORT, claim)
        else:
            jobs.let_go(job, claim)
    return True


def _go_on(job: ImportJob, claim: str, until: float) -> None:
    by = _importer(job)
    if job.state == State.MAPPED:
        planning.plan(job, by, lambda done: jobs.renew(job, claim, done))
        jobs.move(job, IMPORT, claim, "show", by=by, counts=job.counts, rows_done=0)
        return
    while time.monotonic() < until:
        with transaction.atomic():
            jobs.locked(job, claim)
            rows = list(applying.waiting(job)[: applying.CHUNK])
            if not rows:
                break
            applying.apply_chunk(job, rows, by)
            job.rows_done += len(rows)
            jobs.renew(job, claim, job.rows_done)
    else:
        return  # the next task goes on
    aside = job.rows.filter(outcome="set_aside").count()
    counts = {**job.counts, "applied": job.rows.filter(outcome="applied").count(), "set_aside": aside}
    jobs.move(job, IMPORT, claim, "finish", by=by, counts=counts, ended_at=clock.now())


def _importer(job: ImportJob) -> User:
    """Whoever started it, when they still may: rights are those of now, not of the upload."""
    user = job.by
    if user is None:
        raise NotPermittedError(_("Whoever started this import has no sign-in any more."))
    services.check_may_import(user)
    return user
