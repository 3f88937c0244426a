"""What goes out: does it leave, is anybody unsure, what failed today."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.outbox import queries
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Lane
from apps.providers.models import Account

STUCK = timedelta(minutes=2)  # the sweep wakes a dispatcher every two seconds
UNSURE_LONG = timedelta(minutes=10)
DAY = timedelta(days=1)
LOOKED_AT = 10_000  # newest messages: a page must not read through years

State = OutboundMessage.State


@check("outbox.1 leaving")
def leaving() -> Iterator[Finding]:
    """Ready rows that nobody takes. What is parked or held, or may not leave because its account is broken or its number
    slowed down, has its own moment and its own reason."""
    title = _("Messages leaving")
    now = clock.now()
    could_leave = Q(number__slow_until=None) | Q(number__slow_until__lt=now - STUCK)
    stuck = OutboundMessage.objects.filter(
        could_leave, state=State.QUEUED, held_reason="", not_before__lt=now - STUCK,
        number__account__state=Account.State.ACTIVE,
    )  # fmt: skip
    hurried = stuck.exclude(lane=Lane.BULK).count()
    if hurried:
        seen = ngettext("%(count)s message is due for more than two minutes.",
                        "%(count)s messages are due for more than two minutes.", hurried) % {"count": hurried}  # fmt: skip
        mend = _("Look whether the sender process runs and Redis answers; what waits is kept.")
        yield Finding("outbox.leaving", title, Level.RED, seen, mend)
        return
    queued = OutboundMessage.objects.filter(state=State.QUEUED)
    seen = _("%(ready)s ready, %(parked)s waiting for their turn, %(held)s held.") % {
        "ready": queued.filter(held_reason="").count(), "parked": queued.exclude(held_reason="").count(),
        "held": OutboundMessage.objects.filter(state=State.HELD).count()}  # fmt: skip
    yield Finding("outbox.leaving", title, Level.GREEN, seen)


@check("outbox.2 unsure")
def unsure() -> Iterator[Finding]:
    title = _("Messages nobody is sure of")
    count = queries.unsure().filter(created_at__lt=clock.now() - UNSURE_LONG).count()
    if not count:
        yield Finding("outbox.unsure", title, Level.GREEN, _("None for long."))
        return
    seen = ngettext("%(count)s message got no answer and no status.", "%(count)s messages got no answer and no status.",
                    count) % {"count": count}  # fmt: skip
    mend = _("Check that webhooks arrive; then open each and send it again, or leave it.")
    yield Finding("outbox.unsure", title, Level.AMBER, seen, mend)


@check("outbox.3 failed")
def failed() -> Iterator[Finding]:
    title = _("Messages that failed lately")
    now = clock.now()
    newest = OutboundMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = OutboundMessage.objects.filter(pk__gt=newest - LOOKED_AT, created_at__gte=now - DAY)
    count, everything = rows.filter(state=State.FAILED).count(), rows.count()
    seen = _("%(count)s of %(all)s.") % {"count": count, "all": everything}
    if not count:
        yield Finding("outbox.failed", title, Level.GREEN, seen)
        return
    mend = _("Open “Outgoing messages”, filter by “failed”: each says why and what to do.")
    # One in ten: something other than single phones is wrong. UNSOURCED, ours.
    level = Level.RED if count * 10 >= everything and count >= 10 else Level.AMBER
    yield Finding("outbox.failed", title, level, seen, mend)
