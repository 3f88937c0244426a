"""What the chat says when HR has decided whose code it was."""

from apps.contacts.models import Claim
from apps.inbox import welcoming
from apps.journal.models import Entry
from apps.journal.reactor import on


@on("claim.confirmed")
def welcome_confirmed(entry: Entry) -> None:
    claim = _claim(entry)
    if claim is not None and claim.state == Claim.State.CONFIRMED:
        welcoming.confirmed(claim)


@on("claim.refused")
def tell_refused(entry: Entry) -> None:
    claim = _claim(entry)
    if claim is not None and claim.state == Claim.State.REFUSED:
        welcoming.refused(claim)


def _claim(entry: Entry) -> Claim | None:
    rows = Claim.objects.select_related("contact__employee", "invitation__employee")
    return rows.filter(pk=entry.subject_id).first()
