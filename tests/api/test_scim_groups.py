"""Groups over SCIM: teams and who is in them."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock as core_clock
from apps.journal.models import Entry
from apps.people.models import Employee, Membership, Team
from tests.api.callers import Program
from tests.api.test_scim_users import payload, provider
from tests.factories import make_employee, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def entra() -> Program:
    return provider()


def members(team: Team) -> list[str]:
    return list(
        Membership.objects.filter(team=team).order_by("employee__name").values_list("employee__name", flat=True)
    )


def test_entra_makes_fills_and_empties_a_group(entra: Program):
    ana = make_employee("Ana")
    made = entra.post("Groups", payload("entra_group_create")).json()
    team = Team.objects.get()
    assert (team.name, made["externalId"]) == ("Logistics", "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159")
    told = entra.patch(f"Groups/{made['id']}", payload("entra_group_add", member=f"u{ana.pk}")).json()
    assert told["members"][0]["value"] == f"u{ana.pk}"
    entra.patch(f"Groups/{made['id']}", payload("entra_group_add", member=f"u{ana.pk}"))
    assert members(team) == ["Ana"]
    told = entra.patch(f"Groups/{made['id']}", payload("entra_group_remove", member=f"u{ana.pk}")).json()
    assert "members" not in told
    names = [name for name in Entry.objects.order_by("id").values_list("name", flat=True) if "key" not in name]
    assert names == ["team.added", "scimgroup.linked", "membership.added", "membership.removed"]


def test_okta_replaces_members_and_renames(entra: Program):
    ana, bia = make_employee("Ana"), make_employee("Bia")
    team = make_team("Drivers", leads=[bia])
    address = f"Groups/g{team.pk}"
    entra.patch(address, payload("okta_group_replace_members", member=f"u{ana.pk}"))
    assert members(team) == ["Ana"]
    entra.patch(address, payload("okta_group_remove_member", member=f"u{bia.pk}"))
    assert members(team) == ["Ana"], "who is not in is not in"
    entra.patch(address, payload("okta_group_remove_member", member=f"u{ana.pk}"))
    assert members(team) == []
    assert entra.patch(address, payload("okta_group_rename", id=f"g{team.pk}")).json()["displayName"] == "Fleet"


def test_a_whole_document_without_members_leaves_them_and_an_empty_list_takes_them_out(entra: Program):
    team = make_team("Drivers", members=[make_employee("Ana")])
    entra.put(f"Groups/g{team.pk}", {"displayName": "Fleet"})
    assert members(team) == ["Ana"]
    entra.put(f"Groups/g{team.pk}", {"displayName": "Fleet", "members": []})
    assert members(team) == []


def test_who_leads_a_team_leads_it_after_a_sync(entra: Program):
    bia = make_employee("Bia")
    team = make_team("Drivers", leads=[bia])
    entra.put(f"Groups/g{team.pk}", {"displayName": "Drivers", "members": [{"value": f"u{bia.pk}"}]})
    assert Membership.objects.get().is_lead


def test_deleting_a_group_keeps_the_team_without_members(entra: Program):
    name = entra.post("Groups", payload("entra_group_create")).json()["id"]
    entra.patch(f"Groups/{name}", payload("entra_group_add", member=f"u{make_employee().pk}"))
    assert entra.delete(f"Groups/{name}").status_code == 204
    assert (Team.objects.count(), Membership.objects.count()) == (1, 0)
    assert entra.get(f"Groups/{name}").status_code == 404
    assert entra.get("Groups").json()["totalResults"] == 0
    again = entra.post("Groups", payload("entra_group_create"))
    assert (again.status_code, again.json()["id"]) == (201, name)


def test_a_deleted_group_is_taken_up_again_by_its_name_in_any_case(entra: Program):
    name = entra.post("Groups", {"displayName": "Logistics"}).json()["id"]
    entra.delete(f"Groups/{name}")
    again = entra.post("Groups", {"displayName": "LOGISTICS"})
    assert (again.status_code, again.json()["id"], again.json()["displayName"]) == (201, name, "LOGISTICS")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, "invalidValue"), ({"displayName": "x" * 200}, 400, "invalidValue"), ({"displayName": "Taken"}, 409, "uniqueness"),
        ({"displayName": "tAKEN"}, 409, "uniqueness"),
        ({"displayName": "New", "members": [{"value": "u99999"}]}, 400, "invalidValue"),
        ({"displayName": "New", "members": [{"value": "g1", "type": "Group"}]}, 400, "invalidValue"),
        ({"displayName": "New", "members": [{"value": "1 OR 1=1"}]}, 400, "invalidValue"),
        ({"displayName": "New", "members": [{"value": {"a": 1}}]}, 400, "invalidValue"),
        ({"displayName": "New", "members": "x"}, 400, "invalidValue"),
    ],
)  # fmt: skip
def test_a_wrong_group_is_refused_and_nothing_is_made(entra: Program, body: Any, status: int, kind: str):
    make_team("Taken")
    mine = make_team("Mine")
    for answer in (entra.post("Groups", body), entra.put(f"Groups/g{mine.pk}", body)):
        assert (answer.status_code, answer.json().get("scimType")) == (status, kind), answer.content
    assert set(Team.objects.values_list("name", flat=True)) == {"Taken", "Mine"}


def test_groups_are_found_by_name_id_and_member(entra: Program):
    ana = make_employee("Ana")
    one, _two = make_team("One", members=[ana]), make_team("Two")
    for text in (
        'displayName eq "one"',
        f'id eq "g{one.pk}"',
        f'members.value eq "u{ana.pk}"',
        f'members[value eq "u{ana.pk}"]',
    ):
        answer = entra.client.get("/scim/v2/Groups", {"filter": text, "excludedAttributes": "members"},
                                  HTTP_AUTHORIZATION=f"Bearer {entra.token}")  # fmt: skip
        (found,) = answer.json()["Resources"]
        assert (found["displayName"], "members" in found) == ("One", False)


def test_a_sync_leaves_alone_whom_the_key_may_not_see():
    me, seen, hidden = make_employee("Me"), make_employee("Seen"), make_employee("Hidden")
    team = make_team("Mine", leads=[me], members=[seen])
    other = make_team("Other", members=[hidden])
    owner = make_user(roles=["Manager"], employee=me)
    manager = provider(owner)
    assert [one["displayName"] for one in manager.get("Groups").json()["Resources"]] == ["Mine"]
    assert manager.get(f"Groups/g{other.pk}").status_code == 404
    assert manager.put(f"Groups/g{team.pk}", {"displayName": "Mine", "members": []}).status_code == 403
    assert members(team) == ["Me", "Seen"]


def test_a_list_of_groups_costs_the_same_for_many_as_for_few(entra: Program, django_assert_max_num_queries):
    for _each in range(10):
        make_team(members=[make_employee(), make_employee()])
    with django_assert_max_num_queries(14):
        assert entra.get("Groups").json()["itemsPerPage"] == 10


def test_a_group_of_many_costs_as_few_statements_as_one_of_few(entra: Program):
    def statements(count: int) -> tuple[int, int]:
        team = make_team()
        people = [make_employee() for _each in range(count)]
        former = make_team("", members=people[: count // 2])
        Membership.objects.filter(team=former).update(team=team, ends_on=date(2020, 1, 1))
        there = [make_employee() for _each in range(count)]
        for one in there:
            Membership.objects.create(team=team, employee=one)
        named = [{"value": f"u{one.pk}"} for one in people]
        with CaptureQueriesContext(connection) as into:
            answer = entra.put(f"Groups/g{team.pk}", {"displayName": team.name, "members": named})
        assert answer.status_code == 200, answer.content
        assert {one["value"] for one in answer.json()["members"]} == {one["value"] for one in named}
        known = Entry.objects.filter(name__startswith="membership.", subject_label__endswith=team.name)
        told = [known.filter(name=f"membership.{verb}").count() for verb in ("added", "changed", "removed")]
        assert told == [count - count // 2, count // 2, count]
        with CaptureQueriesContext(connection) as out:
            assert entra.delete(f"Groups/g{team.pk}").status_code == 204
        assert members(team) == []
        return len(into), len(out)

    statements(2)
    assert statements(12) == statements(3)


def test_a_filter_finds_no_member_out_of_sight_and_none_of_another_time():
    me = make_employee("Me")
    owner = make_user(employee=me)
    names = ("view_employee", "view_team", "view_membership")
    owner.user_permissions.set(Permission.objects.filter(codename__in=names))
    hidden, former, coming, mine = (make_employee(name) for name in ("Hidden", "Former", "Coming", "Mine"))
    make_team("Ours", members=[me, hidden])
    led = make_team("Led", leads=[me], members=[mine, former, coming])
    today = core_clock.now().date()
    Membership.objects.filter(employee=former).update(ends_on=today - timedelta(days=1))
    Membership.objects.filter(employee=coming).update(starts_on=today + timedelta(days=1))
    narrow, hr = provider(owner), provider()

    def found(program: Program, who: Employee, form: str = 'members.value eq "u{}"') -> list[str]:
        answer = program.get("Groups?filter=" + quote(form.format(who.pk)))
        assert answer.status_code == 200, answer.content
        return [one["displayName"] for one in answer.json()["Resources"]]

    assert [found(narrow, who) for who in (me, mine, hidden)] == [["Ours", "Led"], ["Led"], []]
    assert [found(hr, who) for who in (hidden, former, coming)] == [["Ours"], [], []]
    assert found(narrow, hidden, 'members.value ne "u{}"') == ["Ours", "Led"]
    assert found(narrow, me, 'displayName co "e" and members[value eq "u{}"]') == ["Led"]
    assert found(narrow, me, "members pr") == ["Ours", "Led"]
    told = hr.get(f"Groups/g{led.pk}").json()["members"]
    assert {one["value"] for one in told} == {f"u{me.pk}", f"u{mine.pk}"}
