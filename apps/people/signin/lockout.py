"""Wrong passwords: after a few, this name from this address waits some minutes. In the shared cache, real time.

A try is counted before the password is looked at, so that a hundred at the same moment are not a hundred guesses. The
lock is per name and address: whoever guesses from elsewhere locks nobody out of their own office.
"""

import hashlib
import time
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache

from apps.core import pacing


def begin(name: str, ip: str) -> datetime | None:
    """Count one try. None: go on. Else the moment until which this name waits at this address."""
    until = cache.get(_key("until", name, ip))
    if until is None:
        if pacing.count(_key("tries", name, ip), seconds=_seconds()) <= settings.LOCK_OUT["attempts"]:
            return None
        until = _lock(name, ip)
    return datetime.fromtimestamp(float(until), UTC)


def failed(name: str, ip: str) -> bool:
    """The try was wrong; True when it was the last one allowed, so that the name waits from now on."""
    if int(cache.get(_key("tries", name, ip)) or 0) < settings.LOCK_OUT["attempts"]:
        return False
    _lock(name, ip)
    return True


def succeeded(name: str, ip: str) -> None:
    """Right: the tries are forgotten. Only this name's, so an attacker's own success buys no further guesses."""
    cache.delete(_key("tries", name, ip))


def _lock(name: str, ip: str) -> int:
    until = int(time.time()) + _seconds()
    cache.set(_key("until", name, ip), until, _seconds())
    cache.delete(_key("tries", name, ip))
    return until


def _seconds() -> int:
    return int(settings.LOCK_OUT["minutes"]) * 60


def _key(what: str, name: str, ip: str) -> str:
    """Hashed: a person may type a password where the name belongs."""
    digest = hashlib.sha256(f"{name.strip().casefold()}\n{ip}".encode()).hexdigest()[:32]
    return f"signin:{what}:{digest}"
