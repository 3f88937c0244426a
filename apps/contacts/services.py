"""What may be done to contacts: who stands behind one, whether it may decide, what it agreed to."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import consent as rules
from apps.contacts import queries, resolving
from apps.contacts.machine import CONTACT
from apps.contacts.models import Consent, Contact, Preference
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people.models import Employee
from apps.people.phones import normalise
from apps.providers.kinds import Klass

CHANGE = "contacts.change_contact"

resolve_sender = resolving.resolve_sender
touch_window = resolving.touch_window
change_identity = resolving.change_identity
suspend = resolving.suspend
mark_reachable = resolving.mark_reachable


def _require(by: HasActor) -> None:
    """Raises NotPermittedError for a sign-in that may not change contacts; people in chat and the house may."""
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(CHANGE):
        raise NotPermittedError(_("You may not change contacts."))


# --- who it is --------------------------------------------------------------------------------------------------------


@transaction.atomic
def link(*, contact: Contact, employee: Employee, by: HasActor) -> Contact:
    """This address is this employee's from now on; other addresses of the employee are unlinked.

    Raises InvalidInputError for somebody who left, NotPermittedError.
    """
    _require(by)
    if not employee.is_active:
        raise InvalidInputError(_("%(name)s has left and cannot be linked.") % {"name": employee})
    for other in Contact.objects.filter(employee=employee).exclude(pk=contact.pk):
        _unlink(other, by=by, reason="linked to another address")
    linked = transition(contact, CONTACT, "link", by=by, employee=employee, state_reason="")
    Preference.objects.get_or_create(contact=linked)
    return linked


@transaction.atomic
def invite(*, employee: Employee, by: HasActor) -> Contact:
    """The contact of HR's phone for an employee, made when there is none: the next message from it is known.

    Raises InvalidInputError when there is no phone, it is somebody else's, or the employee has left.
    """
    _require(by)
    if not employee.phone:
        raise InvalidInputError(_("%(name)s has no phone. Enter one first.") % {"name": employee})
    phone = normalise(employee.phone)
    contact = queries.by_phone(phone)
    if contact is None:
        contact = Contact.objects.create(phone=phone)
        record("contact.added", subject=contact, by=by, body={"phone": phone})
    elif contact.employee_id == employee.pk and contact.state == Contact.State.ACTIVE:
        return contact
    elif contact.employee_id is not None and contact.employee_id != employee.pk:
        raise InvalidInputError(_("This phone belongs to %(other)s already.") % {"other": contact.employee})
    return link(contact=contact, employee=employee, by=by)


@transaction.atomic
def unlink(*, contact: Contact, by: HasActor, reason: str = "") -> Contact:
    """Nobody stands behind this address any more: it is a stranger's. Raises NotPermittedError, MoveNotAllowedError."""
    _require(by)
    return _unlink(contact, by=by, reason=reason)


def _unlink(contact: Contact, *, by: HasActor, reason: str) -> Contact:
    was = {"was": str(contact.employee)} if contact.employee_id else None
    return transition(contact, CONTACT, "unlink", by=by, body=was, employee=None, state_reason=reason[:200])


@transaction.atomic
def unlink_all(*, employee: Employee, by: HasActor = SYSTEM, reason: str = "left") -> int:
    """Unlink every address of an employee (a leaver); returns how many there were."""
    rows = list(Contact.objects.filter(employee=employee))
    for contact in rows:
        _unlink(contact, by=by, reason=reason)
    return len(rows)


@transaction.atomic
def report_lost(*, contact: Contact, by: HasActor) -> Contact:
    """The phone is lost or stolen: nothing is decided from it until it is reinstated. Raises NotPermittedError."""
    _require(by)
    return suspend(contact=contact, reason="lost phone", by=by)


@transaction.atomic
def reinstate(*, contact: Contact, by: HasActor) -> Contact:
    """It has been proved again who holds this phone. Raises NotPermittedError, MoveNotAllowedError."""
    _require(by)
    return transition(contact, CONTACT, "reinstate", by=by, state_reason="")


@transaction.atomic
def mark_unreachable(*, contact: Contact, reason: str = "") -> bool:
    """The carrier says that nobody can be reached there. False when it was known."""
    now = clock.now()
    changed = Contact.objects.filter(pk=contact.pk, unreachable_since=None).update(unreachable_since=now)
    if changed:
        contact.unreachable_since = now
        record("contact.lost_touch", subject=contact, after={"unreachable_since": now.isoformat(), "code": reason[:80]})
    return bool(changed)


# --- what they agreed to ----------------------------------------------------------------------------------------------


@transaction.atomic
def give_consent(*, contact: Contact, klass: str, wording: str, source: str, proof: str = "", by: HasActor) -> Consent:
    """A yes to one class of messages, with the wording and its proof (a message id, a document)."""
    return _answer(contact, klass, True, wording, source, proof, by)


@transaction.atomic
def withdraw_consent(
    *, contact: Contact, klass: str, wording: str, source: str, proof: str = "", by: HasActor
) -> Consent:
    """A no to one class of messages; earlier answers stay as history."""
    return _answer(contact, klass, False, wording, source, proof, by)


@transaction.atomic
def record_consents(
    *,
    contact: Contact,
    klasses: Iterable[str] = rules.ASKED_FOR,
    wording: str,
    source: str,
    proof: str = "",
    by: HasActor,
) -> list[Consent]:
    """One yes to several classes, as signed on paper or tapped in the chat. Raises NotPermittedError."""
    _require(by)
    return [
        give_consent(contact=contact, klass=klass, wording=wording, source=source, proof=proof, by=by)
        for klass in klasses
    ]


def _answer(
    contact: Contact, klass: str, is_given: bool, wording: str, source: str, proof: str, by: HasActor
) -> Consent:
    row = Consent.objects.create(
        contact=contact, klass=klass, is_given=is_given, wording=wording, source=source[:40], proof=proof[:200]
    )
    name = "consent.given" if is_given else "consent.withdrawn"
    record(
        name,
        subject=contact,
        by=by,
        after={"klass": str(klass), "source": source, "proof": proof},
        body={"wording": wording},
    )
    return row


@transaction.atomic
def note_marketing_choice(*, contact: Contact, is_allowed: bool, proof: str) -> Consent | None:
    """The person switched our marketing off or on in WhatsApp itself: our announcements follow it.

    Switching it on again restores a yes that was there; it never makes one.
    """
    answers = list(Consent.objects.filter(contact=contact, klass=Klass.ANNOUNCEMENT).order_by("-id")[:2])
    newest = answers[0] if answers else None
    if is_allowed:
        was_ours = newest is not None and not newest.is_given and newest.source == "whatsapp" and len(answers) > 1
        if not was_ours or not answers[1].is_given:
            return None
    elif newest is not None and not newest.is_given:
        return None
    wording = "resume" if is_allowed else "stop"
    return _answer(contact, Klass.ANNOUNCEMENT, is_allowed, wording, "whatsapp", proof, contact)


@transaction.atomic
def stop(*, contact: Contact, wording: str, proof: str) -> Preference:
    """STOP: only the essential from now on. `wording` is what the person wrote, `proof` its message id."""
    return _set_stopped(contact, True, wording, proof)


@transaction.atomic
def start(*, contact: Contact, wording: str, proof: str) -> Preference:
    """START: what was agreed to before the STOP counts again; nothing new is agreed to."""
    return _set_stopped(contact, False, wording, proof)


def _set_stopped(contact: Contact, is_stopped: bool, wording: str, proof: str) -> Preference:
    preference, _created = Preference.objects.select_for_update().get_or_create(contact=contact)
    if preference.is_stopped == is_stopped:
        return preference
    preference.is_stopped = is_stopped
    preference.stopped_at = clock.now() if is_stopped else None
    preference.save(update_fields=["is_stopped", "stopped_at"])
    after: dict[str, Any] = {"is_stopped": is_stopped, "proof": proof[:255]}
    name = "preference.stopped" if is_stopped else "preference.started"
    record(
        name, subject=contact, by=contact, before={"is_stopped": not is_stopped}, after=after, body={"wording": wording}
    )
    return preference
