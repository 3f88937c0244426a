"""People: does an import of them wait for a worker that never comes."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.people.importing.models import ImportJob

LATE = timedelta(minutes=5)


@check("people.imports")
def imports() -> Iterator[Finding]:
    """An import is taken up within seconds, and its worker says every second or so that it is alive."""
    title = _("Imports of people")
    busy = ImportJob.objects.filter(state__in=[ImportJob.State.MAPPED, ImportJob.State.APPLYING])
    before = clock.now() - LATE
    standing = busy.filter(claimed_until=None, created_at__lt=before) | busy.filter(claimed_until__lt=before)
    count = standing.count()
    if count:
        yield Finding("people.imports", title, Level.AMBER, _("No worker has taken up: %(count)s.") % {"count": count},
                      _("See whether workers run. They go on by themselves when they do; nothing is lost."))  # fmt: skip
    else:
        yield Finding("people.imports", title, Level.GREEN, _("None is standing still."))
