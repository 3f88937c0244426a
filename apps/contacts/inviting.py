"""Invitations: a single-use code for one employee, or for many at once, handed over on paper, by e-mail or as a link."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.contacts import mailing, making, policy, tasks
from apps.contacts.machine import BATCH, INVITATION
from apps.contacts.models import Invitation, InvitationBatch
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.core.tasks import nudge
from apps.journal.actors import HasActor
from apps.journal.services import record, transition
from apps.people import letters
from apps.people import queries as people
from apps.people.models import Employee, User

INVITE = making.INVITE
AT_ONCE = 50
"""A batch of so many is made while the person waits; more are made by a worker."""


def require_invite(by: HasActor, employee: Employee | None = None) -> None:
    """Raises NotPermittedError for a sign-in that may not invite, or not this employee; the house may."""
    has_perm = getattr(by, "has_perm", None)
    if has_perm is None:
        return
    if not has_perm(INVITE):
        raise NotPermittedError(_("You may not invite people."))
    if employee is not None and not people.visible_employees(by).filter(pk=employee.pk).exists():
        raise NotPermittedError(_("You may not invite people."))


def can_mail() -> bool:
    """Whether a mail server is set up (or the demo's folder stands in for one)."""
    return bool(settings.EMAIL_IS_SET_UP)


def _check(way: str, days: int) -> None:
    if way not in Invitation.Way.values:
        raise InvalidInputError(_("Choose how the code is handed over."), fields={"way": _("Choose one.")})
    if not 1 <= days <= policy.LONGEST_DAYS:
        sentence = _("An invitation lasts between 1 and %(most)s days.") % {"most": policy.LONGEST_DAYS}
        raise InvalidInputError(sentence, fields={"days": sentence})
    if way == Invitation.Way.EMAIL and not can_mail():
        raise InvalidInputError(
            _("No mail server is set up. Ask the operator to set EMAIL_URL, or choose paper or a link.")
        )


@transaction.atomic
def make_invitation(
    *, employee: Employee, way: str, by: HasActor, days: int = policy.DAYS, is_shared: bool = False
) -> Invitation:
    """A fresh code for one employee; an older one is dead from now on. Also for somebody who is linked and has a new phone.

    Raises NotPermittedError, and InvalidInputError for a leaver, a missing e-mail address, or wrong `days` (1 to 90).
    """
    require_invite(by, employee)
    _check(way, days)
    row = Employee.objects.select_for_update(no_key=True).get(
        pk=employee.pk
    )  # two clicks at once: the second replaces the first
    if not row.is_active:
        raise InvalidInputError(_("%(name)s has left and cannot be invited.") % {"name": row})
    if way == Invitation.Way.EMAIL and not row.email:
        raise InvalidInputError(
            _("%(name)s has no e-mail address. Enter one, or choose paper or a link.") % {"name": row}
        )
    invitation = making.make(row, way=way, days=days, is_shared=is_shared, by=by)
    if way == Invitation.Way.EMAIL:
        nudge(tasks.mail)
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: HasActor) -> Invitation:
    """The code is dead. Raises NotPermittedError, MoveNotAllowedError when it was used or revoked before."""
    require_invite(by, invitation.employee)
    row = Invitation.objects.select_related("employee").select_for_update(of=("self",)).get(pk=invitation.pk)
    making.overtake(row, by)
    return transition(row, INVITATION, "revoke", by=by, is_locked=True, **making.no_mail(row))


@transaction.atomic
def mail_again(*, invitation: Invitation, by: HasActor) -> Invitation:
    """Send the same code by e-mail (once more). Raises NotPermittedError, InvalidInputError when it is of no use any more."""
    require_invite(by, invitation.employee)
    row = Invitation.objects.select_related("employee").select_for_update(of=("self",)).get(pk=invitation.pk)
    if not row.is_usable:
        raise InvalidInputError(_("This code opens nothing any more. Make a new invitation."))
    if not can_mail() or not row.employee.email:
        raise InvalidInputError(_("There is no e-mail address, or no mail server is set up. Choose paper or a link."))
    letters.ask(row, post=mailing.INVITATIONS, by=by, after={"mail_state": Invitation.Mail.WAITING.value})
    nudge(tasks.mail)
    return row


@transaction.atomic
def note_bounce(*, invitation: Invitation, by: HasActor) -> Invitation:
    """The e-mail came back: the list says so. Raises NotPermittedError, InvalidInputError when none was sent."""
    require_invite(by, invitation.employee)
    row = Invitation.objects.select_related("employee").select_for_update(of=("self",)).get(pk=invitation.pk)
    if row.mail_state != Invitation.Mail.SENT:
        raise InvalidInputError(_("No e-mail was sent with this code."))
    row.mail_state, row.mail_error = Invitation.Mail.FAILED, _("It came back.")
    row.save(update_fields=["mail_state", "mail_error"])
    record("invitation.mail_bounced", subject=row, by=by, after={"mail_state": str(row.mail_state)})
    return row


# --- many at once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What inviting these people would do. `left_out` by reason: linked, left, no_email."""

    employee_ids: Sequence[int]
    renewed: int = 0
    """Of those, how many hold an open code, which the new one replaces."""
    without_phone: int = 0
    """Of those, whose record has no phone: HR confirms each of them by hand."""
    left_out: Mapping[str, int] = field(default_factory=dict)


def preview_many(*, employees: QuerySet[Any], way: str, by: User) -> Preview:
    """Who of these would be invited, in the order of their names. Raises NotPermittedError."""
    require_invite(by)
    visible = Employee.objects.filter(pk__in=employees.values("pk")) & people.visible_employees(by)
    rows = list(visible.distinct().order_by("name", "pk"))
    linked = making.linked_among(row.pk for row in rows)
    left_out: Counter[str] = Counter()
    wanted = []
    for row in rows:
        why = making.why_not(row, way, linked)
        if why:
            left_out[why] += 1
        else:
            wanted.append(row)
    ids = [row.pk for row in wanted]
    renewed = Invitation.objects.filter(employee__in=ids, state__in=making.OPEN_STATES).count()
    return Preview(ids, renewed, sum(not row.phone for row in wanted), dict(left_out))


@transaction.atomic
def invite_many(
    *, employees: QuerySet[Any], way: str, by: User, days: int = policy.DAYS, is_shared: bool = False
) -> InvitationBatch:
    """Begin to invite all of these; those who need none are left out. A few are made at once, more by a worker.

    Raises NotPermittedError, InvalidInputError when nobody is left or the mail server is missing.
    """
    _check(way, days)
    found = preview_many(employees=employees, way=way, by=by)
    if not found.employee_ids:
        raise InvalidInputError(
            _("Nobody is left to invite: all of them are connected, have left, or lack an address.")
        )
    batch = InvitationBatch.objects.create(
        way=way, days=days, is_shared=is_shared, employee_ids=list(found.employee_ids),
        total=len(found.employee_ids), by=by,
        left_out=dict(found.left_out),
    )  # fmt: skip
    record("invitationbatch.started", subject=batch, by=by, after={"way": way, "days": days, "total": batch.total})
    if batch.total <= AT_ONCE:
        making.make_next(batch_id=batch.pk)
        batch.refresh_from_db()
        if way == Invitation.Way.EMAIL:
            nudge(tasks.mail)
    else:
        nudge(tasks.invite)
    return batch


@transaction.atomic
def cancel_batch(*, batch: InvitationBatch, by: HasActor) -> InvitationBatch:
    """Make no more of it; what was made stays good. Raises NotPermittedError, MoveNotAllowedError when it is done."""
    require_invite(by)
    return transition(batch, BATCH, "cancel", by=by)
