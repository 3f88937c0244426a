"""Makes invitations and ends them, one or a hundred in a commit. `inviting` says who may ask for it."""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from apps.contacts import codes, policy
from apps.contacts.machine import BATCH, CLAIM, INVITATION
from apps.contacts.models import Claim, Contact, Invitation, InvitationBatch
from apps.core import clock
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import Happened, record, record_many, transition
from apps.people.models import Employee

INVITE = "contacts.invite_employee"
CHUNK = 100
"""Invitations per commit of a batch: what a kill can lose, and how fast the bar moves."""
OPEN_STATES = (Invitation.State.OPEN, Invitation.State.CLAIMED)


def make(employee: Employee, *, way: str, days: int, is_shared: bool, by: HasActor) -> Invitation:
    """A fresh code for a locked employee; an older one is dead from now on."""
    end_open(employee=employee, by=by, reason="replaced")
    invitation = _new(employee, way=way, days=days, is_shared=is_shared)
    invitation.save()
    record("invitation.made", subject=invitation, by=by, after=_told(invitation))
    return invitation


def _new(
    employee: Employee, *, way: str, days: int, is_shared: bool, batch: InvitationBatch | None = None
) -> Invitation:
    nonce, now = secrets.token_hex(16), clock.now()
    is_mail = way == Invitation.Way.EMAIL
    return Invitation(
        employee=employee, nonce=nonce, code_hash=codes.digest(codes.derive(nonce)), way=way, is_shared=is_shared,
        expires_at=policy.expires(now, days), batch=batch, created_at=now, mail_at=now if is_mail else None,
        mail_state=Invitation.Mail.WAITING if is_mail else Invitation.Mail.NONE,
    )  # fmt: skip


def _told(invitation: Invitation) -> dict[str, Any]:
    return {"employee": invitation.employee_id, "way": str(invitation.way), "is_shared": invitation.is_shared,
            "expires_at": invitation.expires_at.isoformat()}  # fmt: skip


def end_open(*, employee: Employee, by: HasActor, reason: str) -> int:
    """No code of this employee opens anything any more; returns how many did. Claims that waited on them are settled."""
    rows = list(Invitation.objects.select_for_update(of=("self",)).filter(employee=employee, state__in=OPEN_STATES))
    for row in rows:
        overtake(row, by)
        transition(row, INVITATION, "revoke", by=by, body={"reason": reason}, is_locked=True, **no_mail(row))
    return len(rows)


def no_mail(row: Invitation) -> dict[str, Any]:
    return {"mail_state": Invitation.Mail.NONE} if row.mail_state == Invitation.Mail.WAITING else {}


def overtake(invitation: Invitation, by: HasActor) -> None:
    for claim in Claim.objects.filter(invitation=invitation, state=Claim.State.WAITING):
        transition(claim, CLAIM, "overtake", by=by, decided_at=clock.now())


def linked_among(employee_ids: Iterable[int]) -> set[int]:
    rows = Contact.objects.filter(employee__in=list(employee_ids), state=Contact.State.ACTIVE)
    return set(rows.values_list("employee_id", flat=True))


def why_not(employee: Employee, way: str, linked: set[int]) -> str:
    if not employee.is_active:
        return "left"
    if employee.pk in linked:
        return "linked"
    return "no_email" if way == Invitation.Way.EMAIL and not employee.email else ""


def make_next(*, batch_id: int) -> bool:
    """Make the next hundred of a batch in one commit; False when it has ended. Whoever runs it meanwhile waits."""
    with transaction.atomic():
        batch = InvitationBatch.objects.select_related("by").select_for_update(of=("self",)).get(pk=batch_id)
        if batch.state != InvitationBatch.State.RUNNING:
            return False
        by: HasActor = batch.by or SYSTEM
        if batch.by is None or not batch.by.is_active or not batch.by.has_perm(INVITE):
            transition(batch, BATCH, "cancel", by=SYSTEM, body={"reason": "who began it may not invite any more"},
                       is_locked=True)  # fmt: skip
            return False
        ids = batch.employee_ids[batch.done : batch.done + CHUNK]
        made = _make(batch, ids, by)
        batch.done += len(ids)
        batch.made += made
        batch.save(update_fields=["done", "made", "left_out"])
        if batch.done >= batch.total:
            transition(batch, BATCH, "finish", by=by, is_locked=True)
        return batch.state == InvitationBatch.State.RUNNING


def _make(batch: InvitationBatch, ids: Sequence[int], by: HasActor) -> int:
    """People may have left or been linked since the preview: they are looked at again, locked."""
    rows = list(Employee.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    linked, left_out = linked_among(ids), Counter(batch.left_out)
    wanted = []
    for row in rows:
        why = why_not(row, batch.way, linked)
        if why:
            left_out[why] += 1
            continue
        end_open(employee=row, by=by, reason="replaced")
        wanted.append(_new(row, way=batch.way, days=batch.days, is_shared=batch.is_shared, batch=batch))
    Invitation.objects.bulk_create(wanted)
    record_many(Happened("invitation.made", row, by, after={**_told(row), "batch": batch.pk}) for row in wanted)
    batch.left_out = dict(left_out)
    return len(wanted)


def make_waiting() -> int:
    """Go on with every batch that is not done; returns how many commits it took."""
    commits = 0
    for pk in list(InvitationBatch.objects.filter(state=InvitationBatch.State.RUNNING).values_list("pk", flat=True)):
        is_left = True
        while is_left:
            is_left = make_next(batch_id=pk)
            commits += 1
    return commits
