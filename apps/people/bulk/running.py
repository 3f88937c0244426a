"""The worker's side of work on many rows: a chunk per transaction, each row on its own, rights asked anew for each chunk."""

import logging
import time
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.journal.services import correlation
from apps.people import jobs, tasks
from apps.people.bulk import deeds, services
from apps.people.bulk.deeds import Deed, Given
from apps.people.bulk.machine import BULK
from apps.people.bulk.models import BulkJob, BulkRow
from apps.people.models import User

log = logging.getLogger("recado.people")
CHUNK = 50  # rows: a few tenths of a second, so that whoever else writes need not wait for long
BUSY = (BulkJob.State.RUNNING,)
Outcome = BulkRow.Outcome


def run_waiting() -> int:
    """Take up all work that waits for a worker; returns how many jobs were worked on."""
    return jobs.run_waiting(BulkJob, BUSY, work, tasks.run_bulk)


def work(job_id: int, *, until: float = float("inf")) -> bool:
    """Go on with one job until it is done, cancelled, or the time is over; False: somebody else has it."""
    claim = jobs.take(BulkJob, job_id, BUSY)
    if not claim:
        return False
    job = BulkJob.objects.get(pk=job_id)
    with translation.override(job.language), correlation(f"bulk:{job.pk}"):
        try:
            _go_on(job, claim, until)
        except jobs.Stopped:
            return True
        except RecadoError as error:
            jobs.give_up(job, BULK, claim, str(error))
        except Exception:
            log.exception("the work on many rows %s stumbled", job.pk)
            jobs.stumble(job, BULK, claim)
        else:
            jobs.let_go(job, claim)
    return True


def _go_on(job: BulkJob, claim: str, until: float) -> None:
    deed = deeds.deeds.get(job.deed)
    if deed is None:
        raise NotPermittedError(_("The product no longer offers this."))
    while time.monotonic() < until:
        with transaction.atomic():
            jobs.locked(job, claim)
            by = _orderer(job, deed)
            rows = list(job.rows.filter(outcome=Outcome.WAITING).order_by("id")[:CHUNK])
            if not rows:
                break
            _do(deed, rows, by, job.words)
            job.rows_done += len(rows)
            jobs.renew(job, claim, job.rows_done)
    else:
        return  # the next task goes on
    jobs.move(job, BULK, claim, "finish", by=by, counts=services.counted(job), ended_at=clock.now())


def _orderer(job: BulkJob, deed: Deed) -> User:
    """Whoever ordered it, read anew: rights are those of now, not of the click. Raises NotPermittedError."""
    user = User.objects.filter(pk=job.by_id or 0).first()
    if user is None or not deeds.may(user, deed):
        raise NotPermittedError(_("Whoever ordered this may not do it any more."))
    return user


def _do(deed: Deed, rows: Sequence[BulkRow], by: User, words: str) -> None:
    """Each row in a savepoint of its own: one that cannot be done stops no other."""
    found = services.rows_of(deed, [row.key for row in rows], by).in_bulk()
    why_not = deed.why_not(list(found.values()), by)
    for row in rows:
        thing = found.get(row.key)
        row.outcome = Outcome.SKIPPED
        if thing is None:
            row.reason = _("It is gone, or you may not see it.")
        elif row.key in why_not:
            row.reason = why_not[row.key]
        else:
            try:
                with transaction.atomic():
                    deed.act(thing, by, Given(words, row.seen))
            except RecadoError as error:
                row.reason = str(error)
            except (OperationalError, InterfaceError):
                raise  # the database is busy or away: the whole chunk is tried again
            except Exception:
                log.exception("work on many rows %s stumbled over the row %s", row.job_id, row.key)
                row.reason = _("Something went wrong here; it is written in the log.")
            else:
                row.outcome = Outcome.DONE
    BulkRow.objects.bulk_update(rows, ["outcome", "reason"])
