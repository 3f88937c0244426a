"""Look at many rows, order that something is done to them, stop it. The permission is asked here and again at work."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import clock, scope
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.core.tasks import nudge
from apps.journal.services import correlation, record, transition
from apps.people import queries, tasks
from apps.people.bulk import deeds
from apps.people.bulk.deeds import Deed
from apps.people.bulk.machine import BULK
from apps.people.bulk.models import BulkJob, BulkRow
from apps.people.models import User

MOST = 10_000
"""Rows in one job: what more was chosen stays as it is, and the page says so."""
AT_ONCE = 200
"""So many are done while the person waits; more are done by a worker."""
SHOWN = 20
_READ = 500  # rows looked at together


@dataclass(frozen=True)
class Preview:
    """What doing it would come to. `ids`: all that were chosen, at most MOST; `todo`: how many of them it would change.

    `left_out` by reason, the most frequent first; `first` are the first of those that change. `seen` is what of each of
    these rows must still be so when it is done (`Deed.look`).
    """

    ids: Sequence[int]
    has_more: bool
    todo: int
    left_out: Sequence[tuple[str, int]]
    first: Sequence[Any] = field(default_factory=list)
    seen: Mapping[int, Any] = field(default_factory=dict)


def _check(deed: Deed, by: User) -> None:
    if not deeds.may(by, deed):
        raise NotPermittedError(_("You may not do this."))


def rows_of(deed: Deed, ids: Sequence[int], by: User) -> QuerySet[Any]:
    """Those of the rows that are there and within the person's row scope now."""
    rows: QuerySet[Any] = deed.rows_of._default_manager.filter(pk__in=ids)
    return scope.narrow(rows.select_related(*deed.related) if deed.related else rows, by)


def preview(*, name: str, rows: QuerySet[Any], by: User) -> Preview:
    """What `name` would do to `rows`, which the caller has narrowed to what one sees. Raises NotPermittedError."""
    deed = deeds.deeds[name]
    _check(deed, by)
    ids = list(rows.order_by("pk").values_list("pk", flat=True).distinct()[: MOST + 1])
    left_out: Counter[str] = Counter()
    first: list[Any] = []
    seen: dict[int, Any] = {}
    todo = 0
    for chunk in _chunks(ids[:MOST]):
        found = list(rows_of(deed, chunk, by).order_by("pk"))
        reasons = deed.why_not(found, by)
        left_out.update(reasons.values())
        if len(found) < len(chunk):
            left_out[_gone()] += len(chunk) - len(found)
        fitting = [row for row in found if row.pk not in reasons]
        todo += len(fitting)
        first += fitting[: SHOWN - len(first)]
        if deed.look is not None:
            seen.update(deed.look(fitting, by))
    return Preview(ids[:MOST], len(ids) > MOST, todo, left_out.most_common(), first, seen)


def _gone() -> str:
    return _("It is gone, or you may not see it.")


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _READ):
        yield ids[start : start + _READ]


def order(*, name: str, ids: Sequence[int], by: User, has_more: bool = False, words: str = "",
          seen: Mapping[int, Any] | None = None) -> BulkJob:  # fmt: skip
    """Have it done to these rows by a worker; the caller does a few at once (`running.work`). `seen` is that of the preview.

    Raises NotPermittedError, InvalidInputError for no rows, too many, or words that are missing or too long.
    """
    deed = deeds.deeds[name]
    _check(deed, by)
    words = _checked_words(deed, words)
    keys = list(dict.fromkeys(ids))
    if not keys:
        raise InvalidInputError(_("Nothing was chosen."))
    if len(keys) > MOST:
        raise InvalidInputError(_("At most %(most)s at once.") % {"most": MOST})
    with transaction.atomic():
        job = BulkJob.objects.create(deed=name, by=by, rows_total=len(keys), has_more=has_more, words=words,
                                     language=translation.get_language() or "en")  # fmt: skip
        looked = seen or {}
        BulkRow.objects.bulk_create([BulkRow(job=job, key=key, seen=looked.get(key)) for key in keys], batch_size=1000)
        with correlation(f"bulk:{job.pk}"):
            record("bulk.started", subject=job, by=by, after={"deed": name, "rows": len(keys)})
        if len(keys) > AT_ONCE:
            nudge(tasks.run_bulk)
    return job


def _checked_words(deed: Deed, words: str) -> str:
    words = words.replace("\x00", "").strip()  # the app's own service cleans what it keeps
    if deed.words is None:
        return ""
    if deed.words.is_needed and not words:
        raise InvalidInputError(_("Please say why: one reason for all of them."))
    if len(words) > deed.words.longest:
        raise InvalidInputError(_("At most %(most)s characters.") % {"most": deed.words.longest})
    return words


def cancel(*, job: BulkJob, by: User) -> BulkJob:
    """Stop after the rows that are being done; what was done stays. Raises NotPermittedError, MoveNotAllowedError."""
    if not may_cancel(job, by):
        raise NotPermittedError(_("This work was ordered by somebody else."))
    with transaction.atomic(), correlation(f"bulk:{job.pk}"):
        row = BulkJob.objects.select_for_update().get(pk=job.pk)
        return transition(row, BULK, "cancel", by=by, is_locked=True, ended_at=clock.now(), counts=counted(row))


def may_cancel(job: BulkJob, user: Any) -> bool:
    """Whoever ordered it, and whoever sees it and may do the same: reading it gives no right to stop it."""
    if not user.is_active:
        return False
    deed = deeds.deeds.get(job.deed)
    is_seen = visible_jobs(user).filter(pk=job.pk).exists()
    return job.by_id == user.pk or (is_seen and deed is not None and deeds.may(user, deed))


def counted(job: BulkJob) -> dict[str, int]:
    """Rows by outcome, as they stand."""
    rows = job.rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    return {outcome or "waiting": count for outcome, count in rows}


def reasons(job: BulkJob) -> list[tuple[str, int]]:
    """Why rows were left as they were, the most frequent first."""
    rows = job.rows.filter(outcome=BulkRow.Outcome.SKIPPED).order_by().values_list("reason")
    return list(rows.annotate(count=Count("pk")).order_by("-count", "reason")[:SHOWN])


def visible_jobs(user: Any) -> QuerySet[BulkJob]:
    return queries.own_or_all(BulkJob.objects.all(), user)


def remove_old() -> int:
    """Remove the rows of work that ended long ago; the jobs and their counts stay. Returns how many."""
    before = clock.now() - timedelta(days=settings.PEOPLE_IMPORT_KEEP_DAYS)
    old = BulkJob.objects.filter(created_at__lt=before, emptied_at=None).exclude(state=BulkJob.State.RUNNING)
    jobs = list(old.order_by("id")[:100])
    for job in jobs:
        with transaction.atomic():
            BulkRow.objects.filter(job=job).delete()
            BulkJob.objects.filter(pk=job.pk).update(emptied_at=clock.now())
    return len(jobs)
