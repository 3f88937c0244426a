"""The states of an outgoing message. Pure.

Two kinds of moves: what people press on a screen (`BY_HAND`, applied by `journal.services.transition`), and what the
carrier reports, which only ever climbs `RANK`. Sends are many, so the dispatcher moves rows by conditional update.
"""

from apps.core.machine import Machine, Move
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Lane

State = OutboundMessage.State

BY_HAND = Machine(
    retry=Move.of({State.FAILED, State.HELD, State.EXPIRED}, State.QUEUED, "outbound.retried"),
    cancel=Move.of({State.QUEUED, State.HELD, State.UNSURE}, State.CANCELLED, "outbound.cancelled"),
    resend=Move.of({State.UNSURE}, State.QUEUED, "outbound.resent"),
)

# How sure we are of what happened. `failed` stands below `delivered`: with several devices a failure of one may be
# followed by a delivery on another. Whatever we decided ourselves (0) gives way to what the carrier reports.
RANK: dict[str, int] = {
    State.SENT: 1,
    State.FAILED: 2,
    State.DELIVERED: 3,
    State.READ: 4,
}

STATUS_STATES: dict[str, State] = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "played": State.READ,
    "failed": State.FAILED,
}
"""The carrier's words; others are known to nobody and ignored."""

ARRIVED = frozenset({State.DELIVERED, State.READ})
WAITING = frozenset({State.QUEUED, State.HELD, State.UNSURE})


def rank(state: str) -> int:
    """0 for everything that is only our own word."""
    return RANK.get(state, 0)


def climbs(state: str, status: str) -> bool:
    """Whether a carrier's status moves a row on from `state`; repeated, late and unknown ones do not."""
    target = STATUS_STATES.get(status)
    return target is not None and rank(target) > rank(state)


def is_duplicate_harmless(lane: str) -> bool:
    """Whether getting the message twice costs the person nothing but a glance: its buttons work once anyway.

    A bulk message twice looks careless to hundreds of people at once: there a person decides.
    """
    return lane != Lane.BULK
