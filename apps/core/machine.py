"""State machines as tables. Pure: decides, never saves; `journal.services.transition` applies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from apps.core.errors import MoveNotAllowedError


@dataclass(frozen=True)
class Move:
    """One arrow of a machine. `sources` are the states it may leave from; `event` is the journal's name for it."""

    sources: frozenset[str]
    target: str
    event: str

    @classmethod
    def of(cls, sources: Iterable[str], target: str, event: str) -> "Move":
        return cls(frozenset(sources), target, event)


class Machine(Mapping[str, Move]):
    """Moves by name.

    >>> machine = Machine(close=Move.of({"open"}, "closed", "door.closed"))
    >>> machine.decide("open", "close").target
    'closed'
    """

    def __init__(self, **moves: Move) -> None:
        self._moves = moves

    def __getitem__(self, name: str) -> Move:
        return self._moves[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._moves)

    def __len__(self) -> int:
        return len(self._moves)

    def decide(self, state: str, name: str) -> Move:
        """The move `name` from `state`; raises MoveNotAllowedError when the table has none."""
        move = self._moves[name]
        if state not in move.sources:
            raise MoveNotAllowedError(f"“{name}” is not possible while the state is “{state}”.")
        return move

    def allowed(self, state: str) -> list[str]:
        """Names of the moves that may leave `state`: what buttons a screen shows."""
        return [name for name, move in self._moves.items() if state in move.sources]
