"""Proves that nobody changed the log: recomputes the whole chain and holds it against kept anchors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.translation import gettext as _

from apps.core import clock
from apps.journal import chain, sealer
from apps.journal.models import Entry, Seal

SEALED_WITHIN = timedelta(seconds=10)  # design section 7
MAX_FAULTS = 50


@dataclass
class Report:
    """What `verify` found. `is_sound` is False as soon as one fault stands."""

    entries: int = 0
    erased: int = 0
    unsealed: int = 0
    newest: str = ""
    anchors: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.faults


def verify(*, anchors: Iterable[str] = ()) -> Report:
    """Walk the chain once. `anchors` are `position:hash` texts kept outside the database."""
    report = Report()
    wanted = {int(position): digest for position, _sep, digest in (item.partition(":") for item in anchors)}
    wanted.pop(0, None)
    report.anchors = len(wanted)
    previous, expected = chain.GENESIS, 1
    seals = Seal.objects.order_by("position").select_related("entry", "entry__body", "entry__body__erased_by")
    for seal in seals.iterator(chunk_size=1000):
        if len(report.faults) >= MAX_FAULTS:
            break
        if seal.position != expected:
            report.faults.append(_("Positions %(a)s to %(b)s are missing.") % {"a": expected, "b": seal.position - 1})
            expected = seal.position
        if chain.entry_hash(previous, seal.position, sealer.values_of(seal.entry)) != seal.hash:
            report.faults.append(_("Entry %(id)s was changed, moved or inserted (position %(position)s).") % {
                "id": seal.entry_id, "position": seal.position})  # fmt: skip
        _check_body(seal.entry, report)
        if wanted.get(seal.position, seal.hash) != seal.hash:
            report.faults.append(_("The anchor at position %(position)s does not fit: history was rewritten.") % {
                "position": seal.position})  # fmt: skip
        wanted.pop(seal.position, None)
        previous, expected = seal.hash, expected + 1
        report.entries += 1
        report.newest = f"{seal.position}:{seal.hash}"
    else:
        for position in sorted(wanted):
            report.faults.append(_("The anchor at position %(position)s has no entry: the end was cut off.") % {
                "position": position})  # fmt: skip
    _check_unsealed(report)
    return report


def _check_body(entry: Entry, report: Report) -> None:
    body = getattr(entry, "body", None)
    if not entry.body_digest:
        if body is not None:
            report.faults.append(_("Entry %(id)s got a body that it never had.") % {"id": entry.pk})
        return
    if body is None:
        report.faults.append(_("The body of entry %(id)s is gone.") % {"id": entry.pk})
    elif body.content is not None:
        if chain.body_digest(body.content, body.salt or "") != entry.body_digest:
            report.faults.append(_("The body of entry %(id)s was changed.") % {"id": entry.pk})
    elif body.erased_by is None or body.erased_by.name != "body.erased" or body.erased_by.subject_id != str(entry.pk):
        report.faults.append(_("The body of entry %(id)s was emptied without an erasure.") % {"id": entry.pk})
    else:
        report.erased += 1


def _check_unsealed(report: Report) -> None:
    unsealed = Entry.objects.filter(seal__isnull=True)
    report.unsealed = unsealed.count()
    late = unsealed.filter(at__lt=clock.now() - SEALED_WITHIN).count()
    if late:
        report.faults.append(_("%(count)s entries are not sealed although older than 10 seconds: "
                               "they were inserted behind the sealer, or no worker runs.") % {"count": late})  # fmt: skip


def kept_anchors() -> list[str]:
    """The anchors in the file that the hourly task writes."""
    path = sealer.anchor_file()
    if not path.exists():
        return []
    return [line.split()[-1] for line in path.read_text().splitlines() if line.strip()]
