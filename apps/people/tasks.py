"""Thin shells; the work is in `importing`, `bulk` and `signin`."""

from apps.core.tasks import task
from apps.people.bulk import running as bulk_running
from apps.people.bulk import services as bulk
from apps.people.importing import running
from apps.people.importing import services as importing
from apps.people.signin import services as signin
from apps.people.signin import sessions


@task("people.run_imports", time_limit=300)
def run_imports(**_: object) -> int:
    """Check or apply the imports that wait; go on with those whose worker was killed."""
    return running.run_waiting()


@task("people.run_bulk", time_limit=300)
def run_bulk(**_: object) -> int:
    """Do what was ordered for many rows; go on with that whose worker was killed."""
    return bulk_running.run_waiting()


@task("people.clean_imports", time_limit=300)
def clean_imports(**_: object) -> int:
    """Remove the rows of imports, and of work on many rows, that have been kept long enough."""
    return importing.remove_old() + bulk.remove_old()


@task("people.send_password_mail", time_limit=60)
def send_password_mail(*, email: str, **_: object) -> int:
    """The link to a new password: looked up and sent here, so that the page answers everybody alike."""
    return signin.send_password_mail(email=email)


@task("people.clean_sessions", time_limit=300)
def clean_sessions(**_: object) -> int:
    """Sessions that ran out are of no use to anybody but a thief of backups."""
    return sessions.clean()
