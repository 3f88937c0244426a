"""A code has come in: whom does it prove? And HR's word where the phone alone proves nothing."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import codes, linking, making, policy
from apps.contacts.machine import CLAIM, INVITATION
from apps.contacts.models import Claim, Contact, Guess, Invitation
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.actors import HasActor
from apps.journal.services import record, transition
from apps.people import queries as people
from apps.people import services as people_services
from apps.people.models import Employee
from apps.people.phones import normalise

DECIDE = "contacts.decide_claim"
CHANGE_EMPLOYEE = "people.change_employee"


class Result(StrEnum):
    """What became of a code."""

    LINKED = "linked"
    ALREADY = "already"
    """This address is connected as this person: the code was sent again, or was not needed."""
    CLAIMED = "claimed"
    """Right, but sent from another phone: HR looks at it."""
    STILL_CLAIMED = "still_claimed"
    """The same address sent it again while HR looks at it."""
    WRONG = "wrong"
    INCOMPLETE = "incomplete"
    USED = "used"
    EXPIRED = "expired"
    DEAD = "dead"
    """Revoked, replaced, or of somebody who left: one word for all, which tells a stranger nothing."""
    TOO_MANY = "too_many"
    """The last wrong code for this hour."""
    SILENT = "silent"
    """Beyond it: no answer at all."""


@dataclass(frozen=True)
class Outcome:
    """`contact` as it stands afterwards; `employee` only when it is theirs."""

    result: Result
    contact: Contact
    employee: Employee | None = None


@transaction.atomic
def redeem(*, contact: Contact, text: str, proof: str) -> Outcome:
    """Somebody sent a code as a whole message (`text`), with the message id `proof`.

    Proves the person when the address is of the phone that HR wrote down; else keeps a claim that HR decides. The row of
    the invitation is locked, so that of two phones in one moment one wins. Anything but a right code changes nothing but
    the count of guesses.
    """
    typed = codes.read(text)
    if _has_guessed_enough(contact):
        return Outcome(Result.SILENT, contact)
    if typed is None or not typed.code:
        return _wrong(contact, Result.INCOMPLETE, proof)
    rows = Invitation.objects.select_related("employee").select_for_update(of=("self",))
    invitation = rows.filter(code_hash=codes.digest(typed.code)).first()
    if invitation is None or not _may_be_tried(contact, invitation):
        return _wrong(contact, Result.WRONG, proof)
    row = Contact.objects.select_related("employee").select_for_update(of=("self",)).get(pk=contact.pk)
    dead = _why_dead(invitation, row)
    if dead is Result.ALREADY:
        return Outcome(dead, row, invitation.employee)
    if dead is not None:
        return _wrong(row, dead, proof, invitation)
    return _right(invitation, row, proof)


def _right(invitation: Invitation, contact: Contact, proof: str) -> Outcome:
    """A good code: link, keep a claim, or say again that one is kept."""
    employee = invitation.employee
    is_theirs = contact.employee_id == employee.pk
    is_of_another = contact.employee is not None and not is_theirs
    judged = policy.judge(phone=contact.phone, record=employee.phone, is_of_another=is_of_another)
    if is_theirs and contact.state == Contact.State.ACTIVE:
        _use(invitation, contact, proof)
        return Outcome(Result.ALREADY, contact, employee)
    if judged is policy.Proof.ENOUGH:
        _use(invitation, contact, proof)
        return Outcome(Result.LINKED, _link(invitation, contact, by=employee), employee)
    waiting = Claim.objects.filter(invitation=invitation, state=Claim.State.WAITING).first()
    if waiting is not None:
        if waiting.contact_id == contact.pk:
            return Outcome(Result.STILL_CLAIMED, contact)
        return _wrong(contact, Result.USED, proof, invitation)
    claim = Claim.objects.create(
        invitation=invitation, contact=contact, why=str(judged), phone=contact.phone, recorded=employee.phone[:20],
        owner=contact.employee,
        proof=proof[:255],
    )  # fmt: skip
    transition(invitation, INVITATION, "claim", by=contact, is_locked=True)
    record("claim.made", subject=claim, by=contact, after={"why": claim.why, "employee": employee.pk, "proof": claim.proof},
           body={"phone": contact.phone})  # fmt: skip
    return Outcome(Result.CLAIMED, contact)


def _link(invitation: Invitation, contact: Contact, *, by: HasActor) -> Contact:
    linked = linking.link_proved(contact=contact, employee=invitation.employee, by=by)
    if invitation.is_shared and not linked.is_shared:
        linked.is_shared = True
        linked.save(update_fields=["is_shared"])
        record("contact.shared", subject=linked, by=by, before={"is_shared": False}, after={"is_shared": True})
    return linked


def _use(invitation: Invitation, contact: Contact, proof: str) -> None:
    making.overtake(invitation, contact)
    changes = {"used_by": contact, "used_at": clock.now(), "proof": proof[:255], **making.no_mail(invitation)}
    transition(invitation, INVITATION, "use", by=contact, is_locked=True, **changes)


def _why_dead(invitation: Invitation, contact: Contact) -> Result | None:
    """Why this code opens nothing; None: it does."""
    if not invitation.employee.is_active:
        return Result.DEAD
    if invitation.state == Invitation.State.USED:
        is_same = invitation.used_by_id == contact.pk and contact.employee_id == invitation.employee_id
        return Result.ALREADY if is_same and contact.state == Contact.State.ACTIVE else Result.USED
    if invitation.state == Invitation.State.REVOKED:
        return Result.DEAD
    return Result.EXPIRED if invitation.is_expired else None


# --- guesses ----------------------------------------------------------------------------------------------------------


def _wrong(contact: Contact, result: Result, proof: str, invitation: Invitation | None = None) -> Outcome:
    """Count it. The journal names the invitation, the answer never does."""
    now = clock.now()
    Guess.objects.filter(at__lt=now - timedelta(days=1)).delete()
    Guess.objects.create(contact=contact, at=now)
    after = {"why": str(result), "proof": proof, "invitation": invitation.pk if invitation else None}
    record("code.refused", subject=contact, by=contact, after=after)
    return Outcome(Result.TOO_MANY if _has_guessed_enough(contact) else result, contact)


def _has_guessed_enough(contact: Contact) -> bool:
    since = clock.now() - policy.GUESSES
    return Guess.objects.filter(contact=contact, at__gt=since).count() >= policy.GUESSES_OF_ONE


def _may_be_tried(contact: Contact, invitation: Invitation) -> bool:
    """Under a storm of guesses a right code counts only from the very phone that it was made for."""
    if policy.is_same_phone(contact.phone, invitation.employee.phone):
        return True
    return Guess.objects.filter(at__gt=clock.now() - policy.GUESSES).count() < policy.GUESSES_OF_ALL


# --- HR's word --------------------------------------------------------------------------------------------------------


def _may_decide(by: HasActor, claim: Claim) -> None:
    has_perm = getattr(by, "has_perm", None)
    if has_perm is None:
        return
    is_seen = people.visible_employees(by).filter(pk=claim.invitation.employee_id).exists()
    if not has_perm(DECIDE) or not is_seen:
        raise NotPermittedError(_("You may not decide who this is."))


def _locked(claim: Claim, by: HasActor) -> Claim:
    """The claim again, locked after its invitation, in the order in which codes are taken."""
    _may_decide(by, claim)
    Invitation.objects.select_for_update().get(pk=claim.invitation_id)
    rows = Claim.objects.select_related("invitation__employee", "contact__employee").select_for_update(of=("self",))
    return rows.get(pk=claim.pk)


@transaction.atomic
def confirm_claim(*, claim: Claim, by: HasActor, is_phone_updated: bool = False) -> Claim:
    """It is them: the address is linked. `is_phone_updated` also writes its phone into HR's record.

    Raises NotPermittedError, MoveNotAllowedError when it was decided before, InvalidInputError for a leaver, an address
    that changed hands since, or no phone to write down.
    """
    row = _locked(claim, by)
    invitation, contact = row.invitation, row.contact
    if row.state == Claim.State.WAITING and contact.employee_id not in {row.owner_id, invitation.employee_id}:
        raise InvalidInputError(
            _("The address changed hands after the code was sent. Refuse, and make a new invitation.")
        )
    decided = transition(row, CLAIM, "confirm", by=by, is_locked=True, decided_at=clock.now())
    _use(invitation, contact, row.proof)
    _link(invitation, contact, by=by)
    if is_phone_updated:
        _update_phone(invitation.employee, contact, by)
    return decided


def _update_phone(employee: Employee, contact: Contact, by: HasActor) -> None:
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(CHANGE_EMPLOYEE):
        raise NotPermittedError(_("You may confirm, but not change the phone in HR’s record."))
    if not contact.phone:
        raise InvalidInputError(_("WhatsApp hides this phone, so there is nothing to write into HR’s record."))
    people_services.set_phone(employee=employee, phone=normalise(contact.phone), by=by)


@transaction.atomic
def refuse_claim(*, claim: Claim, by: HasActor) -> Claim:
    """It is not them: the code is dead, and whoever sent it is told politely. Raises NotPermittedError,
    MoveNotAllowedError."""
    row = _locked(claim, by)
    decided = transition(row, CLAIM, "refuse", by=by, is_locked=True, decided_at=clock.now())
    transition(row.invitation, INVITATION, "revoke", by=by, is_locked=True, **making.no_mail(row.invitation))
    return decided
