"""Bound buttons: one row per button, a signed opaque payload in the chat. What it does is decided when it is tapped.

A payload is `b1.<row id in base 36>.<nonce>.<signature>`, at most 200 characters (Meta's limit for list rows).
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.encryption import signature
from apps.core.errors import MoveNotAllowedError
from apps.outbox.models import Button, OutboundMessage

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class ButtonSpec:
    """A button to mint: `action` names its title in the wording, `target` what a tap asks, about the message's subject at
    `version`. `title` overrides the wording's."""

    action: str
    target: str
    version: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    expires_in: timedelta = LIFETIME


def mint(*, message: OutboundMessage, specs: Sequence[ButtonSpec]) -> list[Button]:
    """Rows for the buttons of one message, bound to its contact (and the employee behind it now) and its subject."""
    now = clock.now()
    return Button.objects.bulk_create(
        Button(
            action=spec.action,
            title=spec.title[:40],
            target=spec.target,
            subject_type=message.subject_type,
            subject_id=message.subject_id,
            subject_version=spec.version,
            contact=message.contact,
            employee_id=message.contact.employee_id,
            message=message,
            data=dict(spec.data),
            nonce=secrets.token_hex(6),
            expires_at=now + spec.expires_in,
        )
        for spec in specs
    )


def payload(button: Button) -> str:
    """What the chat carries; it tells a stranger nothing."""
    head = f"{base36(button.pk)}.{button.nonce}"
    return f"b1.{head}.{signature('button', head)}"


def find(text: str) -> Button | None:
    """The row behind a payload of ours; None for a forged, broken or vanished one."""
    parts = text.split(".") if len(text) <= 200 else []
    if len(parts) != 4 or parts[0] != "b1" or not text.isascii():
        return None
    if not hmac.compare_digest(parts[3], signature("button", f"{parts[1]}.{parts[2]}")):
        return None
    return Button.objects.filter(pk=int(parts[1], 36), nonce=parts[2]).first()


def lock(button: Button) -> Button:
    """The row again, locked until the caller's transaction ends: of two taps one waits and then sees it used."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A button is locked inside the transaction that decides on its tap.")
    return Button.objects.select_for_update().get(pk=button.pk)


def use(button: Button) -> Button:
    """Use a locked button up. Raises MoveNotAllowedError when it was used already."""
    now = clock.now()
    if not Button.objects.filter(pk=button.pk, used_at=None).update(used_at=now):
        raise MoveNotAllowedError(_("This button was already used."))
    button.used_at = now
    return button


def base36(number: int) -> str:
    """
    >>> base36(1295)
    'zz'
    """
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
