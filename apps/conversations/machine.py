"""The states of a dialogue. Pure."""

from apps.core.machine import Machine, Move

DIALOGUE = Machine(
    pause=Move.of({"open"}, "paused", "dialogue.paused"),
    resume=Move.of({"paused"}, "open", "dialogue.resumed"),
    finish=Move.of({"open"}, "done", "dialogue.finished"),
    cancel=Move.of({"open", "paused"}, "cancelled", "dialogue.cancelled"),
)
