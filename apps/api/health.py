"""Keys: which end soon, so that no program stops one morning."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.people.keys import ApiKey

SOON = timedelta(days=14)
MOST_NAMED = 5


@check("api.keys")
def ending_keys() -> Iterator[Finding]:
    """A key that nobody used in its last month is nobody's worry when it ends; all others are."""
    title, now = _("API keys"), clock.now()
    ending = ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + SOON, owner__is_active=True
    ).order_by("expires_at")
    used = [key for key in ending if key.last_used_at is not None and key.last_used_at > now - timedelta(days=30)]
    if not used:
        yield Finding("api.keys", title, Level.GREEN, _("No key that is in use ends within 14 days."))
        return
    named = ", ".join(f"{key} {date_format(key.expires_at, 'j N Y')}" for key in used[:MOST_NAMED])
    yield Finding("api.keys", title, Level.AMBER, _("In use, and soon over: %(keys)s.") % {"keys": named},
                  _("Open each under “API keys”, press “Replace”, and give its program the new key."))  # fmt: skip
