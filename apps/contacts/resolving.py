"""Who wrote: from a phone and a business-scoped id, either of which may be missing, to one contact.

Whatever makes it doubtful who holds the phone suspends the contact: it may still write, and decides nothing until
somebody has proved it again. A stranger has nothing to lose, so only contacts of employees are suspended.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.contacts import queries
from apps.contacts.machine import CONTACT
from apps.contacts.models import Contact, Identity, Preference, Window
from apps.core import clock
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people.phones import variants
from apps.providers.models import Number, Portfolio
from apps.providers.types import IdentityChanged, Sender

TRIES = 3


def resolve_sender(*, number: Number, sender: Sender, at: datetime) -> Contact:
    """The contact behind a sender: by business-scoped id in the number's portfolio first, then by any spelling of the phone.

    Nobody known: a stranger is written down. What is missing (an id, a phone) is added; nothing is taken from another
    contact: an id that belongs to another one wins, and the quarrel about the phone suspends the employees' contacts.
    """
    portfolio = number.account.portfolio
    for _try in range(TRIES - 1):
        try:
            with transaction.atomic():
                return _resolve(portfolio, sender, at)
        except IntegrityError:
            continue  # another worker wrote the same new sender down: now it is there to be found
    with transaction.atomic():
        return _resolve(portfolio, sender, at)


def _resolve(portfolio: Portfolio, sender: Sender, at: datetime) -> Contact:
    by_id = queries.by_user_id(portfolio, sender.user_id)
    by_phone = queries.by_phone(sender.phone)
    if by_id is not None and by_phone is not None and by_id.pk != by_phone.pk:
        suspend(contact=by_phone, reason="another WhatsApp account writes from this phone")
        contact = suspend(contact=by_id, reason="writes from the phone of another contact")
    elif by_id is not None:
        contact = _with_phone(by_id, sender.phone)
    elif by_phone is not None:
        contact = _with_phone(_with_identity(by_phone, portfolio, sender.user_id), sender.phone)
    else:
        contact = _stranger(portfolio, sender, at)
    if sender.profile_name and contact.profile_name != sender.profile_name[:200]:
        contact.profile_name = sender.profile_name[:200]
        contact.save(update_fields=["profile_name"])
    return contact


def _stranger(portfolio: Portfolio, sender: Sender, at: datetime) -> Contact:
    contact = Contact.objects.create(
        phone=sender.phone, profile_name=sender.profile_name[:200], created_at=min(at, clock.now())
    )
    Preference.objects.create(contact=contact)
    if sender.user_id:
        Identity.objects.create(contact=contact, portfolio=portfolio, remote_id=sender.user_id)
    record("contact.added", subject=contact, by=contact, body={"phone": sender.phone, "user_id": sender.user_id})
    return contact


def _with_phone(contact: Contact, phone: str) -> Contact:
    """The phone the person writes from; hidden ones stay as last seen, another number is a reason to doubt."""
    if not phone or phone == contact.phone:
        return contact
    old = contact.phone
    contact.phone = phone
    contact.save(update_fields=["phone"])
    record("contact.phone_changed", subject=contact, by=contact, body={"before": old, "after": phone})
    if old and old not in variants(phone):
        return suspend(contact=contact, reason="writes from another number")
    return contact


def _with_identity(contact: Contact, portfolio: Portfolio, user_id: str) -> Contact:
    """Another id on a known phone: WhatsApp gives a new one to a new account, so somebody else may hold the phone."""
    if not user_id:
        return contact
    old = Identity.objects.select_for_update().filter(contact=contact, portfolio=portfolio).first()
    Identity.objects.filter(contact=contact, portfolio=portfolio).delete()
    Identity.objects.create(contact=contact, portfolio=portfolio, remote_id=user_id)
    record("contact.identified", subject=contact, by=contact,
           body={"before": old.remote_id if old else "", "after": user_id})  # fmt: skip
    return suspend(contact=contact, reason="another WhatsApp account on the same phone") if old else contact


@transaction.atomic
def suspend(*, contact: Contact, reason: str, by: HasActor = SYSTEM) -> Contact:
    """Nothing is decided from here until somebody reinstates it. Strangers and what is suspended stay as they are."""
    row = Contact.objects.select_for_update().get(pk=contact.pk)
    if row.employee_id is None or row.state != Contact.State.ACTIVE:
        return row
    return transition(row, CONTACT, "suspend", by=by, state_reason=reason[:200])


@transaction.atomic
def mark_reachable(*, contact: Contact) -> bool:
    """Something arrived there, or came from there. False when it was known."""
    changed = Contact.objects.filter(pk=contact.pk, unreachable_since__isnull=False).update(unreachable_since=None)
    if changed:
        contact.unreachable_since = None
        record("contact.found_again", subject=contact, after={"unreachable_since": None})
    return bool(changed)


@transaction.atomic
def touch_window(*, number: Number, contact: Contact, at: datetime) -> Window:
    """The person wrote at `at`: the window of this number moves, forward only, never beyond now."""
    at = min(at, clock.now())
    window, is_new = Window.objects.get_or_create(number=number, contact=contact, defaults={"last_inbound_at": at})
    if not is_new:
        Window.objects.filter(pk=window.pk, last_inbound_at__lt=at).update(last_inbound_at=at)
        window.refresh_from_db()
    mark_reachable(contact=contact)
    return window


@transaction.atomic
def change_identity(*, event: IdentityChanged, number: Number) -> Contact | None:
    """WhatsApp says that a phone, an id or the handset behind it changed. None when it concerns nobody we know.

    The contact follows the person, and is suspended: who holds the phone must be proved again.
    """
    portfolio = number.account.portfolio
    contact = queries.by_user_id(portfolio, event.old_user_id) or queries.by_phone(event.old_phone)
    if contact is None:
        return None
    if event.change == "number":
        contact = _moved(contact, portfolio, event)
    elif event.change == "user_id" and event.new_user_id and queries.by_user_id(portfolio, event.new_user_id) is None:
        Identity.objects.filter(contact=contact, portfolio=portfolio).delete()
        Identity.objects.create(contact=contact, portfolio=portfolio, remote_id=event.new_user_id)
        record("contact.identified", subject=contact, body={"before": event.old_user_id, "after": event.new_user_id})
    reasons = {"number": "changed the phone number", "user_id": "changed the WhatsApp account"}
    return suspend(contact=contact, reason=reasons.get(event.change, "the handset behind the number changed"))


def _moved(contact: Contact, portfolio: Portfolio, event: IdentityChanged) -> Contact:
    owner = queries.by_phone(event.new_phone)
    if owner is not None and owner.pk != contact.pk:
        suspend(contact=owner, reason="another contact says it has moved to this number")
        new_phone = ""
    else:
        new_phone = event.new_phone
    old = contact.phone
    contact.phone = new_phone
    contact.save(update_fields=["phone"])
    record("contact.phone_changed", subject=contact, body={"before": old, "after": new_phone})
    # With a new number comes a new id (Meta, business-scoped user ids): the old one is nobody's now.
    Identity.objects.filter(contact=contact, portfolio=portfolio).delete()
    if event.new_user_id and queries.by_user_id(portfolio, event.new_user_id) is None:
        Identity.objects.create(contact=contact, portfolio=portfolio, remote_id=event.new_user_id)
    return contact
