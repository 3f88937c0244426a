"""Reads about outgoing messages."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from apps.contacts.models import Contact
from apps.core import clock
from apps.outbox import reasons
from apps.outbox.machine import WAITING
from apps.outbox.models import OutboundMessage
from apps.people import queries as people

State = OutboundMessage.State
FREED_BY_WRITING = Q(state=State.HELD) | Q(state=State.QUEUED, held_reason=reasons.TIER)
"""What is looked at again when its person writes: who waited for a place among the people of the day needs none then."""


def by_remote_id(wamid: str) -> OutboundMessage | None:
    """The message that has, or in an earlier try had, this wamid: a quoted or reacted-to one is found by it."""
    if not wamid:
        return None
    found = OutboundMessage.objects.filter(remote_id=wamid).exclude(remote_id="").first()
    return found or OutboundMessage.objects.filter(tries__remote_id=wamid).first()


def is_on_its_way_to(contact: Contact) -> bool:
    """Whether a message to this address has been handed over and its receipt is not saved yet."""
    return OutboundMessage.objects.filter(contact=contact, state=State.SENDING).exists()


def by_key(key: str) -> OutboundMessage | None:
    """The message that was enqueued under this key."""
    return OutboundMessage.objects.filter(key=key).first()


def holding(contact_ids: Collection[int]) -> set[int]:
    """For which of these contacts something waits that is looked at again when they write."""
    rows = OutboundMessage.objects.filter(FREED_BY_WRITING, contact__in=contact_ids).order_by()
    return set(rows.values_list("contact_id", flat=True).distinct()) if contact_ids else set()


def waiting() -> QuerySet[OutboundMessage]:
    """Everything that has not left, or of which nobody knows."""
    return OutboundMessage.objects.filter(state__in=WAITING)


def waiting_longer_than(age: timedelta) -> QuerySet[OutboundMessage]:
    """Waiting rows written longer ago than `age`."""
    return waiting().filter(created_at__lt=clock.now() - age)


def unsure() -> QuerySet[OutboundMessage]:
    """Rows of which nobody knows whether they arrived."""
    return OutboundMessage.objects.filter(state=State.UNSURE)


def resent() -> QuerySet[OutboundMessage]:
    """Rows that were sent again while unsure: each may have arrived twice."""
    return OutboundMessage.objects.filter(is_resend=True)


def about(subject: Any) -> QuerySet[OutboundMessage]:
    """The messages about one row (a ticket, a request), newest first."""
    rows = OutboundMessage.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))
    return rows.select_related("contact__employee").order_by("-id")


def visible_to(user: Any) -> QuerySet[OutboundMessage]:
    """Rows whose text `user` may read: those to the employees they may see; all (strangers too) for who sees everybody."""
    rows = OutboundMessage.objects.all()
    if user.is_active and user.has_perm(people.VIEW_ALL):
        return rows
    return rows.filter(contact__employee__in=people.visible_employees(user))
