"""The states of an account. Pure."""

from apps.core.machine import Machine, Move

ACTIVE, PAUSED, BROKEN = "active", "paused", "broken"

ACCOUNT = Machine(
    pause=Move.of({ACTIVE}, PAUSED, "account.paused"),
    stop=Move.of({ACTIVE, PAUSED}, BROKEN, "account.broken"),
    resume=Move.of({PAUSED, BROKEN}, ACTIVE, "account.resumed"),
)
