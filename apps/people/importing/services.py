"""What HR does with an import. The permission is checked here, whatever screen it comes from."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.core.tasks import nudge
from apps.files.services import clean_name
from apps.journal.actors import SYSTEM
from apps.journal.services import correlation, record, transition
from apps.people import queries, tasks
from apps.people.importing import columns, reading, reasons
from apps.people.importing.machine import IMPORT
from apps.people.importing.models import ColumnMap, ImportJob, ImportRow
from apps.people.importing.reasons import Reason
from apps.people.models import User

NEEDED = ("people.add_employee", "people.change_employee")
MANY = 3  # more leavers than one in so many of the staff are asked for twice
FEW = 5  # so many may leave by their last day however small the company
TAKEN = (ImportRow.Kind.NEW, ImportRow.Kind.CHANGED, ImportRow.Kind.BACK, ImportRow.Kind.LEAVES)
"""Kinds of rows that are applied without being asked for by themselves."""
State = ImportJob.State


def may_import(user: User) -> bool:
    return bool(user.is_active and user.has_perms(NEEDED))


def check_may_import(user: User) -> None:
    """Raises NotPermittedError."""
    if not may_import(user):
        raise NotPermittedError(_("Importing people needs the right to add and to change employees."))


def _check(job: ImportJob, user: User) -> None:
    """Whoever goes on with an import may import, and sees this one. Raises NotPermittedError."""
    check_may_import(user)
    if not queries.visible_imports(user).filter(pk=job.pk).exists():
        raise NotPermittedError(_("This import belongs to somebody else."))


def upload(*, content: bytes, name: str, by: User) -> ImportJob:
    """Keep a file's rows and guess what its columns mean. Raises InvalidInputError for what cannot be read."""
    check_may_import(by)
    table = reading.read(content)
    digest = columns.fingerprint(table.headers)
    known = ColumnMap.objects.filter(fingerprint=digest).first()
    mapping = known.mapping if known and len(known.mapping) == len(table.headers) else columns.guess(table.headers)
    with transaction.atomic():
        job = ImportJob.objects.create(
            file_name=clean_name(name) or "people", by=by, language=translation.get_language() or "en",
            headers=table.headers, mapping=[key if key in columns.KEYS else "" for key in mapping], fingerprint=digest,
            rows_total=len(table.rows),
        )  # fmt: skip
        ImportRow.objects.bulk_create(
            [ImportRow(job=job, number=row.number, cells=row.cells, problems=[reasons.kept("", Reason(row.problem, row.values))] if row.problem else [])
             for row in table.rows], batch_size=1000)  # fmt: skip
        with correlation(f"import:{job.pk}"):
            record("import.uploaded", subject=job, by=by, after={"rows": job.rows_total})
    return job


def name_columns(
    *, job: ImportJob, mapping: Sequence[str], by: User, is_clearing: bool = False, creates_missing: bool = False
) -> ImportJob:
    """Say which field each column fills ("" for none), and have all rows checked. The names are remembered.

    Raises InvalidInputError when two columns fill one field, none is the number, or a field is unknown.
    """
    _check(job, by)
    _check_mapping(job, mapping)
    if "teams" in mapping and not by.has_perms(["people.add_membership", "people.delete_membership"]):
        raise NotPermittedError(
            _("Changing who is in which team needs the right to it: leave the column of teams out.")
        )
    if creates_missing and not by.has_perms(["people.add_team", "people.add_costcentre"]):
        raise NotPermittedError(_("Creating teams and cost centres needs the right to add them."))
    with transaction.atomic(), correlation(f"import:{job.pk}"):
        moved = transition(job, IMPORT, "name_columns", by=by, mapping=list(mapping), is_clearing=is_clearing,
                           creates_missing=creates_missing, rows_done=0)  # fmt: skip
        fresh = {"language": translation.get_language() or "en", "claim": "", "claimed_until": None, "attempts": 0}
        ImportJob.objects.filter(pk=job.pk).update(**fresh)
        values = {"mapping": list(mapping), "changed_at": clock.now()}
        ColumnMap.objects.update_or_create(fingerprint=job.fingerprint, defaults=values)
        nudge(tasks.run_imports)
    return moved


def _check_mapping(job: ImportJob, mapping: Sequence[str]) -> None:
    if len(mapping) != len(job.headers) or set(mapping) - {"", *columns.KEYS}:
        raise InvalidInputError(_("The columns are not those of this file. Open the import again."))
    named = [key for key in mapping if key]
    twice = next((key for key in named if named.count(key) > 1), "")
    if twice:
        both = [header for header, key in zip(job.headers, mapping, strict=True) if key == twice]
        sentence = _("“%(first)s” and “%(second)s” would fill the same field: choose one of them.") % {
            "first": both[0], "second": both[1]}  # fmt: skip
        raise InvalidInputError(sentence, fields={twice: sentence})
    if "number" not in named:
        sentence = _("No column is the employee number: people are found by it.")
        raise InvalidInputError(sentence, fields={"number": sentence})


def is_many(leavers: int, staff: int) -> bool:
    """More than a third of those who work here."""
    return leavers * MANY > staff


def wanted_confirmation(job: ImportJob) -> str:
    """What must be typed before the people missing in the file are marked as left: "3", or "40/90" when they are many."""
    leavers, staff = int(job.counts.get("leaver", 0)), int(job.counts.get("staff", 0))
    return f"{leavers}/{staff}" if is_many(leavers, staff) else str(leavers)


def apply(*, job: ImportJob, by: User, marks_leavers: bool = False, confirmation: str = "") -> ImportJob:
    """Have the good rows applied by a worker; with `marks_leavers` also mark as left who is not in the file.

    Raises InvalidInputError when the leavers' number was not typed, or there is nothing to apply; MoveNotAllowedError.
    """
    _check(job, by)
    counts = {key: int(value) for key, value in job.counts.items()}
    marks_leavers = marks_leavers and counts.get("leaver", 0) > 0
    wanted = wanted_confirmation(job)
    if marks_leavers and confirmation.replace(" ", "") != wanted:
        sentence = _("Nobody was marked as left: type %(wanted)s to confirm how many leave.") % {"wanted": wanted}
        raise InvalidInputError(sentence, fields={"confirmation": sentence})
    leaves = counts.get("leaves", 0)
    if leaves > FEW and is_many(leaves, counts.get("staff", 0)):
        raise InvalidInputError(
            _("%(leaves)s of %(staff)s people would leave at once by their last day. Is it the right column? If it is, bring "
              "them in by several files.") % {"leaves": leaves, "staff": counts.get("staff", 0)}
        )  # fmt: skip
    total = sum(counts.get(kind, 0) for kind in TAKEN) + marks_leavers * counts.get("leaver", 0)
    if not total:
        raise InvalidInputError(_("There is nothing to apply: no row is new or changed."))
    with transaction.atomic(), correlation(f"import:{job.pk}"):
        moved = transition(job, IMPORT, "apply", by=by, marks_leavers=marks_leavers, rows_total=total, rows_done=0)
        # Whoever confirmed is who answers for it, and whose rights count.
        ImportJob.objects.filter(pk=job.pk).update(by=by)
        nudge(tasks.run_imports)
    return moved


def cancel(*, job: ImportJob, by: User) -> ImportJob:
    """Stop after the chunk that is being applied; what was applied stays. Raises MoveNotAllowedError."""
    _check(job, by)
    with transaction.atomic(), correlation(f"import:{job.pk}"):
        row = ImportJob.objects.select_for_update().get(pk=job.pk)
        counts = {**row.counts, "applied": row.rows.filter(outcome="applied").count(),
                  "set_aside": row.rows.filter(outcome="set_aside").count()}  # fmt: skip
        return transition(row, IMPORT, "cancel", by=by, is_locked=True, ended_at=clock.now(), counts=counts)


def remove_old() -> int:
    """Remove the rows (personal data) of imports whose time is over; the jobs and their counts stay. Returns how many."""
    before = clock.now() - timedelta(days=settings.PEOPLE_IMPORT_KEEP_DAYS)
    old = ImportJob.objects.filter(created_at__lt=before, emptied_at=None).exclude(state=State.APPLYING)
    removed = 0
    for job in old.order_by("id")[:100]:
        with transaction.atomic():
            ImportRow.objects.filter(job=job).delete()
            ImportJob.objects.filter(pk=job.pk).update(emptied_at=clock.now())
            if job.state not in {State.DONE, State.CANCELLED, State.FAILED}:
                transition(job, IMPORT, "cancel", by=SYSTEM, ended_at=clock.now())
            record("import.emptied", subject=job)
        removed += 1
    return removed
