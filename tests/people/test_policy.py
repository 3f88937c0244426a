from hypothesis import given
from hypothesis import strategies as st

from apps.people.policy import MOST_HOPS, Person, comes_round, stand_in


def found(*people: Person, start: int = 1, exclude: frozenset[int] = frozenset()) -> int | None:
    return stand_in(start, {person.id: person for person in people}.get, exclude=exclude)


def test_somebody_present_decides_themselves():
    assert found(Person(1, absence_deputy_id=2), Person(2)) == 1


def test_the_deputy_of_the_absence_comes_before_the_standing_one_and_the_manager():
    away = Person(1, is_absent=True, absence_deputy_id=2, standing_deputy_id=3, manager_id=4)
    assert found(away, Person(2), Person(3), Person(4)) == 2


def test_the_standing_deputy_steps_in_when_the_absence_names_nobody():
    away = Person(1, is_absent=True, standing_deputy_id=3, manager_id=4)
    assert found(away, Person(3), Person(4)) == 3


def test_without_any_deputy_the_manager_decides():
    assert found(Person(1, is_absent=True, manager_id=4), Person(4)) == 4


def test_two_deputies_of_each_other_do_not_go_round_for_ever():
    first = Person(1, is_absent=True, absence_deputy_id=2)
    second = Person(2, is_absent=True, absence_deputy_id=1)
    assert found(first, second) is None


def test_a_round_of_deputies_falls_back_to_the_manager():
    first = Person(1, is_absent=True, absence_deputy_id=2, manager_id=9)
    second = Person(2, is_absent=True, absence_deputy_id=1)
    assert found(first, second, Person(9)) == 9


def test_the_requester_as_deputy_is_passed_over_for_their_own_manager():
    away = Person(1, is_absent=True, absence_deputy_id=2)
    requester = Person(2, standing_deputy_id=7, manager_id=5)
    assert found(away, requester, Person(5), Person(7), exclude=frozenset({2})) == 5


def test_the_requesters_own_deputy_never_decides_for_them():
    requester = Person(1, is_absent=True, absence_deputy_id=7, standing_deputy_id=8)
    assert found(requester, Person(7), Person(8), exclude=frozenset({1})) is None


def test_a_leaver_is_replaced_by_their_manager():
    assert found(Person(1, is_active=False, standing_deputy_id=3, manager_id=4), Person(3), Person(4)) == 4


def test_a_chain_ends_after_five_hops():
    people = [Person(n, is_absent=True, absence_deputy_id=n + 1) for n in range(1, MOST_HOPS + 1)]
    assert found(*people, Person(MOST_HOPS + 1)) == MOST_HOPS + 1
    longer = [Person(n, is_absent=True, absence_deputy_id=n + 1) for n in range(1, MOST_HOPS + 2)]
    assert found(*longer, Person(MOST_HOPS + 2)) is None


IDS = st.integers(1, 6)
PEOPLE = st.lists(
    st.builds(Person, id=IDS, is_active=st.booleans(), is_absent=st.booleans(), absence_deputy_id=st.none() | IDS,
              standing_deputy_id=st.none() | IDS, manager_id=st.none() | IDS), max_size=6,
)  # fmt: skip


@given(PEOPLE, IDS, st.frozensets(IDS, max_size=2))
def test_whoever_decides_is_here_present_and_not_excluded(people: list[Person], start: int, exclude: frozenset[int]):
    by_id = {person.id: person for person in people}
    chosen = stand_in(start, by_id.get, exclude=exclude)
    if chosen is not None:
        assert by_id[chosen].is_active
        assert not by_id[chosen].is_absent
        assert chosen not in exclude


def test_a_line_of_managers_may_not_come_round():
    parents = {1: None, 2: 1, 3: 2}
    assert comes_round(1, 3, parents.get)
    assert comes_round(1, 1, parents.get)
    assert not comes_round(3, 1, parents.get)
    assert not comes_round(9, 4, {4: 5, 5: 4}.get)
