"""What a provider calls a person or team: saved with its entry, so that the journal knows who renamed or deleted what."""

from typing import Any

from apps.api.models import ScimGroup, ScimUser
from apps.journal.services import plain, record
from apps.people.authority import Authority

TOLD = ("user_name", "external_id", "deleted_at")


def save_link(
    model: type[ScimUser] | type[ScimGroup], of: dict[str, Any], values: dict[str, Any], by: Authority
) -> None:
    """Make or change the link of one row; recorded when its names or its being deleted changed."""
    before = model.objects.filter(**of).first()
    link, is_new = model.objects.update_or_create(**of, defaults=values)

    def told(row: ScimUser | ScimGroup | None) -> dict[str, Any]:
        return {name: plain(getattr(row, name)) for name in TOLD if hasattr(row, name)} if row else {}

    old, new = told(before), told(link)
    if old != new:
        verb = "linked" if is_new else "changed"
        target = next(iter(of.values()))
        record(f"{model._meta.model_name}.{verb}", subject=target, by=by, body={"before": old, "after": new})
