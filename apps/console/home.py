"""What needs a human now: one card per matter, its count a link to exactly those rows."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.approvals import queries as approvals
from apps.approvals.models import Request
from apps.console.navigation import may_view
from apps.contacts.models import Contact
from apps.inbox.models import InboundEvent, Receipt
from apps.incidents import queries as incidents
from apps.incidents.models import Ticket
from apps.journal.models import SetAside
from apps.outbox.models import OutboundMessage
from apps.people.models import User
from apps.providers.models import Account


@dataclass(frozen=True)
class Card:
    """One matter: how many, what to do, where."""

    title: str | Promise
    count: int
    hint: str | Promise
    link: str
    is_alarm: bool = False


@dataclass(frozen=True)
class _Matter:
    model: str
    title: str | Promise
    hint: str | Promise
    count: Callable[[User], int]
    query: str = ""
    is_alarm: bool = False


def _to_decide(user: User) -> int:
    employee = getattr(user, "employee", None)
    return approvals.waiting_for(employee).count() if employee else 0


MATTERS: tuple[_Matter, ...] = (
    _Matter("approvals.request", _("Wait for your decision"), _("Open one, read it, approve or reject."),
            _to_decide, "waits=me"),
    _Matter("incidents.ticket", _("Nobody has taken"), _("Open one and press Take, or ask who will."),
            lambda user: incidents.visible_to(user).filter(state=Ticket.State.NEW).count(), "state__exact=new"),
    _Matter("incidents.ticket", _("Tickets in work"), _("Taken, not yet resolved."),
            lambda user: incidents.visible_to(user).filter(state=Ticket.State.TAKEN).count(), "state__exact=taken"),
    _Matter("approvals.request", _("Requests under way"), _("Waiting for somebody’s decision."),
            lambda user: approvals.visible_to(user).filter(state=Request.State.OPEN).count(), "state__exact=open"),
    _Matter("approvals.request", _("Requests nobody can decide"), _("Set a manager or a deputy, then ask again."),
            lambda user: approvals.visible_to(user).filter(state=Request.State.STUCK).count(), "state__exact=stuck", True),
    _Matter("contacts.contact", _("Contacts to confirm"), _("Strangers who wrote, and numbers that changed."),
            lambda user: Contact.objects.filter(Q(employee=None) | Q(state=Contact.State.SUSPENDED)).count(), ""),
    _Matter("providers.account", _("WhatsApp accounts that stopped"), _("Open it: the page says what to mend."),
            lambda user: Account.objects.filter(state=Account.State.BROKEN).count(), "state__exact=broken", True),
    _Matter("outbox.outboundmessage", _("Messages nobody is sure of"), _("No answer came. Wait for a status, or send again."),
            lambda user: OutboundMessage.objects.filter(state=OutboundMessage.State.UNSURE).count(),
            "state__exact=unsure", True),
    _Matter("outbox.outboundmessage", _("Messages held"), _("Each says why it waits and what would free it."),
            lambda user: OutboundMessage.objects.filter(state=OutboundMessage.State.HELD).count(), "state__exact=held"),
    _Matter("outbox.outboundmessage", _("Messages that failed"), _("Read why, then retry or tell the person another way."),
            lambda user: OutboundMessage.objects.filter(state=OutboundMessage.State.FAILED).count(),
            "state__exact=failed", True),
    _Matter("inbox.inboundevent", _("Events set aside"), _("Open one, read the error, press Try again."),
            lambda user: InboundEvent.objects.filter(state=InboundEvent.State.FAILED).count(),
            "state__exact=failed", True),
    _Matter("inbox.receipt", _("Webhooks that could not be read"), _("Kept as they came; replay after an update."),
            lambda user: Receipt.objects.filter(state=Receipt.State.UNREADABLE).count(), "state__exact=unreadable", True),
    _Matter("journal.setaside", _("Reactions that failed"), _("Open one and press Try again."),
            lambda user: SetAside.objects.filter(resolved_at=None).count(), "", True),
)  # fmt: skip


def cards(request: HttpRequest) -> list[Card]:
    """The matters this person may see that have something to do, alarms first."""
    user = request.user
    if not isinstance(user, User):
        return []
    found = []
    for matter in MATTERS:
        if not may_view(request, matter.model):
            continue
        count = matter.count(user)
        if count:
            link = reverse(f"admin:{matter.model.replace('.', '_')}_changelist")
            found.append(Card(matter.title, count, matter.hint, f"{link}?{matter.query}".rstrip("?"), matter.is_alarm))
    return sorted(found, key=lambda card: not card.is_alarm)
