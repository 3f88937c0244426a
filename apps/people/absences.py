"""Absences as a caller from outside may change them: permission and row scope are checked once. Each leaves its entry."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import NotPermittedError
from apps.core.texts import one_line
from apps.journal.services import plain, record
from apps.people import clerk, services
from apps.people.authority import Authority
from apps.people.models import Absence

_TOLD = ("starts_on", "ends_on", "deputy")


@transaction.atomic
def change_absence(*, absence: Absence, by: Authority, **values: Any) -> Absence:
    """Change its first and last day, deputy and reason; equal values change and record nothing.

    Raises InvalidInputError naming the wrong fields, NotPermittedError.
    """
    by.need("people.change_absence")
    row = seen(by, absence.pk)
    deputy = values.get("deputy")
    if deputy is not None and deputy.pk != row.deputy_id:
        clerk.seen(by, deputy)
    if "reason" in values:
        values["reason"] = one_line(values["reason"])
    before = {name: getattr(row, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    for name, value in changed.items():
        setattr(row, name, value)
    services.check_absence(row)
    if changed:
        row.save(update_fields=list(changed))
        was, now = ({name: plain(side[name]) for name in _TOLD if name in changed} for side in (before, changed))
        reason = {"before": before["reason"], "after": changed["reason"]} if "reason" in changed else {}
        record("absence.changed", subject=row, by=by, before=was, after=now, body=reason)
    return row


@transaction.atomic
def remove_absence(*, absence: Absence, by: Authority) -> None:
    """They are not away then after all. Raises NotPermittedError."""
    by.need("people.delete_absence")
    row = seen(by, absence.pk)
    was = {"employee": row.employee_id, **{name: plain(getattr(row, name)) for name in _TOLD}}
    record("absence.removed", subject=row, by=by, before=was, body={"reason": row.reason})
    row.delete()


def seen(by: Authority, pk: int) -> Absence:
    """The row itself, locked, when its employee is in sight. Raises NotPermittedError, which names nobody."""
    row = Absence.objects.select_for_update().filter(pk__in=clerk.absences(by).filter(pk=pk).values("pk")).first()
    if row is None:
        raise NotPermittedError(_("This absence is not among those you may see. Nothing was changed."))
    return row
