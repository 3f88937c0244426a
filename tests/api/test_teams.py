"""Teams over REST."""

from datetime import timedelta

import pytest

from apps.core import clock as core_clock
from apps.journal.models import Entry
from apps.people.models import Membership, Team
from tests.api.callers import Program, token_for
from tests.factories import make_employee, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Program:
    return Program(token_for())


def names() -> list[str]:
    return [
        name for name in Entry.objects.order_by("id").values_list("name", flat=True) if not name.startswith("apikey")
    ]


def test_a_team_is_made_moved_and_filled(hr: Program):
    top = make_team("Top")
    made = hr.post("teams/", {"name": "Drivers", "parent": top.pk})
    assert made.status_code == 201
    ana = make_employee("Ana")
    member = hr.put(made["Location"] + f"members/{ana.pk}/", {"is_lead": True})
    assert member.json()["is_lead"] is True
    hr.put(made["Location"] + f"members/{ana.pk}/")
    assert [row["name"] for row in hr.get(made["Location"] + "members/").json()["results"]] == ["Ana"]
    assert hr.patch(made["Location"], {"name": "Fleet", "parent": None}).json()["parent"] is None
    assert [hr.delete(made["Location"] + f"members/{ana.pk}/").status_code for _twice in range(2)] == [204, 204]
    assert names() == ["team.added", "membership.added", "team.changed", "membership.removed"]
    assert not Membership.objects.exists()


def test_who_is_put_into_a_team_is_in_it_today(hr: Program):
    ana, team, today = make_employee("Ana"), make_team("Drivers"), core_clock.now().date()
    row = Membership.objects.create(team=team, employee=ana, starts_on=today + timedelta(days=9))
    member = hr.put(f"teams/{team.pk}/members/{ana.pk}/").json()
    assert (member["starts_on"], member["ends_on"]) == (today.isoformat(), None)
    Membership.objects.filter(pk=row.pk).update(ends_on=today + timedelta(days=1))
    assert hr.put(f"teams/{team.pk}/members/{ana.pk}/").json()["ends_on"], "who is in stays so, for as long as planned"
    entry = Entry.objects.get(name="membership.changed")
    assert (entry.before["starts_on"], entry.after["starts_on"]) == (
        (today + timedelta(days=9)).isoformat(),
        today.isoformat(),
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": "Top"}, "name"), ({"name": "tOP "}, "name"), ({"name": " "}, "name"), ({"name": "x" * 121}, "name"), ({"parent": 99999}, "parent"),
     ({"size": 3}, "size")],
)  # fmt: skip
def test_a_wrong_value_names_its_field_and_changes_nothing(hr: Program, values: dict, field: str):
    make_team("Top")
    team = make_team("Mine")
    for answer in (hr.patch(f"teams/{team.pk}/", values), hr.post("teams/", {"name": "New", **values})):
        assert (answer.status_code, field in answer.json()["errors"]) == (400, True)
    assert set(Team.objects.values_list("name", flat=True)) == {"Top", "Mine"}


def test_a_team_may_be_spelled_anew_and_named_as_it_is(hr: Program):
    team = make_team("Night shift")
    for name in ("Night Shift", "Night Shift"):
        assert hr.patch(f"teams/{team.pk}/", {"name": name}).json()["name"] == name


def test_a_team_never_lies_below_itself(hr: Program):
    top = make_team("Top")
    below = make_team("Below", parent=top)
    for parent in (below, top):
        assert hr.patch(f"teams/{top.pk}/", {"parent": parent.pk}).status_code == 400


def test_another_team_is_404_and_unnamed():
    me = make_employee("Me")
    mine, other = make_team("Mine", leads=[me]), make_team("Hidden", members=[make_employee("Hidden Too")])
    program = Program(token_for(make_user(roles=["Manager"], employee=me)))
    assert [row["name"] for row in program.get("teams/").json()["results"]] == ["Mine"]
    for answer in (
        program.get(f"teams/{other.pk}/"), program.patch(f"teams/{other.pk}/", {"name": "x"}),
        program.get(f"teams/{other.pk}/members/"), program.put(f"teams/{other.pk}/members/{me.pk}/"),
        program.delete(f"teams/{other.pk}/members/{me.pk}/"),
        program.put(f"teams/{mine.pk}/members/{other.memberships.get().employee_id}/"),
    ):  # fmt: skip
        assert (answer.status_code, "Hidden" in answer.content.decode()) == (404, False), answer.content
    assert program.patch(f"teams/{mine.pk}/", {"name": "x"}).status_code == 403, "a manager reads teams only"
    assert program.put(f"teams/{mine.pk}/members/{me.pk}/").status_code == 403


def test_filters_of_teams(hr: Program):
    top = make_team("Top")
    below = make_team("Below", parent=top)
    assert [row["id"] for row in hr.get(f"teams/?parent={top.pk}").json()["results"]] == [below.pk]
    assert [row["id"] for row in hr.get("teams/?name=Top").json()["results"]] == [top.pk]
    assert hr.get("teams/?nmae=Top").status_code == 400
