from apps.core.tasks import task
from apps.inbox import processing


@task("inbox.process", time_limit=300)
def process(*, receipt_id: int, **_: object) -> int:
    """Parse one receipt and take up what it brought."""
    processing.parse_receipt(receipt_id)
    return processing.take_up()


@task("inbox.sweep", time_limit=300)
def sweep(**_: object) -> int:
    """Find what a lost nudge forgot, and what was put off until now."""
    processing.parse_waiting()
    return processing.take_up()
