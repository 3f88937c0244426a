from apps.contacts import mailing, making
from apps.core.tasks import call, task
from apps.people import letters


@task("contacts.invite", time_limit=300)
def invite(**_: object) -> int:
    """Go on with invitations made at once; their e-mails leave while it does."""
    made = making.make_waiting()
    if made:
        call(mail)
    return made


@task("contacts.mail", time_limit=300)
def mail(**_: object) -> int:
    """Send the e-mails that wait."""
    return letters.send_waiting(mailing.INVITATIONS)
