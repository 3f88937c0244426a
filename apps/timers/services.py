"""Set, cancel, sweep."""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core import clock
from apps.core.tasks import nudge
from apps.timers import tasks
from apps.timers.models import Timer


@transaction.atomic
def set_timer(*, handler: str, key: str, due_at: datetime, data: dict[str, Any] | None = None) -> Timer:
    """Fire `handler` (registered by `@timers.registry.handles(name)`) once at `due_at`; the same key moves it."""
    timer, created = Timer.objects.select_for_update().get_or_create(
        handler=handler, key=key, state=Timer.State.SET, defaults={"due_at": due_at, "data": data or {}}
    )
    if not created:
        timer.due_at, timer.data, timer.attempts = due_at, data or {}, 0
        timer.save(update_fields=["due_at", "data", "attempts"])
    if due_at <= clock.now():
        nudge(tasks.sweep)
    return timer


def cancel_timer(*, handler: str, key: str) -> bool:
    """True when a set timer was found."""
    changed = Timer.objects.filter(handler=handler, key=key, state=Timer.State.SET).update(state=Timer.State.CANCELLED)
    return bool(changed)
