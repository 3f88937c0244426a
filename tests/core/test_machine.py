import pytest

from apps.core.errors import MoveNotAllowedError
from apps.core.machine import Machine, Move

DOOR = Machine(
    close=Move.of({"open"}, "closed", "door.closed"),
    lock=Move.of({"closed"}, "locked", "door.locked"),
)


def test_a_move_leads_where_the_table_says() -> None:
    assert DOOR.decide("open", "close").target == "closed"


@pytest.mark.parametrize(
    ("state", "move"), [("open", "lock"), ("closed", "close"), ("locked", "close"), ("locked", "lock")]
)
def test_every_other_pair_is_refused(state: str, move: str) -> None:
    with pytest.raises(MoveNotAllowedError):
        DOOR.decide(state, move)


def test_allowed_lists_the_buttons_of_a_state() -> None:
    assert (DOOR.allowed("open"), DOOR.allowed("closed"), DOOR.allowed("locked")) == (["close"], ["lock"], [])
