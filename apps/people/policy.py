"""Who decides in whose place, and whether a line of managers bites its own tail. Pure: people in, people out."""

from collections.abc import Callable
from dataclasses import dataclass

MOST_HOPS = 5  # from the person asked to the one who decides; longer chains are mistakes, not organisation


@dataclass(frozen=True)
class Person:
    """What the rule needs to know of one employee at one moment. Ids are Employee keys."""

    id: int
    is_active: bool = True
    is_absent: bool = False
    absence_deputy_id: int | None = None
    standing_deputy_id: int | None = None
    manager_id: int | None = None


Lookup = Callable[[int], Person | None]


def stand_in(start_id: int, find: Lookup, *, exclude: frozenset[int] = frozenset()) -> int | None:
    """Id of who decides instead of `start_id` (maybe `start_id` itself); None when nobody can.

    An absent person is replaced by the deputy of that absence, else the standing deputy, else the manager, each asked the
    same way in turn. Somebody in `exclude` (the requester: nobody decides their own matter) and somebody who left are
    replaced by their manager only: a deputy whom the requester named would be the requester by another hand. People seen
    before are not asked again, so rounds of deputies end, and no chain is longer than `MOST_HOPS`.
    """
    seen: set[int] = set()

    def walk(person_id: int, hops: int) -> int | None:
        person = find(person_id) if person_id not in seen else None
        if person is None:
            return None
        if person.is_active and not person.is_absent and person_id not in exclude:
            return person_id
        if hops == MOST_HOPS:
            return None
        seen.add(person_id)
        for candidate in candidates(person, exclude):
            found = walk(candidate, hops + 1)
            if found is not None:
                return found
        return None

    return walk(start_id, 0)


def candidates(person: Person, exclude: frozenset[int]) -> list[int]:
    """Who may be asked instead of somebody who cannot decide, best first."""
    if person.id in exclude or not person.is_active:
        wanted = [person.manager_id]
    else:
        wanted = [person.absence_deputy_id, person.standing_deputy_id, person.manager_id]
    return [candidate for candidate in dict.fromkeys(wanted) if candidate is not None]


def comes_round(start_id: int, parent_id: int | None, parent_of: Callable[[int], int | None]) -> bool:
    """True when giving `start_id` the parent `parent_id` would make it its own ancestor."""
    seen: set[int] = set()
    while parent_id is not None and parent_id not in seen:
        if parent_id == start_id:
            return True
        seen.add(parent_id)
        parent_id = parent_of(parent_id)
    return False
