"""Reads about saved views."""

from typing import Any

from django.db.models import Q, QuerySet

from apps.console.models import SavedView

SHARE = "console.share_savedview"


def visible_views(user: Any) -> QuerySet[SavedView]:
    """One's own, and those shared with everybody. Whether the list itself may be opened is asked where it is opened."""
    return (
        SavedView.objects.filter(Q(owner=user.pk) | Q(is_shared=True)) if user.is_active else SavedView.objects.none()
    )


def views_of(user: Any, model: str) -> list[SavedView]:
    """Of one list ("incidents.ticket"), one's own first."""
    rows = visible_views(user).filter(model=model).select_related("owner")
    return sorted(rows, key=lambda view: view.owner_id != user.pk)


def may_manage(user: Any, view: SavedView) -> bool:
    """Rename and delete: one's own, and shared ones for whoever may share."""
    return bool(user.is_active and (view.owner_id == user.pk or (view.is_shared and user.has_perm(SHARE))))
