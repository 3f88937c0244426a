from apps.core.tasks import nudge, task
from apps.outbox import dispatcher, sweeper


@task("outbox.dispatch", time_limit=300)
def dispatch(**_: object) -> dict[str, int]:
    """Send what is due."""
    counts = dispatcher.run()
    if sweeper.has_due() and counts:
        nudge(dispatch)
    return dict(counts)


@task("outbox.sweep", time_limit=300)
def sweep(**_: object) -> dict[str, int]:
    """Find what was left behind, and wake a dispatcher when something is due."""
    moved = sweeper.sweep()
    if sweeper.has_due():
        nudge(dispatch)
    return moved
