"""The knock: when a text fits no template that may be used, a short approved message asks the person to tap *Read*.

The tap opens the 24 hours, and with them everything that waits leaves. One knock stands for all that waits for a person:
once per closed window, and again only when the one before it can no longer be tapped.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.core import clock
from apps.outbox import buttons, reasons
from apps.outbox.buttons import ButtonSpec
from apps.outbox.kinds import KNOCK
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import enqueuing
from apps.providers.kinds import Klass, Lane

RELEASE = "outbox.release"
"""The target of the *Read* button; inbox resolves it."""
CODES = 3  # how many items a knock names; a longer list reads like spam
State = OutboundMessage.State
Pair = tuple[int, int]
"""Contact and number."""

_SPENT = [State.FAILED, State.EXPIRED, State.CANCELLED]


def knock(rows: Iterable[OutboundMessage]) -> list[OutboundMessage]:
    """Knock for those of these rows that wait behind a knock; returns the knocks that were new.

    A constant number of queries. Inside the caller's transaction; the caller nudges.
    """
    waiting: dict[Pair, list[OutboundMessage]] = defaultdict(list)
    for row in rows:
        if row.state == State.HELD and row.held_reason == reasons.KNOCKED:
            waiting[row.contact_id, row.number_id].append(row)
    if not waiting:
        return []
    tries = _tries(waiting)
    drafts = [_draft(texts, *tries[pair]) for pair, texts in waiting.items() if pair in tries]
    return enqueuing.add_many(drafts)


def _tries(pairs: Iterable[Pair]) -> dict[Pair, tuple[str, int]]:
    """For who is to be knocked at: the beginning of the knock's key, which names their closed window, and how many knocks
    in it came to nothing. A window is named by the person's last word, whatever the clocks of two companies say."""
    wanted, now = set(pairs), clock.now()
    written = contacts.last_inbound_of(wanted)
    tries = {}
    for contact, number in wanted:
        last = written.get((contact, number))
        tries[contact, number] = (f"knock:{contact}:{number}:{int(last.timestamp()) if last else 0}:", 0)
    knocks = OutboundMessage.objects.filter(
        kind=KNOCK.name, contact__in={contact for contact, _number in wanted}, number__in={one for _who, one in wanted}
    )
    for contact, number, key, state, expires in knocks.values_list(
        "contact_id", "number_id", "key", "state", "expires_at"
    ):
        window, spent = tries.get((contact, number), ("-", 0))
        if not key.startswith(window):
            continue
        if state in _SPENT or (expires is not None and expires <= now):
            tries[contact, number] = (window, spent + 1)
        else:
            del tries[contact, number]
    return tries


def _draft(texts: Sequence[OutboundMessage], window: str, spent: int) -> enqueuing.Draft:
    """A knock for these texts: as pressing as the most pressing of them, and of its class."""
    first = min(texts, key=lambda row: (row.lane_rank, row.created_at, row.key))
    refused = [row.window_refused_at for row in texts if row.window_refused_at is not None]
    with translation.override(first.language):
        data = {"who": _who(first), "about": _about(texts)}
    return enqueuing.Draft(
        key=f"{window}{spent}",
        contact=first.contact,
        kind=replace(KNOCK, klass=Klass(first.klass), lane=Lane(first.lane)),
        number=first.number,
        data=data,
        buttons=[ButtonSpec("read", RELEASE)],
        expires_at=clock.now() + buttons.LIFETIME,
        window_refused_at=max(refused, default=None),
    )


def _who(text: OutboundMessage) -> str:
    """Who wrote, as far as the sender said; else the company."""
    return str(text.data.get(enqueuing.AUTHOR) or text.number.account.portfolio.name)


def _about(texts: Sequence[OutboundMessage]) -> str:
    codes = list(dict.fromkeys(str(row.data[enqueuing.CODE]) for row in texts if row.data.get(enqueuing.CODE)))
    return ", ".join(codes[:CODES]) if codes else _("something that waits for you")
