"""Messages that wait for a template."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import ngettext

from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.providers.uses import Use, finders


def waiting(names: Collection[str]) -> Mapping[str, Sequence[Use]]:
    """How many messages of each kind are held for want of a usable template."""
    rows = OutboundMessage.objects.filter(
        state=OutboundMessage.State.HELD, kind__in=names, held_reason__in=reasons.OF_TEMPLATES
    )
    counts = rows.order_by().values_list("kind").annotate(count=Count("pk"))
    link = reverse("admin:outbox_outboundmessage_changelist")
    return {
        kind: [
            Use(
                ngettext("%(count)s message waits", "%(count)s messages wait", count) % {"count": count},
                f"{link}?state__exact=held&kind__exact={kind}", count, waits=True,
            )
        ]
        for kind, count in counts
    }  # fmt: skip


finders.register("outbox", waiting)
