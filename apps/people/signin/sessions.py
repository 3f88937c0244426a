"""Where somebody is signed in. The rows are allauth's; ending one takes the session itself away."""

import hashlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.account.adapter import get_adapter
from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.people.models import User

SEEN_EVERY = 300  # seconds between two writes of "last seen"

BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One session, as a person recognises it."""

    id: int
    device: str
    ip: str
    since: datetime
    seen: datetime
    is_here: bool


def places(user: User, session_key: str | None) -> list[Place]:
    """Live sessions of `user`, this one first, then the last seen; dead rows are cleared on the way."""
    rows = [
        Place(row.pk, device(row.user_agent), str(row.ip), row.created_at, row.last_seen_at, row.session_key == session_key)
        for row in UserSession.objects.purge_and_list(user)
    ]  # fmt: skip
    return sorted(rows, key=lambda place: (not place.is_here, -place.seen.timestamp()))


def device(user_agent: str) -> str:
    """A browser and a system in words.

    >>> device("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
    'Firefox, Windows'
    """
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part) or _("Another program")


@transaction.atomic
def end_all(user: User, *, keep: str | None = None) -> int:
    """End every session of `user` but the one with the key `keep`; how many ended."""
    rows = [row for row in UserSession.objects.filter(user=user) if row.session_key != keep]
    for row in rows:
        row.end()
    return len(rows)


def end_one(user: User, row_id: str, *, keep: str | None) -> bool:
    """End one session of `user` by its row's id, never the one with the key `keep`; False when it is not there."""
    row = UserSession.objects.filter(user=user, pk=row_id).first() if row_id.isdecimal() else None
    if row is None or row.session_key == keep:
        return False
    row.end()
    return True


def forget(request: HttpRequest) -> None:
    """This session is being left: its row goes with it."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()


def clean() -> int:
    """Forget sessions that ran out, and rows whose session is gone; how many rows."""
    ended, _by_table = Session.objects.filter(expire_date__lt=now()).delete()
    lost, _by_table = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return ended + lost


def saw(request: HttpRequest) -> None:
    """Note that a session was used: one write in five minutes, however busy its pages are."""
    key = request.session.session_key
    if not key or not cache.add(f"signin:seen:{hashlib.sha256(key.encode()).hexdigest()[:32]}", 1, SEEN_EVERY):
        return
    UserSession.objects.update_or_create(
        session_key=key,
        defaults={
            "user": request.user,
            "ip": get_adapter().get_client_ip(request),
            "user_agent": request.META.get("HTTP_USER_AGENT", "")[:HTTP_USER_AGENT_MAX_LENGTH],
            "last_seen_at": now(),
        },
    )


def now() -> datetime:
    """Real time: sessions are not the business's, and a demo winds only the business's clock."""
    return datetime.fromtimestamp(time.time(), UTC)
