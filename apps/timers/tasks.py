from apps.core.tasks import task
from apps.timers import sweeper


@task("timers.sweep", time_limit=300)
def sweep(**_: object) -> int:
    """Fire what is due."""
    return sweeper.sweep()
