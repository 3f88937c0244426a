"""How a person hears of a link, or of what was filed for them: on WhatsApp when that reaches them, else by e-mail."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from apps.approvals.models import Request
from apps.contacts import queries as contacts
from apps.conversations import services as conversations
from apps.core import clock
from apps.outbox import services as outbox
from apps.outbox.planning.gathering import REPLY_LASTS
from apps.people.models import Employee, User
from apps.web import kinds, queries, services
from apps.web.models import Link


def filed(*, link: Link, made: Any, by: User) -> bool:
    """Tell somebody what HR has just filed for them. False: nothing reaches them, HR has to say it."""
    employee = link.employee
    if contacts.contact_of(employee) is not None:
        data = {"code": made.code, "what": made.summary, "name": by.as_actor().label}
        conversations.notify(kind=kinds.FILED.name, to=employee, data=data, key=f"web:filed:{link.pk}", subject=made)
        return True
    if not queries.can_mail(employee):
        return False
    shown = services.make_list_link(
        employee=employee, why=Link.Why.FILED, title=made.code, subject=made, key=f"filed:{link.pk}", filed_by=by
    )
    services.mail_link(link=shown)
    return True


def is_told(link: Link) -> bool:
    """Whether the person behind a form that HR filed hears of it by itself."""
    return contacts.contact_of(link.employee) is not None or queries.can_mail(link.employee)


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
