"""What needs a human now: one card per matter, its count a link to exactly those rows, its button the next thing to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.approvals import queries as approvals
from apps.approvals.models import Request
from apps.console import declared, routes
from apps.console.addresses import button_of, list_of, page_of
from apps.console.home.parts import Found, Reader, StrOrPromise
from apps.contacts import queries as contacts
from apps.contacts.models import Contact
from apps.contacts.services import INVITE
from apps.core.scope import narrow
from apps.inbox.models import InboundEvent, Receipt
from apps.incidents import queries as incidents
from apps.incidents.models import Ticket
from apps.journal.models import SetAside
from apps.outbox.models import OutboundMessage
from apps.people import leaving
from apps.people import queries as people
from apps.people.models import ImportJob
from apps.providers import services as providers
from apps.providers.models import Account, AccountAlert, MessageTemplate


@dataclass(frozen=True)
class Step:
    """A button. `is_deed`: it changes something, so that it is sent as a POST."""

    words: StrOrPromise
    link: str
    is_deed: bool = False


@dataclass(frozen=True)
class Card:
    """One matter: how many, what to do, where, and the next thing in one click."""

    title: StrOrPromise
    count: str
    hint: StrOrPromise
    link: str
    is_alarm: bool
    step: Step


@dataclass(frozen=True)
class _Matter:
    model: str
    title: StrOrPromise
    hint: StrOrPromise
    rows: Callable[[Reader], QuerySet[Any]]
    query: str = ""
    is_alarm: bool = False
    deed: Callable[[Reader, int], Step | None] | None = field(default=None)
    is_badge: bool = False
    needs: str = ""


def _to_decide(reader: Reader) -> QuerySet[Request]:
    return approvals.waiting_for(reader.own) if reader.own else Request.objects.none()


def _take(reader: Reader, key: int) -> Step | None:
    """Whoever may answer the oldest ticket takes it from here."""
    ticket = Ticket.objects.filter(pk=key).select_related("team").first()
    if ticket is None or reader.own is None or not reader.may(incidents.ANSWER):
        return None
    if not incidents.may_answer(reader.own, ticket):
        return None
    return Step(_("Take the oldest"), button_of("incidents.ticket", key, "take"), is_deed=True)


def _again(model: str, words: StrOrPromise) -> Callable[[Reader, int], Step | None]:
    """The button "Try again" of the row's own page, for whoever may press it there."""
    need = declared.button(model, "try-again")

    def step(reader: Reader, key: int) -> Step | None:
        is_allowed = routes.allows(need, reader.user)
        return Step(words, button_of(model, key, "try_again"), is_deed=True) if is_allowed else None

    return step


def _invite(reader: Reader, key: int) -> Step:
    return Step(_("Invite them"), list_of("contacts.enrolment", "whatsapp=none"))


MATTERS: tuple[_Matter, ...] = (
    _Matter("approvals.request", _("Wait for your decision"), _("Open one, read it, approve or reject."),
            _to_decide, "waits=me", is_badge=True),
    _Matter("incidents.ticket", _("Nobody has taken"), _("Open one and press Take, or ask who will."),
            lambda reader: reader.tickets.filter(state=Ticket.State.NEW), "state__exact=new", deed=_take,
            is_badge=True),
    _Matter("incidents.ticket", _("Tickets in work"), _("Taken, not yet resolved."),
            lambda reader: reader.tickets.filter(state=Ticket.State.TAKEN), "state__exact=taken"),
    _Matter("approvals.request", _("Requests under way"), _("Waiting for somebody’s decision."),
            lambda reader: reader.requests.filter(state=Request.State.OPEN), "state__exact=open"),
    _Matter("approvals.request", _("Requests nobody can decide"), _("Set a manager or a deputy, then ask again."),
            lambda reader: reader.requests.filter(state=Request.State.STUCK), "state__exact=stuck", True,
            deed=_again("approvals.request", _("Ask again"))),
    _Matter("contacts.claim", _("Codes from another phone"), _("Compare the two numbers, ask the person, confirm or refuse."),
            lambda reader: contacts.visible_claims(reader.user).filter(state="waiting"), "state__exact=waiting", True, is_badge=True),
    _Matter("contacts.enrolment", _("Not invited yet"), _("They work here, and nobody has asked them to join on WhatsApp."),
            lambda reader: reader.enrolments.filter(whatsapp="none"), "whatsapp=none", deed=_invite, needs=INVITE),
    _Matter("contacts.contact", _("Strangers who wrote"), _("Open one: choose who it is, or leave it."),
            lambda reader: contacts.visible_to(reader.user).filter(employee=None), "employee__isempty=1"),
    _Matter("contacts.contact", _("Phones to prove again"), _("The number changed. They decide nothing on WhatsApp until it is proved."),
            lambda reader: contacts.visible_to(reader.user).filter(state=Contact.State.SUSPENDED), "state__exact=suspended"),
    _Matter("people.leaving", _("Leavers to look at"), _("See what was passed on, to whom, and what nobody took; press Seen."),
            lambda reader: leaving.to_look_at(reader.user), "seen_at__isempty=1", True,
            is_badge=True),
    _Matter("people.importjob", _("Imports of people to look at"), _("Open it, read what would change, press Apply or Cancel."),
            lambda reader: people.visible_imports(reader.user).filter(state=ImportJob.State.PREVIEWED), "state__exact=previewed"),
    _Matter("providers.account", _("WhatsApp accounts that stopped"), _("Open it: the page says what to mend."),
            lambda reader: Account.objects.filter(state=Account.State.BROKEN), "state__exact=broken", True),
    _Matter("providers.accountalert", _("Notices from WhatsApp"), _("Read what it means, do it, press Seen."),
            lambda reader: AccountAlert.objects.filter(seen_at=None), "seen_at__isempty=1", True),
    _Matter("providers.messagetemplate", _("Templates that need you"), _("Paused, rejected or re-categorised: the page says what to do."),
            lambda reader: MessageTemplate.objects.filter(pk__in=providers.templates_in_trouble()), "at=trouble", True),
    _Matter("outbox.outboundmessage", _("Messages nobody is sure of"), _("No answer came. Wait for a status, or send again."),
            lambda reader: reader.messages.filter(state=OutboundMessage.State.UNSURE),
            "state__exact=unsure", True),
    _Matter("outbox.outboundmessage", _("Messages held"), _("Each says why it waits and what would free it."),
            lambda reader: reader.messages.filter(state=OutboundMessage.State.HELD), "state__exact=held"),
    _Matter("outbox.outboundmessage", _("Messages that failed"), _("Read why, then retry or tell the person another way."),
            lambda reader: reader.messages.filter(state=OutboundMessage.State.FAILED),
            "state__exact=failed", True),
    _Matter("inbox.inboundevent", _("Events set aside"), _("Open one, read the error, press Try again."),
            lambda reader: narrow(InboundEvent.objects.all(), reader.user).filter(state=InboundEvent.State.FAILED),
            "state__exact=failed", True, deed=_again("inbox.inboundevent", _("Try again"))),
    _Matter("inbox.receipt", _("Webhooks that could not be read"), _("Kept as they came; replay after an update."),
            lambda reader: narrow(Receipt.objects.all(), reader.user).filter(state=Receipt.State.UNREADABLE), "state__exact=unreadable", True),
    _Matter("journal.setaside", _("Reactions that failed"), _("Open one and press Try again."),
            lambda reader: narrow(SetAside.objects.all(), reader.user).filter(resolved_at=None), "resolved_at__isempty=1", True,
            deed=_again("journal.setaside", _("Try again"))),
)  # fmt: skip


def found(request: HttpRequest, matters: Iterable[_Matter] = MATTERS) -> dict[_Matter, Found]:
    """What there is of each matter that this person may see; looked up once per request."""
    reader = Reader.of(request)
    if reader is None:
        return {}
    seen = [one for one in matters if reader.sees(one.model) and (not one.needs or reader.may(one.needs))]
    return {one: reader.count(list_of(one.model, one.query), partial(one.rows, reader)) for one in seen}


def badges(request: HttpRequest) -> dict[str, Found]:
    """How many rows of a list need somebody, by "app.model"; only where there are some."""
    counted = found(request, [matter for matter in MATTERS if matter.is_badge])
    return {matter.model: what for matter, what in counted.items() if what.count}


def cards(reader: Reader) -> list[Card]:
    """The matters this person may see that have something to do, alarms first."""
    made = [_card(reader, matter, what) for matter, what in found(reader.request).items() if what.oldest is not None]
    return sorted(made, key=lambda card: not card.is_alarm)


def _card(reader: Reader, matter: _Matter, what: Found) -> Card:
    oldest = what.oldest or 0
    step = matter.deed(reader, oldest) if matter.deed else None
    if step is not None and step.is_deed and what.is_more:
        step = None  # which one is the oldest is not known, and beside "1,000+" one press looks like one for all
    words = _("Open one") if what.is_more else _("Open the oldest")
    return Card(matter.title, what.said, matter.hint, list_of(matter.model, matter.query), matter.is_alarm,
                step or Step(words, page_of(matter.model, oldest)))  # fmt: skip
