"""How a person hears of a link, or of what was filed for them: on WhatsApp when that reaches them, else by e-mail."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.conf import settings

from apps.approvals.models import Request
from apps.contacts import queries as contacts
from apps.conversations import services as conversations
from apps.core import clock
from apps.outbox import reasons
from apps.outbox import services as outbox
from apps.outbox.models import OutboundMessage
from apps.outbox.planning.gathering import REPLY_LASTS
from apps.people.models import Employee, User
from apps.web import kinds, queries, services
from apps.web.models import Link

SILENT = (reasons.NO_CONSENT, reasons.STOPPED, reasons.NOT_LINKED, reasons.UNREACHABLE)
"""Held for as long as the person does nothing: neither a question nor news must wait for that."""


class Told(Enum):
    """What became of a word to somebody: it is on its way, it waits, or it reaches nobody."""

    SENT = "sent"
    WAITS = "waits"
    NOBODY = "nobody"


def filed(*, link: Link, made: Any, by: User) -> Told:
    """Tell somebody what HR has just filed for them; NOBODY: HR has to say it."""
    employee = link.employee
    if contacts.contact_of(employee) is not None:
        data = {"code": made.code, "what": made.summary, "name": by.as_actor().label}
        conversations.notify(kind=kinds.FILED.name, to=employee, data=data, key=_filed_key(link), subject=made)
    found, _why = how_filed(link)
    if found is not Told.NOBODY or not queries.can_mail(employee):
        return found
    shown = services.make_list_link(
        employee=employee, why=Link.Why.FILED, title=made.code, subject=made, key=_mailed_key(link), filed_by=by
    )
    services.mail_link(link=shown)
    return Told.SENT


def how_filed(link: Link) -> tuple[Told, str]:
    """What became of it by now, and why it waits, in a sentence."""
    message = OutboundMessage.objects.filter(key=_filed_key(link)).first()
    is_held = message is not None and message.state == OutboundMessage.State.HELD
    if message is not None and not (is_held and message.held_reason in SILENT):
        return (Told.WAITS, reasons.sentence(message.held_reason)) if is_held else (Told.SENT, "")
    return (Told.SENT if Link.objects.filter(key=_mailed_key(link)).exists() else Told.NOBODY), ""


def _filed_key(link: Link) -> str:
    return f"web:filed:{link.pk}"


def _mailed_key(link: Link) -> str:
    return f"filed:{link.pk}"


def send_decision(*, employee: Employee, request: Request, cause: str, tapped_at: datetime) -> Link | None:
    """The link to a decision that is too large for the chat, into the chat where it was tried. None: no address, no seat.

    It answers the tap of `tapped_at`, so it waits for no morning; after its own time it says nothing.
    """
    contact = contacts.contact_of(employee)
    if contact is None:
        return None
    minutes = settings.WEB_STEP_UP_MINUTES
    link = services.make_decision_link(
        employee=employee, request=request, why=Link.Why.STEP_UP, contact=contact, lasts=timedelta(minutes=minutes),
        key=f"stepup:{cause}",
    )  # fmt: skip
    data = {"request": request.code, "minutes": str(minutes), "link": queries.address(link)}
    outbox.enqueue(key=f"web:decide:{cause}", contact=contact, kind=kinds.DECIDE.name, data=data, subject=request,
                   is_reply=clock.now() - tapped_at < REPLY_LASTS, expires_at=link.button.expires_at)  # fmt: skip
    return link
