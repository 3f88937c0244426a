"""Who stands behind an address: linking, unlinking, a lost phone, and proving it again."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import making, queries, resolving
from apps.contacts.machine import CONTACT
from apps.contacts.models import Consent, Contact, Preference
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.core.together import forget
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people.models import Employee
from apps.people.phones import normalise

CHANGE = "contacts.change_contact"
LOST = "lost phone"
"""Why a contact is suspended whose phone was lost: what was open on it ends, too."""


def require(by: HasActor) -> None:
    """Raises NotPermittedError for a sign-in that may not change contacts; people in chat and the house may."""
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(CHANGE):
        raise NotPermittedError(_("You may not change contacts."))


@transaction.atomic
def link(*, contact: Contact, employee: Employee, by: HasActor) -> Contact:
    """This address is this employee's from now on; other addresses of the employee are unlinked.

    What somebody else agreed to from this address is no answer of the new person's. Raises InvalidInputError for somebody
    who left, NotPermittedError.
    """
    require(by)
    return link_proved(contact=contact, employee=employee, by=by)


def link_proved(*, contact: Contact, employee: Employee, by: HasActor) -> Contact:
    """As `link`, for a caller that has checked by itself who asks."""
    if not employee.is_active:
        raise InvalidInputError(_("%(name)s has left and cannot be linked.") % {"name": employee})
    for other in Contact.objects.filter(employee=employee).exclude(pk=contact.pk):
        _unlink(other, by=by, reason="linked to another address")
    forget(("contact of", employee.pk))
    if contact.employee_id != employee.pk:
        forget(("contact of", contact.employee_id))
        _end_answers(contact, by)
    linked = transition(contact, CONTACT, "link", by=by, employee=employee, state_reason="")
    Preference.objects.get_or_create(contact=linked)
    return linked


def _end_answers(contact: Contact, by: HasActor) -> None:
    """What was agreed to or asked for here was said by whoever stood behind the address before."""
    for klass, is_given in queries.given_consents(contact).items():
        if is_given:
            Consent.objects.create(
                contact=contact, klass=klass, is_given=False, wording="linked to another person", source="link"
            )
            record("consent.withdrawn", subject=contact, by=by, after={"klass": klass, "source": "link", "proof": ""})
    Preference.objects.filter(contact=contact).update(
        is_stopped=False, stopped_at=None, quiet_from=None, quiet_until=None
    )


@transaction.atomic
def invite(*, employee: Employee, by: HasActor) -> Contact:
    """The contact of HR's phone for an employee, made when there is none: the next message from it is known.

    It asks for no proof: for people whose phone was checked in some other way. Everybody else gets an invitation
    (`make_invitation`). Raises InvalidInputError when there is no phone, it is somebody else's, or the employee has left.
    """
    require(by)
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
    require(by)
    return _unlink(contact, by=by, reason=reason)


def _unlink(contact: Contact, *, by: HasActor, reason: str) -> Contact:
    forget(("contact of", contact.employee_id))
    was: dict[str, Any] | None = {"was": str(contact.employee)} if contact.employee_id else None
    return transition(contact, CONTACT, "unlink", by=by, body=was, employee=None, state_reason=reason[:200])


@transaction.atomic
def unlink_all(*, employee: Employee, by: HasActor = SYSTEM, reason: str = "left") -> int:
    """Unlink every address of an employee (a leaver) and end their codes; returns how many addresses there were."""
    rows = list(Contact.objects.filter(employee=employee))
    for contact in rows:
        _unlink(contact, by=by, reason=reason)
    making.end_open(employee=employee, by=by, reason=reason)
    return len(rows)


@transaction.atomic
def report_lost(*, contact: Contact, by: HasActor) -> Contact:
    """The phone is lost or stolen: nothing is decided from it until it is proved again, and codes that may lie on it are
    dead. Raises NotPermittedError."""
    require(by)
    if contact.employee is not None:
        making.end_open(employee=contact.employee, by=by, reason=LOST)
    return resolving.suspend(contact=contact, reason=LOST, by=by)


@transaction.atomic
def reinstate(*, contact: Contact, by: HasActor, reason: str = "") -> Contact:
    """HR knows again who holds this phone; `reason` says how, and is kept. A fresh code sent from the phone proves it as
    well (`redeem`). Raises InvalidInputError without a reason from a sign-in, NotPermittedError, MoveNotAllowedError."""
    require(by)
    row = Contact.objects.select_related("employee").select_for_update(of=("self",)).get(pk=contact.pk)
    if row.state != Contact.State.SUSPENDED:
        shown = row.get_state_display()
        raise MoveNotAllowedError(_("This cannot be done any more: the state is “%(state)s” now.") % {"state": shown})
    if hasattr(by, "has_perm") and not reason.strip():
        sentence = _("Say how you know that it is them, like “came to the office”. It is kept in the journal.")
        raise InvalidInputError(sentence, fields={"reason": sentence})
    if row.employee is not None and not row.employee.is_active:
        raise InvalidInputError(_("%(name)s has left and cannot be linked.") % {"name": row.employee})
    forget(("contact of", contact.employee_id))
    body = {"reason": reason.strip()[:500]} if reason.strip() else None
    return transition(row, CONTACT, "reinstate", by=by, body=body, is_locked=True, state_reason="")
