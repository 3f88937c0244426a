"""What held messages do when their reason is gone. The sweep would find them within minutes; people like seconds."""

from apps.contacts.models import Contact, Preference
from apps.core import clock
from apps.core.tasks import nudge
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.outbox import budgets, reasons, services, tasks
from apps.outbox.kinds import KNOCK
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers.models import Account, Approval, MessageTemplate, Portfolio

_HELD = OutboundMessage.objects.filter(state=OutboundMessage.State.HELD)


@on("consent.given", "preference.started", "contact.linked", "contact.reinstated", "contact.found_again")
def look_again_at_a_person(entry: Entry) -> None:
    contact = Contact.objects.filter(pk=entry.subject_id).first()
    if contact is not None:
        services.replan_held(contact=contact)


@on("employee.changed", "preference.changed", "workcalendar.changed", "workcalendar.removed", "workcalendar.filled",
    "workcalendar.made_default", "workhours.added", "workhours.changed", "workhours.removed", "holiday.added",
    "holiday.changed", "holiday.removed")  # fmt: skip
def look_again_at_rest(entry: Entry) -> None:
    """Somebody's night or day off was moved: what waits for its end may wait for nothing now, or for longer."""
    resting = _HELD.filter(held_reason__in=[reasons.QUIET_HOURS, reasons.DAY_OFF], not_before__gt=clock.now())
    if entry.subject_type == Employee._meta.label_lower:
        resting = resting.filter(contact__employee__pk=entry.subject_id)
    elif entry.subject_type == Preference._meta.label_lower:
        resting = resting.filter(contact__preference__pk=entry.subject_id)
    if resting.update(not_before=clock.now()):
        nudge(tasks.sweep)


@on("account.resumed", "account.restricted")
def release_an_account(entry: Entry) -> None:
    account = Account.objects.filter(pk=entry.subject_id, state=Account.State.ACTIVE).first()
    if account is not None:
        _HELD.filter(number__account=account, held_reason__in=[reasons.ACCOUNT_PAUSED, reasons.RESTRICTED]).update(
            not_before=clock.now()
        )
        nudge(tasks.sweep)


@on("approval.changed")
def look_again_at_a_template(entry: Entry) -> None:
    approval = Approval.objects.filter(pk=entry.subject_id, state=Approval.State.APPROVED).first()
    if approval is not None:
        kind = approval.translation.template.kind
        waiting = _HELD.filter(number__account_id=approval.account_id)
        if kind == KNOCK.name:  # what could only wait may be announced now
            waiting = waiting.filter(held_reason__in=[*reasons.OF_TEMPLATES, reasons.WINDOW_CLOSED])
        else:
            why = [*reasons.OF_TEMPLATES, reasons.KNOCKED, reasons.CARRIER_HOLD]
            waiting = waiting.filter(kind=kind, held_reason__in=why)
        waiting.update(not_before=clock.now())
        nudge(tasks.sweep)


@on("messagetemplate.fallback_set", "messagetemplate.changed")
def knock_or_wait(entry: Entry) -> None:
    """Somebody chose what becomes of messages while their template cannot be used: those that wait follow at once."""
    template = MessageTemplate.objects.filter(pk=entry.subject_id).first()
    if template is not None:
        _HELD.filter(kind=template.kind, held_reason__in=[*reasons.OF_TEMPLATES, reasons.KNOCKED]).update(
            not_before=clock.now()
        )
        nudge(tasks.sweep)


@on("portfolio.limit_changed", "portfolio.changed")
def ask_again_for_places(entry: Entry) -> None:
    """More people (or fewer) may be written to per day: whoever was promised a place of the old limit asks anew."""
    portfolio = Portfolio.objects.filter(pk=entry.subject_id).first()
    if portfolio is not None:
        now = clock.now()
        budgets.forget_promises(portfolio, now=now)
        parked = OutboundMessage.objects.filter(state=OutboundMessage.State.QUEUED, held_reason=reasons.TIER)
        parked.filter(number__account__portfolio=portfolio).update(not_before=now)
        nudge(tasks.sweep)
