from collections.abc import Sequence
from typing import TypeVar

from django.db import connection, models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.inbox.models import InboundEvent, Receipt

M = TypeVar("M", bound=models.Model)


def due_events() -> QuerySet[InboundEvent]:
    """Pending events whose time has come, oldest first."""
    return InboundEvent.objects.filter(state=InboundEvent.State.PENDING, not_before__lte=clock.now()).order_by("id")


def due_messages() -> QuerySet[InboundEvent]:
    """Due events that are taken in the order of their person: none of them stands behind one that was put off."""
    put_off = InboundEvent.objects.filter(
        person=OuterRef("person"), account=OuterRef("account"), pk__lt=OuterRef("pk"), state=InboundEvent.State.PENDING,
        not_before__gt=clock.now(),
    ).exclude(person="")  # fmt: skip
    return due_events().exclude(name="StatusChanged").filter(~Exists(put_off))


def blocked(rows: Sequence[InboundEvent]) -> set[int]:
    """Those of these locked events before which an older one of the same person waits in other hands."""
    own = {row.pk for row in rows}
    persons = {row.person for row in rows if row.person}
    if not persons:
        return set()
    earlier = InboundEvent.objects.filter(person__in=persons, state=InboundEvent.State.PENDING, pk__lt=max(own))
    oldest: dict[tuple[int, str], int] = {}
    for account_id, person, pk in earlier.exclude(name="StatusChanged").values_list("account_id", "person", "pk"):
        if pk not in own:
            oldest[account_id, person] = min(pk, oldest.get((account_id, person), pk))
    return {row.pk for row in rows if oldest.get((row.account_id, row.person), row.pk) < row.pk}


def set_aside() -> QuerySet[InboundEvent]:
    """Events that failed too often and wait for a person."""
    return InboundEvent.objects.filter(state=InboundEvent.State.FAILED)


def locked(queryset: QuerySet[M]) -> M | None:
    """The first row, locked; None when there is none or another worker holds it."""
    return queryset.select_for_update(skip_locked=can_skip(), of=("self",) if can_skip() else ()).first()


def can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked


# --- words ------------------------------------------------------------------------------------------------------------


def advice_for_event(event: InboundEvent) -> str:
    """What somebody who looks at this event may do; empty when there is nothing to do."""
    if event.state == InboundEvent.State.FAILED and event.name == "unreadable":
        return _("This part of a webhook is not what WhatsApp documents. It is kept as it came; the others of its batch took "
                 "effect. After an update of Recado press Try again: it is read anew.")  # fmt: skip
    if event.state == InboundEvent.State.FAILED:
        return _("It failed five times and was set aside; nothing of it took effect, and the person was asked to send it "
                 "again. Read the error, mend its cause, then press Try again.")  # fmt: skip
    if event.state == InboundEvent.State.PENDING and event.attempts:
        return _(
            "It failed and is tried again by itself at the time shown. Later messages of the same person wait for it."
        )
    return ""


def advice_for_receipt(receipt: Receipt) -> str:
    """The same for a stored webhook."""
    if receipt.state == Receipt.State.UNREADABLE:
        return _(
            "It is signed, but cannot be read as a webhook. It is kept byte for byte; press Replay after an update."
        )
    failed = receipt.events.filter(state=InboundEvent.State.FAILED).count()
    if failed:
        return ngettext("%(count)s of its events was set aside: see below. Replay tries it once more and repeats nothing.",
                        "%(count)s of its events were set aside: see below. Replay tries them once more and repeats nothing.",
                        failed) % {"count": failed}  # fmt: skip
    return ""
