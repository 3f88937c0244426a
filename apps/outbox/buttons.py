"""Bound buttons: one row per button, a signed opaque payload in the chat. What it does is decided when it is tapped.

A payload is `b1.<row id in base 36>.<nonce>.<signature>`, at most 200 characters (Meta's limit for list rows). The token of
a web link (face `web`) is the same with `w1`, a longer nonce and a signature of its own: neither opens what the other does.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.encryption import signature
from apps.core.errors import MoveNotAllowedError
from apps.core.together import note, noted
from apps.outbox.models import Button, OutboundMessage
from apps.people.models import Employee

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LIFETIME = timedelta(days=7)
_SIGNED_FOR = {"b1": "button", "w1": "link"}


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
    return mint_many([(message, specs)])


def mint_many(wanted: Sequence[tuple[OutboundMessage, Sequence[ButtonSpec]]]) -> list[Button]:
    """The buttons of many messages in one statement."""
    now = clock.now()
    rows = [_button(message, spec, now) for message, specs in wanted for spec in specs]
    return Button.objects.bulk_create(rows) if rows else []


def _button(message: OutboundMessage, spec: ButtonSpec, now: datetime) -> Button:
    return Button(
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


def mint_web(
    *, employee: Employee, target: str, expires_in: timedelta, subject: models.Model | None = None, version: int = 0,
    data: Mapping[str, Any] | None = None,
) -> Button:  # fmt: skip
    """A button for a page without a login, bound to one employee; nothing is sent."""
    return Button.objects.create(
        face=Button.Face.WEB, target=target, employee=employee, subject_version=version, data=dict(data or {}),
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        nonce=secrets.token_hex(16), expires_at=clock.now() + expires_in,
    )  # fmt: skip


def payload(button: Button) -> str:
    """What the chat carries; it tells a stranger nothing."""
    return _signed("b1", button)


def token(button: Button) -> str:
    """What the address of a web link carries: whoever holds it is taken for its employee."""
    return _signed("w1", button)


def _signed(sort: str, button: Button) -> str:
    head = f"{base36(button.pk)}.{button.nonce}"
    return f"{sort}.{head}.{signature(_SIGNED_FOR[sort], head)}"


def find(text: str) -> Button | None:
    """The row behind a payload of ours; None for a forged, broken or vanished one."""
    named = _named(text)
    return Button.objects.filter(pk=named[0], nonce=named[1]).first() if named is not None else None


def find_web(text: str) -> Button | None:
    """The row behind the token of a web link; None as with `find`."""
    named = _named(text, "w1")
    found = Button.objects.filter(pk=named[0], nonce=named[1], face=Button.Face.WEB) if named is not None else None
    return found.select_related("employee").first() if found is not None else None


def _named(text: str, sort: str = "b1") -> tuple[int, str] | None:
    """Key and nonce in a payload that we have signed."""
    parts = text.split(".") if len(text) <= 200 else []
    if len(parts) != 4 or parts[0] != sort or not text.isascii():
        return None
    if not hmac.compare_digest(parts[3], signature(_SIGNED_FOR[sort], f"{parts[1]}.{parts[2]}")):
        return None
    return int(parts[1], 36), parts[2]


def lock_all(texts: Iterable[str]) -> None:
    """Lock the rows behind these payloads, in one order, for the present batch (core.together): `locked` hands them out.

    Not inside a savepoint: what it undoes, it unlocks.
    """
    named = dict(found for found in map(_named, texts) if found is not None)
    for row in Button.objects.select_for_update().filter(pk__in=named).order_by("pk") if named else ():
        if row.nonce == named[row.pk]:
            note(("button", row.pk), row)


def locked(text: str) -> Button | None:
    """The row behind a payload, locked until the caller's transaction ends: of two taps one waits and then sees it used.

    None for a forged, broken or vanished one. Raises RuntimeError outside a transaction.
    """
    named = _named(text)
    if named is None:
        return None
    known: Button | None = noted(("button", named[0]))
    if known is not None:
        return known
    button = Button.objects.filter(pk=named[0], nonce=named[1]).first()
    return lock(button) if button is not None else None


def lock(button: Button) -> Button:
    """The row again, locked until the caller's transaction ends."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A button is locked inside the transaction that decides on its tap.")
    return Button.objects.select_for_update().get(pk=button.pk)


def use(button: Button) -> Button:
    """Use a locked button up. Raises MoveNotAllowedError when it was used already."""
    now, known = clock.now(), noted(("button", button.pk))
    if not Button.objects.filter(pk=button.pk, used_at=None).update(used_at=now):
        raise MoveNotAllowedError(_("This button was already used."))
    for row in (button, known or button):  # the batch hands out its own copy
        row.used_at = now
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
