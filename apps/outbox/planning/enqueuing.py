"""Writing messages down: planned, in parts where one does not hold the text, once per key; the caller's transaction.

`services` says what others may ask for and nudges the dispatcher; nothing here does.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from apps.contacts.models import Contact
from apps.core import clock
from apps.journal.services import Happened, current_correlation, record_many
from apps.outbox import buttons as minting
from apps.outbox import outcomes
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import planner, shaping
from apps.outbox.planning.deciding import GOES_AHEAD, Face, Plan, Verdict
from apps.outbox.planning.inserting import insert_new
from apps.providers.kinds import Kind, kinds
from apps.providers.models import Number
from apps.providers.types import Content, Text, from_json, to_json

REPLY_LIVES = timedelta(hours=24)
"""An answer to the person's own words: the window is shut by then, and so is the subject."""
MESSAGE_LIVES = timedelta(days=30)
"""Meta's own default validity of a message."""
KEY_LONGEST = 190
"""Leaves room in the column for the number of a part."""

AUTHOR, CODE = "author__", "code__"
"""Stand among a message's values for the knock that may have to announce it: who wrote it, and its item's short code."""

State = OutboundMessage.State


@dataclass(frozen=True)
class Draft:
    """What to write to whom: the arguments of `services.enqueue`, checked."""

    key: str
    contact: Contact
    kind: Kind
    number: Number
    data: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[ButtonSpec] = ()
    subject: models.Model | None = None
    content: Content | None = None
    is_reply: bool = False
    quoting: str = ""
    expires_at: datetime | None = None
    campaign: str = ""
    author: str = ""
    window_refused_at: datetime | None = None
    correlation: str = field(default_factory=current_correlation)

    @property
    def values(self) -> dict[str, Any]:
        """What the row keeps: the caller's values, and what a knock would name."""
        told = {AUTHOR: self.author, CODE: getattr(self.subject, "code", "")}
        return {**self.data, **{name: str(value) for name, value in told.items() if value}}


def shortened(key: str) -> str:
    """The key as it stands in its column; a long one keeps its beginning."""
    return key if len(key) <= KEY_LONGEST else f"{key[:125]}:{hashlib.sha256(key.encode()).hexdigest()}"


def add(draft: Draft) -> tuple[OutboundMessage, bool]:
    """Write one message; False: its key was there already, and the row that has it is returned unchanged."""
    new = add_many([draft])
    if new:
        return new[0], True
    return OutboundMessage.objects.select_related("contact__employee", "number").get(key=draft.key), False


def add_many(drafts: Sequence[Draft]) -> list[OutboundMessage]:
    """Write these messages (at most a few hundred), plan them, mint their buttons and record them.

    Returns those whose key was new. A constant number of queries, however many they are.
    """
    rows, specs = [], {draft.key: draft.buttons for draft in drafts if draft.buttons}
    heads: dict[str, list[OutboundMessage]] = {}
    wanted = {draft.key for draft in drafts}
    for draft in drafts:
        row = row_of(draft)
        heads[row.key] = _heads_of_ready_text(row, bool(draft.buttons))
        rows += [*heads[row.key], row]
    # Payloads name buttons that are not minted yet. The dispatcher plans again and finds them.
    faces = {key: [Face(spec.action, "", spec.title[:40]) for spec in wanted] for key, wanted in specs.items()}
    written: list[OutboundMessage] = []
    for row, plan in zip(rows, planner.plan_many(rows, faces=faces), strict=True):
        ahead, plan = _heads_of_wording(row, plan)
        heads.setdefault(row.key, []).extend(ahead)
        planner.write(row, plan)
        written += [*ahead, row]
    with transaction.atomic(savepoint=False):
        new = _insert(written, heads)
        minting.mint_many([(row, specs[row.key]) for row in new if row.key in specs])
        record_many(happened for row in new for happened in _happened(row))
    return [row for row in new if row.key in wanted]


def row_of(draft: Draft) -> OutboundMessage:
    """An unsaved row as it stands before it is planned."""
    now, kind, subject = clock.now(), draft.kind, draft.subject
    return OutboundMessage(
        key=draft.key,
        contact=draft.contact,
        number=draft.number,
        kind=kind.name,
        klass=kind.klass,
        lane=kind.lane,
        lane_rank=kind.lane.rank,
        language=draft.contact.spoken_language,
        data=draft.values,
        given=to_json(draft.content) if draft.content is not None else {},
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        in_reply_to=draft.quoting,
        is_reply=draft.is_reply,
        campaign=draft.campaign[:64],
        not_before=now,
        created_at=now,
        expires_at=draft.expires_at or now + (REPLY_LIVES if draft.is_reply else MESSAGE_LIVES),
        correlation_id=draft.correlation,
        window_refused_at=draft.window_refused_at,
    )


def _insert(rows: Sequence[OutboundMessage], heads: Mapping[str, Sequence[OutboundMessage]]) -> list[OutboundMessage]:
    """The rows that were new. The parts of a message that was there already are not wanted."""
    new = insert_new(rows)
    known = {row.key for row in rows if row.pk is None}
    stray = {head.key for key in known for head in heads.get(key, ()) if head.pk is not None}
    if stray:
        OutboundMessage.objects.filter(pk__in=[row.pk for row in new if row.key in stray]).delete()
    return [row for row in new if row.key not in stray]


def _happened(row: OutboundMessage) -> list[Happened]:
    after = {"kind": row.kind, "lane": row.lane, "state": row.state, "how": row.how, "why": row.held_reason}
    entries = [Happened("outbound.queued", subject=row, after=after, correlation=row.correlation_id)]
    if row.state in outcomes.FINAL:
        ended = {"state": row.state, "tries": 0, "error": ""}
        entries.append(Happened(outcomes.FINAL[row.state], subject=row, before={"state": "queued"}, after=ended,
                                correlation=row.correlation_id))  # fmt: skip
    return entries


# --- texts longer than one message ------------------------------------------------------------------------------------


def _heads_of_ready_text(row: OutboundMessage, has_buttons: bool) -> list[OutboundMessage]:
    """What goes ahead of a text that fits no template: it is said free or not at all, so its parts travel alike."""
    if row.given:
        ahead, content = shaping.divided(from_json(row.given))
        if ahead:
            row.given = to_json(content)
    elif kinds[row.kind].bodies:
        return []
    else:
        *ahead, tail = shaping.split(str(row.data.get("text", "")), shaping.BODY if has_buttons else shaping.TEXT)
        if ahead:
            row.data = {**row.data, "text": tail}
    return [_head(row, place, text) for place, text in enumerate(ahead, start=1)]


def _heads_of_wording(row: OutboundMessage, plan: Plan) -> tuple[list[OutboundMessage], Plan]:
    """What goes ahead of our own wording once filled in, and the plan for what is left: the row remembers that its
    beginning went. A template needs none of it: its values are cut to fit."""
    if not plan.whole or plan.content is None:
        return [], plan
    *ahead, tail = shaping.split(plan.whole, shaping.room_of(plan.content))
    heads = [_head(row, place, text) for place, text in enumerate(ahead, start=1)]
    for head, text in zip(heads, ahead, strict=True):
        planner.write(head, Plan(Verdict.FREE, Text(text), text))
    row.data = {**row.data, GOES_AHEAD: True}
    content = shaping.with_body(plan.content, tail)
    return heads, replace(plan, content=content, text=shaping.text_of(content))


def _head(row: OutboundMessage, place: int, text: str) -> OutboundMessage:
    """A part ahead of `row`: text alone, in the same lane, to the same person, about the same thing."""
    same = ("contact", "number", "kind", "klass", "lane", "lane_rank", "language", "subject_type", "subject_id", "is_reply",
            "campaign", "not_before", "created_at", "expires_at", "correlation_id")  # fmt: skip
    return OutboundMessage(
        key=f"{row.key}/{place}", given=to_json(Text(text)), data={"text": text},
        **{name: getattr(row, name) for name in same},
    )  # fmt: skip
