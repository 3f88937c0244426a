"""What would become of each row of a file. Pure: rows and what is known in, a plan out; nothing is written.

A row is taken whole or not at all. What one row cannot know (a phone or number used twice, a round of managers, a manager
whose own row is bad) is looked for among all rows that are still good, again and again until nothing more falls.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.people import queries
from apps.people.importing import resource
from apps.people.importing.reasons import Reason, WrongCellError
from apps.people.importing.world import Known, World

NEW, CHANGED, BACK, UNCHANGED, LEAVES, LEAVER, BAD = "new", "changed", "back", "unchanged", "leaves", "leaver", "bad"
NEVER_EMPTY = {"number", "name", "language", "time_zone", "state"}
EVERY = 500  # rows between two calls of `tick`


@dataclass
class Draft:
    """One row on its way. `cells` by field; `values` the wanted texts; `changes` field to (old, new)."""

    number: int
    cells: Mapping[str, str]
    problems: list[tuple[str, Reason]] = field(default_factory=list)
    person: str = ""
    label: str = ""
    known: Known | None = None
    values: dict[str, str] = field(default_factory=dict)
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    kind: str = ""
    turn: int = 0

    @property
    def is_good(self) -> bool:
        return not self.problems

    def blame(self, name: str, code: str, /, **values: Any) -> None:
        self.problems.append((name, Reason(code, values)))
        self.kind = BAD


@dataclass
class Plan:
    drafts: list[Draft]
    leavers: list[Known]


def check(rows: Iterable[Draft], world: World, tick: Callable[[int], None] = lambda done: None) -> Plan:
    """Fill the drafts in. `tick` hears how many rows have been read; it may raise to stop."""
    drafts = []
    for done, draft in enumerate(rows, start=1):
        _read_row(draft, world)
        drafts.append(draft)
        if done % EVERY == 0:
            tick(done)
    _find_doubles(drafts)
    _name_managers(drafts, world)
    for draft in drafts:
        if draft.is_good:
            _compare(draft, world)
    _sift(drafts, world)
    _give_turns(drafts, world)
    named = {draft.person for draft in drafts if draft.person}
    leavers = [known for known in world.people.values()
               if known.is_active and known.is_visible and known.number not in named | {world.importer}]  # fmt: skip
    return Plan(drafts, leavers)


# --- one row ----------------------------------------------------------------------------------------------------------


def _read_row(draft: Draft, world: World) -> None:
    for key, cell in draft.cells.items():
        if not cell and (not world.is_clearing or key in NEVER_EMPTY):
            continue
        try:
            draft.values[key] = resource.value(key, cell, world)
        except WrongCellError as error:
            draft.blame(key, error.reason.code, **error.reason.values)
    draft.person = draft.values.get("number", "")
    draft.known = known = world.people.get(draft.person)
    draft.label = draft.values.get("name") or (known.name if known and known.is_visible else "")
    if not draft.person:
        if draft.is_good:
            draft.blame("number", "no_number")
    elif known is None:
        _read_new(draft, world)
    elif not known.is_visible:
        draft.blame("number", "of_others")


def _read_new(draft: Draft, world: World) -> None:
    bare = draft.person.lstrip("0")
    eaten = next((other for other in _with_zeros(bare, world) if other != draft.person), None)
    if eaten is not None:
        draft.blame("number", "eaten_zeros", other=eaten)
    if draft.values.get("state") == "left" or _is_over(draft, world):
        draft.blame("state" if draft.values.get("state") == "left" else "last_day", "unknown_leaver")
    if not draft.values.get("name") and "name" not in dict(draft.problems):
        draft.blame("name", "no_name")


def _with_zeros(bare: str, world: World) -> list[str]:
    """Numbers of people that differ in leading zeros only; up to six of them, as badges have."""
    return [number for zeros in range(7) if (number := "0" * zeros + bare) in world.people] if bare.isdigit() else []


def _is_over(draft: Draft, world: World) -> bool:
    """The row names a last day, and where the person will live by this row it is today or lies behind."""
    day = draft.values.get("last_day", "")
    if not day or world.now is None:
        return False
    before = draft.known.values.get("time_zone", "") if draft.known else world.time_zone
    return date.fromisoformat(day) <= queries.day_in(draft.values.get("time_zone") or before, world.now)


def _compare(draft: Draft, world: World) -> None:
    """Which fields would change, and so what kind of row it is."""
    old = draft.known.values if draft.known else {}
    for key, new in draft.values.items():
        before = old.get(key, "")
        if key not in {"number", "state"} and new != before:
            draft.changes[key] = (before, new)
    is_over, says_left = _is_over(draft, world), draft.values.get("state") == "left"
    if draft.known is not None and not draft.known.is_active and (says_left or is_over):
        draft.changes.pop("last_day", None)  # they have left: when, stands there already
    if draft.known is None:
        draft.kind = NEW
    elif draft.known.is_active and is_over:
        draft.kind = LEAVES
        if draft.person == world.importer:
            draft.blame("last_day", "own_departure")
    elif draft.known.is_active and says_left:
        draft.blame("state", "left_by_cell")
    elif not draft.known.is_active and not says_left and not is_over:
        draft.kind = BACK
    else:
        draft.kind = CHANGED if draft.changes else UNCHANGED


# --- all rows ---------------------------------------------------------------------------------------------------------


def _find_doubles(drafts: list[Draft]) -> None:
    rows_of: dict[str, list[int]] = defaultdict(list)
    for draft in drafts:
        if draft.person:
            rows_of[draft.person].append(draft.number)
    for draft in drafts:
        others = [number for number in rows_of.get(draft.person, []) if number != draft.number]
        if others:
            draft.blame("number", "twice", row=others[0])


def _name_managers(drafts: list[Draft], world: World) -> None:
    """From a number or an e-mail to the number; the manager may stand anywhere in the file."""
    in_file = {draft.person: draft for draft in drafts if draft.person}
    by_email: dict[str, set[str]] = defaultdict(set)
    for known in world.people.values():
        if known.is_visible and known.number not in in_file:
            by_email[known.values.get("email", "").casefold()].add(known.number)
    for number, draft in in_file.items():
        old = draft.known.values.get("email", "") if draft.known and draft.known.is_visible else ""
        by_email[draft.values.get("email", old).casefold()].add(number)
    for draft in drafts:
        named = draft.values.get("manager")
        if named:
            _name_manager(draft, named, world, in_file, by_email)


def _name_manager(
    draft: Draft, named: str, world: World, in_file: Mapping[str, Draft], by_email: Mapping[str, set[str]]
) -> None:
    found = by_email.get(named.casefold(), set()) if "@" in named else {named}
    if len(found) > 1:
        draft.blame("manager", "many_managers", text=named)
        return
    number = next(iter(found), "")
    known, row = world.people.get(number), in_file.get(number)
    if number == draft.person:
        draft.blame("manager", "own_manager")
    elif (known is None and row is None) or (known is not None and not known.is_visible):
        draft.blame("manager", "no_manager", text=named[:60])
    elif known is not None and not known.is_active and not _comes_back(row) and number != _manager_of(draft.known):
        draft.blame("manager", "manager_left", name=known.name)
    else:
        draft.values["manager"] = number


def _comes_back(row: Draft | None) -> bool:
    return row is not None and row.values.get("state") != "left"


def _manager_of(known: Known | None) -> str:
    return known.values.get("manager", "") if known else ""


def _sift(drafts: list[Draft], world: World) -> None:
    """Until nothing more falls: a row that falls may take others with it."""
    while True:
        good = {draft.person: draft for draft in drafts if draft.is_good}
        fell = _without_managers(good, world)
        fell |= _with_phones_of_others(good, world)
        fell |= _in_rounds(good, world)
        if not fell:
            return


def _without_managers(good: Mapping[str, Draft], world: World) -> bool:
    """Those whose manager would have come by a row that is bad, and those below them."""
    reports: dict[str, list[Draft]] = defaultdict(list)
    falling = []
    for draft in good.values():
        if "manager" in draft.changes and (manager := draft.changes["manager"][1]):
            reports[manager].append(draft)
            known = world.people.get(manager)
            # A leaver who was to come back by a bad row is no manager either.
            if manager not in good and (known is None or not known.is_active):
                falling.append(draft)
    fell = bool(falling)
    while falling:
        draft = falling.pop()
        if draft.is_good:
            draft.blame("manager", "bad_manager", number=draft.changes["manager"][1])
            if draft.kind == BAD and (draft.known is None or not draft.known.is_active):
                falling.extend(reports.get(draft.person, []))
    return fell


def _with_phones_of_others(good: Mapping[str, Draft], world: World) -> bool:
    """Two active people with one phone, once all good rows are in. Who shared one before may go on."""
    phones = {known.number: known.values.get("phone", "") for known in world.people.values() if known.is_active}
    movers = {}
    for draft in good.values():
        if draft.kind in {NEW, BACK} or "phone" in draft.changes:
            stays = draft.known.values.get("phone", "") if draft.known else ""
            phones[draft.person] = draft.values.get("phone", stays)
            movers[draft.person] = draft
        if draft.known and not draft.known.is_active and draft.kind != BACK:
            phones.pop(draft.person, None)
            movers.pop(draft.person, None)
    owners: dict[str, list[str]] = defaultdict(list)
    for number, phone in phones.items():
        if phone:
            owners[phone].append(number)
    fell = False
    for number, draft in movers.items():
        others = [other for other in owners.get(phones[number], []) if other != number]
        if others:
            shared = _shared(others[0], good, world)
            draft.blame("phone", shared.code, **shared.values)
            fell = True
    return fell


def _shared(other: str, good: Mapping[str, Draft], world: World) -> Reason:
    row, known = good.get(other), world.people.get(other)
    if row is not None and (known is None or "phone" in row.changes):
        return Reason("same_phone", {"row": row.number})
    if known is not None and known.is_visible:
        return Reason("phone_of", {"name": known.name, "number": known.number})
    return Reason("phone_of_somebody")


def _in_rounds(good: Mapping[str, Draft], world: World) -> bool:
    """Those whose new manager would report to them, directly or further down."""
    managers = _line(good, world)
    fell = False
    for number in _round(managers):
        draft = good.get(number)
        if draft is not None and "manager" in draft.changes:
            draft.blame("manager", "round", number=managers[number])
            fell = True
    return fell


def _line(good: Mapping[str, Draft], world: World) -> dict[str, str]:
    """Who reports to whom once all good rows are in."""
    managers = {known.number: _manager_of(known) for known in world.people.values()}
    return managers | {
        draft.person: draft.changes["manager"][1] for draft in good.values() if "manager" in draft.changes
    }


def _round(managers: Mapping[str, str]) -> set[str]:
    """Everybody who stands in a ring."""
    done: set[str] = set()
    rings: set[str] = set()
    for start in managers:
        path: dict[str, int] = {}
        number = start
        while number and number not in done and number not in path:
            path[number] = len(path)
            number = managers.get(number, "")
        if number in path:
            rings |= {member for member, place in path.items() if place >= path[number]}
        done |= path.keys()
    return rings


def _give_turns(drafts: list[Draft], world: World) -> None:
    """From the top down: when somebody's turn comes, those above them stand where they will stand, so no passing round."""
    good = {draft.person: draft for draft in drafts if draft.is_good}
    managers = _line(good, world)
    depths: dict[str, int] = {"": 0}
    for draft in good.values():
        path: dict[str, None] = {}
        number = draft.person
        while number not in depths and number not in path:
            path[number] = None
            number = managers.get(number, "")
        depth = depths.get(number, 0)
        for below in reversed(path):
            depth = depths[below] = depth + 1
        draft.turn = depths[draft.person]


def counts(plan: Plan, staff: int) -> dict[str, int]:
    """Rows per kind, leavers, and how many work here now."""
    found = Counter(draft.kind for draft in plan.drafts)
    return {**{kind: found.get(kind, 0) for kind in (NEW, CHANGED, BACK, UNCHANGED, LEAVES, BAD)},
            LEAVER: len(plan.leavers), "staff": staff}  # fmt: skip
