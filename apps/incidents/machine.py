"""A ticket's way: reported, taken by somebody, resolved."""

from apps.core.machine import Machine, Move

TICKET = Machine(
    take=Move.of({"new"}, "taken", "ticket.taken"),
    resolve=Move.of({"new", "taken"}, "resolved", "ticket.resolved"),
)
