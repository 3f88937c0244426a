"""People: does long work on them wait for a worker that never comes."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.people.bulk.models import BulkJob
from apps.people.importing.models import ImportJob

LATE = timedelta(minutes=5)


@check("people.imports")
def imports() -> Iterator[Finding]:
    busy = (ImportJob.State.MAPPED, ImportJob.State.APPLYING)
    yield _standing("people.imports", _("Imports of people"), ImportJob, busy)


@check("people.bulk")
def bulk() -> Iterator[Finding]:
    title = capfirst(str(BulkJob._meta.verbose_name_plural))
    yield _standing("people.bulk", title, BulkJob, (BulkJob.State.RUNNING,))


def _standing(code: str, title: str, model: type[Any], states: Iterable[str]) -> Finding:
    """A job is taken up within seconds, and its worker says every second or so that it is alive."""
    busy, before = model._default_manager.filter(state__in=states), clock.now() - LATE
    count = (busy.filter(claimed_until=None, created_at__lt=before) | busy.filter(claimed_until__lt=before)).count()
    if not count:
        return Finding(code, title, Level.GREEN, _("None is standing still."))
    return Finding(code, title, Level.AMBER, _("No worker has taken up: %(count)s.") % {"count": count},
                   _("See whether workers run. They go on by themselves when they do; nothing is lost."))  # fmt: skip
