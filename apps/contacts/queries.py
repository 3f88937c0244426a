"""Reads about contacts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from apps.contacts import consent, window
from apps.contacts.models import Consent, Contact, Identity, Preference, Window
from apps.people.models import Employee
from apps.people.phones import variants
from apps.people.queries import VIEW_ALL, visible_employees
from apps.providers.models import Number, Portfolio


@dataclass(frozen=True)
class DeliveryFacts:
    """What decides whether and how a message of one class may go to a contact now.

    `consent` is True when the class needs none; `is_stopped` only when the person's STOP holds this class back.
    """

    is_window_open: bool
    closes_at: datetime | None
    consent: bool
    is_stopped: bool
    is_linked: bool
    is_unreachable: bool


def contact_of(employee: Employee) -> Contact | None:
    """The active contact of somebody who still works here; of several, the one linked last."""
    if not employee.is_active:
        return None
    rows = Contact.objects.select_related("employee").filter(employee=employee, state=Contact.State.ACTIVE)
    return rows.order_by("-id").first()


def by_phone(phone: str) -> Contact | None:
    """The contact with this number in any of its spellings; the exact one first."""
    if not phone:
        return None
    found = {row.phone: row for row in Contact.objects.select_related("employee").filter(phone__in=variants(phone))}
    return next((found[spelling] for spelling in variants(phone) if spelling in found), None)


def by_user_id(portfolio: Portfolio, user_id: str) -> Contact | None:
    """The contact behind a business-scoped id, which means something inside its portfolio only."""
    rows = Identity.objects.select_related("contact__employee").filter(portfolio=portfolio, remote_id=user_id)
    identity = rows.first() if user_id else None
    return identity.contact if identity else None


def user_id_of(contact: Contact, number: Number) -> str:
    """The id to send to when the phone is hidden; empty when none is known in the number's portfolio."""
    rows = Identity.objects.filter(contact=contact, portfolio__accounts__numbers=number).order_by("-id")
    return rows.values_list("remote_id", flat=True).first() or ""


def last_inbound_at(contact: Contact, number: Number) -> datetime | None:
    rows = Window.objects.filter(contact=contact, number=number)
    return rows.values_list("last_inbound_at", flat=True).first()


def given_consents(contact: Contact) -> dict[str, bool]:
    """The newest answer by class."""
    newest = Consent.objects.filter(contact=contact).values("klass").annotate(newest=Max("id")).values("newest")
    return dict(Consent.objects.filter(id__in=newest).values_list("klass", "is_given"))


def is_stopped(contact: Contact) -> bool:
    return Preference.objects.filter(contact=contact, is_stopped=True).exists()


def delivery_facts(contact: Contact, number: Number, klass: str, now: datetime) -> DeliveryFacts:
    """The facts as they stand in the database now, not as they were when `contact` was loaded."""
    contact = Contact.objects.select_related("employee").get(pk=contact.pk)
    last = last_inbound_at(contact, number)
    return DeliveryFacts(
        is_window_open=window.is_open(last, now),
        closes_at=window.closes_at(last),
        consent=consent.has_consent(klass, given_consents(contact)),
        is_stopped=consent.holds_back(klass, is_stopped(contact)),
        is_linked=contact.state == Contact.State.ACTIVE and contact.employee is not None and contact.employee.is_active,
        is_unreachable=contact.unreachable_since is not None,
    )


def visible_to(user: Any) -> QuerySet[Contact]:
    """Everything, strangers too, for those who see everybody; else the contacts of the employees one may see."""
    if user.is_active and user.has_perm(VIEW_ALL):
        return Contact.objects.all()
    return Contact.objects.filter(employee__in=visible_employees(user))
