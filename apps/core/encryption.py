"""Secrets at rest: encrypted with the first of `ENCRYPTION_KEYS`, readable with any of them (rotation)."""

import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

MASK = "••••••"


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: set at least one Fernet key (see .env.example).")
    return MultiFernet([Fernet(key.encode()) for key in keys])


def encrypt(text: str) -> str:
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Raises ImproperlyConfigured when no key fits: falling back to the stored text would hide a lost key."""
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured("A stored secret fits none of ENCRYPTION_KEYS: put the old key back.") from error


def signature(purpose: str, text: str, *, length: int = 22) -> str:
    """A keyed digest of `text` for one `purpose`, URL-safe hex, `length` characters (22 hex = 88 bits)."""
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:length]


class EncryptedTextField(models.TextField):
    """A text kept encrypted in its column and plain in Python. Empty stays empty. Cannot be searched."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return encrypt(prepared) if prepared else prepared


class EncryptedSerializer:
    """Sessions at rest (`SESSION_SERIALIZER`): JSON, encrypted. One that fits no key is an empty one: sign in again."""

    def dumps(self, obj: Any) -> bytes:
        return encrypt(json.dumps(obj, separators=(",", ":"))).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(decrypt(data.decode()))
