from apps.calendars import services
from apps.core.tasks import task


@task("calendars.extend", time_limit=300)
def extend(**_: object) -> int:
    """Holidays of the year that has come into sight."""
    return services.extend()
