from apps.core.tasks import task
from apps.people import letters
from apps.web import mailing


@task("web.mail", time_limit=300)
def mail(**_: object) -> int:
    """Send the e-mails that wait."""
    return letters.send_waiting(mailing.LINKS)
