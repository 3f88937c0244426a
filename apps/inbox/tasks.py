from apps.core.tasks import task
from apps.inbox import parsing, processing, retention


@task("inbox.process", time_limit=300)
def process(**_: object) -> int:
    """Parse what came in and take up what it brought."""
    parsing.parse_waiting()
    return processing.take_up()


@task("inbox.sweep", time_limit=300)
def sweep(**_: object) -> int:
    """Find what a lost nudge forgot, and what was put off until now."""
    parsing.parse_waiting()
    return processing.take_up()


@task("inbox.clean", time_limit=300)
def clean(**_: object) -> int:
    """Remove what has been kept long enough."""
    return retention.clean().receipts
