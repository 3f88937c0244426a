"""Cost centres as a caller from outside may see and change them. Each change leaves its entry."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.core.scope import narrow
from apps.core.texts import one_line
from apps.journal.services import plain, record
from apps.people import clerk, queries, services
from apps.people.authority import Authority
from apps.people.models import CostCentre


def rows(by: Authority) -> QuerySet[CostCentre]:
    """The cost centres that this caller may see. Raises NotPermittedError for a caller who may look at none."""
    by.need("people.view_costcentre")
    return narrow(CostCentre.objects.all(), by.user)


@transaction.atomic
def make(*, by: Authority, code: str, name: str = "", owner: Any = None) -> CostCentre:
    """Raises InvalidInputError for a code that is taken or unusable, NotPermittedError."""
    by.need("people.add_costcentre")
    if owner is not None:
        clerk.seen(by, owner)
    return services.create_cost_centre(code=code, name=name, owner=owner, by=by)


@transaction.atomic
def change(*, centre: CostCentre, by: Authority, **values: Any) -> CostCentre:
    """Change its `code`, `name` and `owner`; equal values change and record nothing.

    An owner out of the caller's sight is read as none: none sent back leaves that owner.
    Raises InvalidInputError naming the wrong fields, NotPermittedError.
    """
    by.need("people.change_costcentre")
    row = CostCentre.objects.select_for_update().get(pk=centre.pk)
    owner = values.get("owner")
    if owner is not None and owner.pk != row.owner_id:
        clerk.seen(by, owner)
    if (
        owner is None
        and row.owner is not None
        and not queries.visible_employees(by.user).filter(pk=row.owner.pk).exists()
    ):
        values.pop("owner", None)
    wanted = {name: one_line(value) if isinstance(value, str) else value for name, value in values.items()}
    before = {name: getattr(row, name) for name in wanted}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if not changed:
        return row
    services.save_cost_centre(row)
    was, now = ({name: plain(side[name]) for name in changed} for side in (before, changed))
    record("costcentre.changed", subject=row, by=by, body={"before": was, "after": now})
    return row


@transaction.atomic
def remove(*, centre: CostCentre, by: Authority) -> None:
    """Its people are in none afterwards. Raises NotPermittedError."""
    by.need("people.delete_costcentre")
    row = CostCentre.objects.select_for_update().get(pk=centre.pk)
    was = {"code": row.code, "name": row.name, "owner": plain(row.owner)}
    record("costcentre.removed", subject=row, by=by, body={"before": was, "after": {}})
    row.delete()
