"""Counts in the sidebar: what needs somebody. Kept for some seconds per person, since they stand on every page."""

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import get_language

from apps.console.home import matters
from apps.console.permissions import may_view
from apps.health import page as health

KEPT = 15
"""Seconds. Whoever has just done something at the desk gets fresh ones at once (`forget`)."""


def of(request: HttpRequest) -> dict[str, str]:
    """What the sidebar says, by "app.model"; nothing where nothing waits."""
    if not request.user.is_authenticated:
        return {}
    counts: dict[str, str] | None = cache.get(_key(request))
    if counts is None:
        counts = {model: found.said for model, found in matters.badges(request).items()}
        cache.set(_key(request), counts, KEPT)
    reds = health.reds() if may_view(request, "health.pulse") else 0
    return {**counts, "health.pulse": str(reds)} if reds else counts


def forget(request: HttpRequest) -> None:
    """Count anew on the next page."""
    if request.user.is_authenticated:
        cache.delete(_key(request))


def _key(request: HttpRequest) -> str:
    return f"badges:{request.user.pk}:{get_language()}"
