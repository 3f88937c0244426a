"""What the house does when something of its own changes."""

from apps.health import alarms, telling
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.providers.models import Approval


@on("approval.changed", "approval.registered")
def tell_of_templates(entry: Entry) -> None:
    approval = Approval.objects.filter(pk=entry.subject_id).first()
    if approval is not None:
        telling.note(approval)


@on("account.alerted", "account.broken")
def tell_operators(entry: Entry) -> None:
    alarms.tell(entry)
