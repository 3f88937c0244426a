"""Timers: does what is due happen."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.timers.models import Timer

LATE = timedelta(minutes=2)  # they are swept every second


@check("timers.due")
def due() -> Iterator[Finding]:
    title = _("Timers")
    late = Timer.objects.filter(state=Timer.State.SET, due_at__lt=clock.now() - LATE).count()
    failed = Timer.objects.filter(state=Timer.State.FAILED).count()
    if late:
        seen = ngettext("%(count)s timer is late.", "%(count)s timers are late.", late) % {"count": late}
        yield Finding("timers.due", title, Level.RED, seen, _("Look whether the workers and beat run."))
    if failed:
        seen = ngettext("%(count)s timer failed.", "%(count)s timers failed.", failed) % {"count": failed}
        yield Finding(
            "timers.failed", title, Level.AMBER, seen, _("Open “Timers”, filter by “failed” and read the error.")
        )
    if not late and not failed:
        yield Finding("timers.due", title, Level.GREEN, _("None is late."))
