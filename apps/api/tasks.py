from apps.api import idempotency
from apps.core.tasks import task


@task("api.clean", time_limit=300)
def clean(**_: object) -> int:
    """Remove answers that nobody may ask for again."""
    return idempotency.clean()
