from django.db.models import QuerySet

from apps.core import clock
from apps.inbox.models import InboundEvent
from apps.providers.models import Account


def account_at(*, kind: str, hook_key: str) -> Account | None:
    """The account that listens at /hooks/<kind>/<hook_key>/; a paused or broken one still listens."""
    return Account.objects.filter(kind=kind, hook_key=hook_key).first()


def due_events() -> QuerySet[InboundEvent]:
    """Pending events whose time has come, oldest first."""
    return InboundEvent.objects.filter(state=InboundEvent.State.PENDING, not_before__lte=clock.now()).order_by("id")


def set_aside() -> QuerySet[InboundEvent]:
    """Events that failed too often and wait for a person."""
    return InboundEvent.objects.filter(state=InboundEvent.State.FAILED)
