"""Which owed webhooks travel in one POST, and how that body is laid out. Plain Python.

Meta: up to 1,000 updates in one POST; an `entry` has several `changes`, a `value` several `messages` or `statuses`.
"""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

LAYOUTS = ("values", "changes", "entries")


@dataclass(slots=True)
class Owed:
    """One owed webhook. `body` is one element of entry[] when `is_entry`, else a whole body that travels alone."""

    pk: int
    account_id: int
    order_key: str
    body: bytes
    signing: str
    attempts: int
    created_at: float
    is_entry: bool


def lanes(owed: Iterable[Owed], count: int) -> list[list[Owed]]:
    """Split so that one chat stays in one lane: lanes go side by side, a lane in order."""
    found: list[list[Owed]] = [[] for _number in range(count)]
    for one in owed:
        found[hash(one.order_key) % count].append(one)
    return [lane for lane in found if lane]


def posts(lane: Sequence[Owed], most: int) -> list[list[Owed]]:
    """Cut a lane into POSTs of at most `most` updates of one account, in order; what travels alone travels alone."""
    cut: list[list[Owed]] = []
    for one in lane:
        last = cut[-1] if cut else []
        if last and one.is_entry and last[0].is_entry and last[0].account_id == one.account_id and len(last) < most:
            last.append(one)
        else:
            cut.append([one])
    return cut


def body_of(post: Sequence[Owed], shape: str, seed: int) -> bytes:
    """The body of one POST. `shape` mixed: the layout is thrown by `seed` and the first row's number."""
    if not post[0].is_entry:
        return post[0].body
    if len(post) == 1:
        return _wrapped(post[0].body)
    layout = random.Random(f"{seed}:{post[0].pk}").choice(LAYOUTS) if shape == "mixed" else shape
    if layout == "entries":
        return _wrapped(b",".join(one.body for one in post))
    entries = [json.loads(one.body) for one in post]
    changes = [change for entry in entries for change in entry["changes"]]
    if layout == "values":
        changes = _joined(changes)
    merged = {**entries[0], "changes": changes}
    return _wrapped(json.dumps(merged, ensure_ascii=False).encode())


def _wrapped(entries: bytes) -> bytes:
    return b'{"object":"whatsapp_business_account","entry":[' + entries + b"]}"


def _joined(changes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours about the same number and of the same kind (messages, statuses) become one change with longer lists."""
    joined: list[dict[str, Any]] = []
    for change in changes:
        last = joined[-1] if joined else None
        if last is None or _sort(last) != _sort(change) or not _sort(change)[2]:
            joined.append(change)
            continue
        value, more = last["value"], change["value"]
        for part in ("messages", "statuses"):
            if part in value:
                value[part] += more[part]
        known = {str(one.get("user_id")) for one in value.get("contacts", [])}
        value.setdefault("contacts", []).extend(
            one for one in more.get("contacts", []) if str(one.get("user_id")) not in known
        )
    return joined


def _sort(change: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    value = change["value"]
    parts = tuple(part for part in ("messages", "statuses") if part in value)
    return str(change.get("field")), str(value.get("metadata", {}).get("phone_number_id", "")), parts
