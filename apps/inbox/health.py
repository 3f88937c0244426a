"""What comes in: is anything stuck, set aside or unreadable."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.inbox.models import InboundEvent, Receipt

STUCK = timedelta(minutes=2)  # nudges take seconds, sweeps two


@check("inbox.1 taking up")
def taking_up() -> Iterator[Finding]:
    title = _("Webhooks taken up")
    before = clock.now() - STUCK
    unread = Receipt.objects.filter(state=Receipt.State.RECEIVED, received_at__lt=before).count()
    waiting = InboundEvent.objects.filter(state=InboundEvent.State.PENDING, not_before__lt=before).count()
    if unread + waiting == 0:
        yield Finding("inbox.waiting", title, Level.GREEN, _("Nothing waits."))
        return
    seen = _("%(unread)s webhooks and %(events)s events wait for more than two minutes.") % {
        "unread": unread, "events": waiting}  # fmt: skip
    mend = _("Look whether the workers run; what waits is kept and taken up in order.")
    yield Finding("inbox.waiting", title, Level.RED, seen, mend)


@check("inbox.2 set aside")
def set_aside() -> Iterator[Finding]:
    title = _("Events set aside")
    failed = InboundEvent.objects.filter(state=InboundEvent.State.FAILED).count()
    unreadable = Receipt.objects.filter(state=Receipt.State.UNREADABLE).count()
    if not failed and not unreadable:
        yield Finding("inbox.set_aside", title, Level.GREEN, _("None."))
    if failed:
        seen = ngettext("%(count)s event could not be worked on.", "%(count)s events could not be worked on.", failed)
        mend = _("Open “Inbound events”, filter by “set aside”, read the error, press “Try again”.")
        yield Finding("inbox.set_aside", title, Level.AMBER, seen % {"count": failed}, mend)
    if unreadable:
        seen = ngettext("%(count)s webhook could not be read.", "%(count)s webhooks could not be read.", unreadable)
        mend = _("They are kept as they came: update Recado, then replay them from “Webhooks received”.")
        yield Finding("inbox.unreadable", title, Level.AMBER, seen % {"count": unreadable}, mend)
