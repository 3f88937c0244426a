"""An employee's two states."""

from apps.core.machine import Machine, Move

EMPLOYEE = Machine(
    leave=Move.of({"active"}, "left", "employee.left"),
    come_back=Move.of({"left"}, "active", "employee.returned"),
)
