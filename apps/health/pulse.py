"""Is somebody working? Beat asks for a pulse every half minute, a worker writes it: one row proves beat, broker and worker."""

from datetime import datetime, timedelta

from celery import current_app

from apps.core import clock
from apps.health.models import Pulse

WORKERS = "workers"
EVERY_SECONDS = 30
STALE = timedelta(seconds=120)  # four beats missed
PING_SECONDS = 1.0


def real_now() -> datetime:
    """Celery lives in real time, also while a demo's clock runs ahead."""
    return clock.now() - timedelta(seconds=clock.offset())


def beat() -> None:
    """Called by the task: this worker lives, and so do beat and broker."""
    Pulse.objects.update_or_create(name=WORKERS, defaults={"at": real_now()})


def last() -> datetime | None:
    """The last beat, real time; None: never."""
    return Pulse.objects.filter(name=WORKERS).values_list("at", flat=True).first()


def workers() -> list[str]:
    """Names of the workers that answer the broker within a second; empty too while the broker is away."""
    try:
        answers = current_app.control.ping(timeout=PING_SECONDS) or []
    except Exception:  # the broker's client raises many classes; whatever it is, nobody answered
        return []
    return sorted(name for answer in answers for name in answer)
