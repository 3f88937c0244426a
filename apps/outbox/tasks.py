from apps.core.tasks import nudge, task
from apps.outbox.sending import dispatcher, sweeper

LINGER = 2.0
"""Seconds that a dispatcher looks out for more: what is written meanwhile leaves without waiting for the broker."""


@task("outbox.dispatch", queue="sending", time_limit=300)
def dispatch(**_: object) -> dict[str, int]:
    """Send what is due. It runs for as long as something is: a queue of its own keeps it out of everybody's way."""
    counts = dispatcher.run(linger=LINGER)
    if counts and sweeper.has_due():
        nudge(dispatch)
    return dict(counts)


@task("outbox.sweep", time_limit=300)
def sweep(**_: object) -> dict[str, int]:
    """Find what was left behind, and wake a dispatcher when something is due."""
    moved = sweeper.sweep()
    if sweeper.has_due():
        nudge(dispatch)
    return moved
