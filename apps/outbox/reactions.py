"""What held messages do when their reason is gone. The sweep would find them within minutes; people like seconds."""

from apps.contacts.models import Contact
from apps.core import clock
from apps.core.tasks import nudge
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.outbox import reasons, services, tasks
from apps.outbox.models import OutboundMessage
from apps.providers.models import Account, Approval

_HELD = OutboundMessage.objects.filter(state=OutboundMessage.State.HELD)
_TEMPLATE_REASONS = [reasons.NO_TEMPLATE, reasons.TEMPLATE_PENDING, reasons.TEMPLATE_PAUSED]


@on("consent.given", "preference.started", "contact.linked", "contact.reinstated", "contact.found_again")
def look_again_at_a_person(entry: Entry) -> None:
    contact = Contact.objects.filter(pk=entry.subject_id).first()
    if contact is not None:
        services.replan_held(contact=contact)


@on("account.resumed")
def release_an_account(entry: Entry) -> None:
    account = Account.objects.filter(pk=entry.subject_id, state=Account.State.ACTIVE).first()
    if account is not None:
        _HELD.filter(number__account=account, held_reason=reasons.ACCOUNT_PAUSED).update(not_before=clock.now())
        nudge(tasks.sweep)


@on("approval.changed")
def look_again_at_a_template(entry: Entry) -> None:
    approval = Approval.objects.filter(pk=entry.subject_id, state=Approval.State.APPROVED).first()
    if approval is not None:
        waiting = _HELD.filter(number__account_id=approval.account_id, held_reason__in=_TEMPLATE_REASONS)
        waiting.filter(kind=approval.translation.template.kind).update(not_before=clock.now())
        nudge(tasks.sweep)
