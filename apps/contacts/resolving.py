"""Who wrote: from a phone and a business-scoped id, either of which may be missing, to one contact.

Whatever makes it doubtful who holds the phone suspends the contact: it may still write, and decides nothing until
somebody has proved it again. A stranger has nothing to lose, so only contacts of employees are suspended.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from apps.contacts import queries
from apps.contacts.machine import CONTACT
from apps.contacts.models import Contact, Identity, Preference, Window
from apps.core import clock
from apps.core.together import forget, joined
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people.phones import variants
from apps.providers.models import Number, Portfolio
from apps.providers.types import IdentityChanged, Sender

TRIES = 3


def recognise(senders: Sequence[tuple[Number, Sender]]) -> list[Contact | None]:
    """The contact of each sender about whom nothing is new and nothing in doubt: what they show is what we know.

    None: `resolve_sender` has to look at this one. A contact is one instance however often it wrote, and is locked until
    the transaction ends: whoever wants to suspend it meanwhile waits, so that nothing is decided on a stale state.
    """
    portfolios = {number.account.portfolio_id for number, _sender in senders}
    user_ids = {sender.user_id for _number, sender in senders if sender.user_id}
    named = Identity.objects.filter(portfolio__in=portfolios, remote_id__in=user_ids) if user_ids else ()
    by_id = {(row.portfolio_id, row.remote_id): row.contact_id for row in named}
    phones = {spelling for _number, sender in senders if sender.phone for spelling in variants(sender.phone)}
    wanted = Contact.objects.filter(Q(pk__in=set(by_id.values())) | Q(phone__in=phones)).select_related("employee")
    rows = {row.pk: row for row in wanted.select_for_update(of=_of("self"), no_key=_can_no_key()).order_by("pk")}
    by_phone = {row.phone: row for row in rows.values() if row.phone}

    def known(number: Number, sender: Sender) -> Contact | None:
        if not sender.user_id:
            return by_phone.get(sender.phone)
        contact = rows.get(by_id.get((number.account.portfolio_id, sender.user_id), 0))
        is_same = contact is not None and (not sender.phone or sender.phone == contact.phone)
        return contact if is_same else None

    found = [known(number, sender) for number, sender in senders]
    for contact, (_number, sender) in zip(found, senders, strict=True):
        if contact is not None:
            _name(contact, sender.profile_name)
    return found


def _name(contact: Contact, profile_name: str) -> None:
    if profile_name and contact.profile_name != profile_name[:200]:
        contact.profile_name = profile_name[:200]
        contact.save(update_fields=["profile_name"])


def _of(*names: str) -> tuple[str, ...]:
    return names if connection.features.has_select_for_update_of else ()


def _can_no_key() -> bool:
    return connection.features.has_select_for_no_key_update


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
    _name(contact, sender.profile_name)
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
    forget(("contact of", row.employee_id))
    return transition(row, CONTACT, "suspend", by=by, is_locked=True, state_reason=reason[:200])


@joined
def mark_reachable(*, contact: Contact) -> bool:
    """Something arrived there, or came from there. False when it was known."""
    changed = Contact.objects.filter(pk=contact.pk, unreachable_since__isnull=False).update(unreachable_since=None)
    if changed:
        contact.unreachable_since = None
        record("contact.found_again", subject=contact, after={"unreachable_since": None})
    return bool(changed)


def touch_window(*, number: Number, contact: Contact, at: datetime) -> None:
    """The person wrote at `at`: the window of this number moves, forward only, never beyond now."""
    touch_windows([(number, contact, at)])


@joined
def touch_windows(touched: Sequence[tuple[Number, Contact, datetime]]) -> None:
    """As `touch_window`, for many in one statement. Who wrote can be reached again."""
    now = clock.now()
    newest: dict[tuple[int, int], datetime] = {}
    for number, contact, at in touched:
        pair = number.pk, contact.pk
        newest[pair] = max(min(at, now), newest.get(pair, datetime.min.replace(tzinfo=at.tzinfo)))
    if not newest:
        return
    table, greatest = Window._meta.db_table, "GREATEST" if connection.vendor == "postgresql" else "MAX"
    values = [
        value
        for (number_id, contact_id), at in sorted(
            newest.items()
        )  # in one order, so that two workers never wait crosswise
        for value in (number_id, contact_id, connection.ops.adapt_datetimefield_value(at))
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (number_id, contact_id, last_inbound_at) VALUES {', '.join(['(%s, %s, %s)'] * len(newest))} "  # noqa: S608
            f"ON CONFLICT (number_id, contact_id) DO UPDATE SET "
            f"last_inbound_at = {greatest}({table}.last_inbound_at, EXCLUDED.last_inbound_at)",
            values,
        )
    for contact in {contact.pk: contact for _number, contact, _at in touched}.values():
        if contact.unreachable_since is not None:
            mark_reachable(contact=contact)


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
