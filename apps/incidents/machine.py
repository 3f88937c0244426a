"""A ticket's way: reported, taken by somebody, resolved."""

from apps.core.machine import Machine, Move

TICKET = Machine(
    take=Move.of({"new"}, "taken", "ticket.taken"),
    hand_over=Move.of({"taken"}, "taken", "ticket.handed_over"),
    release=Move.of({"taken"}, "new", "ticket.released"),
    resolve=Move.of({"new", "taken"}, "resolved", "ticket.resolved"),
)
