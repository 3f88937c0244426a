"""The way of work on many rows."""

from apps.core.machine import Machine, Move

BULK = Machine(
    finish=Move.of({"running"}, "done", "bulk.done"),
    cancel=Move.of({"running"}, "cancelled", "bulk.cancelled"),
    fail=Move.of({"running"}, "failed", "bulk.failed"),
)
