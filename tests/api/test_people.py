"""People over REST: row scope, values, states, pages."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.core import clock as core_clock
from apps.journal.models import Entry
from apps.people import planned, services
from apps.people.models import Absence, Employee, Membership
from tests.api.callers import Program, token_for
from tests.factories import make_absence, make_employee, make_team, make_user
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Program:
    return Program(token_for())


def manager() -> tuple[Program, Employee]:
    me = make_employee("Me")
    return Program(token_for(make_user(roles=["Manager"], employee=me))), me


def test_a_name_is_kept_as_one_line_that_can_be_seen(hr: Program):
    made = hr.post("people/", {"number": "1\u001b7\u0012", "name": "Ana\n\u202e Lima", "position": "\u0007"})
    assert made.status_code == 201, made.content
    assert (made.json()["number"], made.json()["name"], made.json()["position"]) == ("1 7", "Ana Lima", "")
    assert hr.post("people/", {"number": "18", "name": "\u202e\u0007"}).status_code == 400
    assert hr.post("teams/", {"name": "Night\u001bshift\u202e"}).json()["name"] == "Night shift"
    centre = hr.post("cost-centres/", {"code": "BR\u001b1", "name": "Logis\u202etics"})
    assert (centre.json()["code"], centre.json()["name"]) == ("BR 1", "Logistics")
    day = hr.post(f"people/{made.json()['id']}/absences/",
                  {"starts_on": "2026-12-21", "ends_on": "2026-12-22", "reason": "at\u001bsea"})  # fmt: skip
    assert day.json()["reason"] == "at sea"
    assert hr.patch(f"absences/{day.json()['id']}/", {"reason": "by\u0007air"}).json()["reason"] == "by air"


def test_hiring_reading_and_changing_a_person(hr: Program):
    boss = make_employee("Boss")
    made = hr.post("people/", {"number": "17", "name": "Ana", "phone": "(11) 91234-5678", "manager": boss.pk,
                               "language": "pt-br", "time_zone": "America/Sao_Paulo"})  # fmt: skip
    assert made.status_code == 201, made.content
    assert made.json()["phone"] == "+5511912345678"
    read = hr.get(made["Location"])
    assert read.json() == made.json()
    assert read["ETag"] == made["ETag"]
    changed = hr.patch(made["Location"], {"position": "Driver", "manager": None})
    assert (changed.json()["position"], changed.json()["manager"]) == ("Driver", None)
    names = list(Entry.objects.order_by("id").values_list("name", flat=True))
    assert names[-3:] == ["employee.hired", "employee.changed", "employee.manager_changed"]
    assert Entry.objects.get(name="employee.hired").actor_label.count("A program (rcd_") == 1
    assert "Driver" not in str(Entry.objects.get(name="employee.changed").after)


def test_an_equal_value_changes_and_records_nothing(hr: Program):
    ana = make_employee("Ana")
    assert hr.patch(f"people/{ana.pk}/", {"name": "Ana"}).status_code == 200
    assert not Entry.objects.filter(name="employee.changed").exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"phone": "call me"}, "phone"), ({"time_zone": "Mars/Base"}, "time_zone"), ({"language": "xx"}, "language"),
        ({"email": "not one"}, "email"), ({"name": ""}, "name"), ({"name": "x" * 151}, "name"), ({"name": None}, "name"),
        ({"nmae": "Ana"}, "nmae"), ({"manager": 999999}, "manager"), ({"manager": 2**70}, "manager"),
        ({"manager": "x"}, "manager"), ({"number": "TAKEN"}, "number"), ({"state": "left"}, "state"),
        ({"user": 1}, "user"), ({"number": " "}, "number"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field_and_changes_nothing(hr: Program, values: dict, field: str):
    make_employee("Other", number="TAKEN")
    ana = make_employee("Ana", position="before")
    answer = hr.patch(f"people/{ana.pk}/", {"position": "after", **values})
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert answer["Content-Type"] == "application/problem+json"
    ana.refresh_from_db()
    assert ana.position == "before"
    assert hr.post("people/", {"number": "9", "name": "New", **values}).status_code == 400
    assert not Employee.objects.filter(number="9").exists()


def test_a_taken_number_is_named(hr: Program):
    make_employee(number="17")
    answer = hr.post("people/", {"number": "17", "name": "Ana"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["number"])


def test_nobody_becomes_their_own_manager(hr: Program):
    ana = make_employee("Ana")
    bia = make_employee("Bia", manager=ana)
    for answer in (
        hr.put(f"people/{ana.pk}/manager/", {"manager": bia.pk}),
        hr.patch(f"people/{ana.pk}/", {"manager": ana.pk}),
    ):
        assert (answer.status_code, "manager" in answer.json()["errors"]) == (400, True)
    assert hr.put(f"people/{bia.pk}/manager/", {"manager": None}).json()["manager"] is None
    assert hr.put(f"people/{bia.pk}/manager/", {}).status_code == 400


def test_leaving_and_coming_back(hr: Program):
    ana = make_employee("Ana")
    user = make_user(employee=ana)
    left = hr.post(f"people/{ana.pk}/leave/", {"left_on": "2026-01-31"})
    assert (left.json()["state"], left.json()["left_on"]) == ("left", "2026-01-31")
    user.refresh_from_db()
    assert not user.is_active
    again = hr.post(f"people/{ana.pk}/leave/")
    assert (again.status_code, again.json()["code"]) == (409, "move_not_allowed")
    assert hr.post(f"people/{ana.pk}/return/").json()["state"] == "active"
    assert hr.post(f"people/{ana.pk}/return/").status_code == 409


def test_a_last_day_still_to_come_is_planned_and_called_off(hr: Program):
    ana = make_employee("Ana")
    coming = core_clock.now().date() + timedelta(days=30)
    answer = hr.post(f"people/{ana.pk}/leave/", {"left_on": coming.isoformat()})
    assert (answer.status_code, answer.json()["state"], answer.json()["left_on"]) == (200, "active", None)
    assert planned.of(ana).on == coming
    far = hr.post(f"people/{ana.pk}/leave/", {"left_on": "2099-01-01"})
    assert (far.status_code, planned.of(ana).on) == (400, coming)
    assert hr.post(f"people/{ana.pk}/return/").status_code == 200
    assert planned.of(ana) is None
    assert hr.post(f"people/{ana.pk}/return/").status_code == 409


def test_absences_are_listed_and_recorded(hr: Program):
    ana, bia = make_employee("Ana"), make_employee("Bia")
    good = {"starts_on": "2026-05-01", "ends_on": "2026-05-10", "deputy": bia.pk}
    assert hr.post(f"people/{ana.pk}/absences/", good).status_code == 201
    (row,) = hr.get(f"people/{ana.pk}/absences/").json()["results"]
    assert (row["starts_on"], row["deputy"]) == ("2026-05-01", bia.pk)
    wrong = [{**good, "ends_on": "2026-04-01"}, {**good, "deputy": ana.pk}, {**good, "deputy": 99999},
             {**good, "starts_on": "soon"}, {"starts_on": "2026-05-01"}]  # fmt: skip
    assert [hr.post(f"people/{ana.pk}/absences/", body).status_code for body in wrong] == [400] * 5
    assert Absence.objects.count() == 1


def test_a_change_that_takes_somebody_out_of_sight_is_done_and_answered_as_it_is_now():
    me = make_employee("Me")
    owner = make_user(employee=me)
    owner.user_permissions.set(Permission.objects.filter(codename__in=["view_employee", "change_employee"]))
    program = Program(token_for(owner))
    first, second, third = (make_employee(name, manager=me) for name in ("First", "Second", "Third"))
    moved = [
        program.put(f"people/{first.pk}/manager/", {"manager": third.pk}),
        program.patch(f"people/{second.pk}/", {"manager": third.pk, "position": "Driver"}),
    ]
    for person, answer in zip((first, second), moved, strict=True):
        assert answer.status_code == 200, answer.content
        person.refresh_from_db()
        assert (person.manager, answer.json()["id"], answer.json()["manager"]) == (third, person.pk, third.pk)
        assert program.get(f"people/{person.pk}/").status_code == 404
        assert program.put(f"people/{person.pk}/manager/", {"manager": me.pk}).status_code == 404
    assert moved[1].json()["position"] == "Driver"


def test_who_marks_themselves_as_left_is_told_so():
    me = make_employee("Me")
    owner = make_user(employee=me)
    owner.user_permissions.set(Permission.objects.filter(codename__in=["view_employee", "change_employee"]))
    program = Program(token_for(owner))
    left = program.post(f"people/{me.pk}/leave/", Idempotency_Key="once")
    assert (left.status_code, left.json()["state"]) == (200, "left")
    me.refresh_from_db()
    assert not me.is_active
    assert program.get(f"people/{me.pk}/").status_code == 401


def test_another_teams_people_are_404_everywhere_and_unnamed():
    program, me = manager()
    mine, other = make_employee("Mine", manager=me), make_employee("Hidden Name")
    make_team(members=[other])
    assert program.get(f"people/{mine.pk}/").status_code == 200
    for answer in (
        program.get(f"people/{other.pk}/"), program.patch(f"people/{other.pk}/", {"name": "x"}),
        program.post(f"people/{other.pk}/leave/"), program.post(f"people/{other.pk}/return/"),
        program.put(f"people/{other.pk}/manager/", {"manager": None}), program.get(f"people/{other.pk}/absences/"),
        program.post(f"people/{other.pk}/absences/", {"starts_on": "2026-05-01", "ends_on": "2026-05-01"}),
    ):  # fmt: skip
        assert answer.status_code == 404, answer.content
        assert "Hidden" not in answer.content.decode()
    missing = program.get("people/999999/")
    assert missing.json() == program.get(f"people/{other.pk}/").json(), "the two must look alike"
    listed = program.get("people/").json()["results"]
    assert {row["id"] for row in listed} == {me.pk, mine.pk}
    absence = {"starts_on": "2026-05-01", "ends_on": "2026-05-01", "deputy": other.pk}
    refused = program.post(f"people/{mine.pk}/absences/", absence)
    assert (refused.status_code, "Hidden" in refused.content.decode()) == (400, False)


def test_a_manager_sees_only_their_own_of_a_persons_teams():
    program, me = manager()
    mine, foreign = make_team("Mine"), make_team("Foreign")
    ana = make_employee("Ana")
    Membership.objects.create(team=mine, employee=me, is_lead=True)
    for team in (mine, foreign):
        Membership.objects.create(team=team, employee=ana)
    assert [team["name"] for team in program.get(f"people/{ana.pk}/").json()["teams"]] == ["Mine"]
    assert program.get(f"people/?team={foreign.pk}").json()["results"] == []


def test_teams_are_those_of_today_not_former_or_coming_ones(hr: Program, clock):
    clock.stand("2026-03-02T10:00:00")
    ana = make_employee("Ana")
    over, coming, now = (make_team(name, members=[ana]) for name in ("Over", "Coming", "Now"))
    Membership.objects.filter(team=over).update(ends_on=date(2026, 3, 1))
    Membership.objects.filter(team=coming).update(starts_on=date(2026, 3, 3))
    Membership.objects.filter(team=now).update(starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2))
    assert [team["name"] for team in hr.get(f"people/{ana.pk}/").json()["teams"]] == ["Now"]
    found = [len(hr.get(f"people/?team={team.pk}").json()["results"]) for team in (over, coming, now)]
    assert found == [0, 0, 1]


def test_filters_find_and_misspelt_ones_are_refused(hr: Program):
    ana, bia = make_employee("Ana Lima", number="A1", email="ana@x.org"), make_employee("Bia", state="left")
    team = make_team(members=[bia])
    for query, wanted in {
        "number=A1": [ana], "state=left": [bia], f"team={team.pk}": [bia], "search=lima": [ana],
        "search=ana@x": [ana], "number=a2": [], "search=%25": [],
    }.items():  # fmt: skip
        assert [row["id"] for row in hr.get(f"people/?{query}").json()["results"]] == [one.pk for one in wanted], query
    for query in (
        "stat=left",
        "state=gone",
        "team=x",
        "changed_since=yesterday",
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
    ):
        assert hr.get(f"people/?{query}").status_code == 400, query


def test_changed_since_finds_rows_absences_and_memberships(hr: Program, clock):
    clock.stand("2026-03-02T10:00:00")
    people = [make_employee(name) for name in ("Row", "Absence", "Team", "Nothing")]
    hr.patch(f"people/{people[3].pk}/", {"position": "old news"})
    clock.stand("2026-03-02T11:00:00")
    hr.patch(f"people/{people[0].pk}/", {"position": "Driver"})
    services.record_absence(employee=people[1], starts_on=datetime(2026, 5, 1, tzinfo=UTC).date(),
                            ends_on=datetime(2026, 5, 2, tzinfo=UTC).date(), by=make_user())  # fmt: skip
    hr.put(f"teams/{make_team().pk}/members/{people[2].pk}/")
    found = hr.get("people/?changed_since=2026-03-02T10:30:00Z").json()["results"]
    assert [row["name"] for row in found] == ["Row", "Absence", "Team"]


def test_changed_since_finds_whose_absence_or_membership_was_taken_away_by_whatever_way(hr: Program, clock):
    clock.stand("2026-03-02T10:00:00")
    names = ("Absence", "Member", "Teams", "Screen", "List", "Nothing")
    people = {name: make_employee(name) for name in names}
    team, absence = make_team(members=people.values()), make_absence(people["Absence"])
    shown, listed = make_absence(people["Screen"]), make_absence(people["List"])
    clock.stand("2026-03-02T11:00:00")
    hr.delete(f"absences/{absence.pk}/")
    hr.delete(f"teams/{team.pk}/members/{people['Member'].pk}/")
    services.set_teams(employee=people["Teams"], teams=[], by=make_user())
    desk = at_the_desk("HR")
    desk.post(reverse("admin:people_absence_delete", args=[shown.pk]), {"post": "yes"})
    desk.post(reverse("admin:people_absence_changelist"),
              {"action": "delete_selected", "_selected_action": [listed.pk], "post": "yes"})  # fmt: skip
    assert not Absence.objects.exists()
    found = hr.get("people/?changed_since=2026-03-02T10:30:00Z").json()["results"]
    assert [row["name"] for row in found] == list(names[:-1])


def test_pages_neither_repeat_nor_lose_rows_while_others_are_inserted(hr: Program):
    first = [make_employee().pk for _each in range(5)]
    page = hr.get("people/?limit=2").json()
    assert page["previous"] is None
    seen, back = [row["id"] for row in page["results"]], None
    later = make_employee().pk
    Employee.objects.filter(pk=first[1]).delete()
    while page["next"]:
        page = hr.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
        back = page["previous"]
    assert seen == [*first, later]
    before = hr.get(back).json()
    assert [row["id"] for row in before["results"]] == first[2:4]
    assert before["next"] is not None
    start = hr.get(before["previous"]).json()
    assert [row["id"] for row in start["results"]] == [first[0]]
    assert start["previous"] is None


def test_a_cursor_that_was_tampered_with_is_400(hr: Program):
    ana = make_employee()
    make_employee()
    make_absence(ana)
    good = hr.get("people/?limit=1").json()["next"].split("cursor=")[1].split("&")[0]
    for cursor in ("", "x", good[:-3], good[:-1] + ("A" if good[-1] != "A" else "B"), "A" * 4000, "%00", "ñ", "bnVsbA"):
        answer = hr.get(f"people/?cursor={cursor}")
        assert answer.status_code == 400, cursor
        assert "cursor" in answer.json()["errors"]
    assert hr.get(f"people/{ana.pk}/absences/?cursor={good}").status_code == 400, "made for another address"


def test_a_change_to_a_version_that_is_gone_is_refused(hr: Program):
    ana = make_employee("Ana")
    tag = hr.get(f"people/{ana.pk}/")["ETag"]
    fresh = hr.patch(f"people/{ana.pk}/", {"position": "A"}, if_match=tag)
    assert fresh.status_code == 200
    stale = hr.patch(f"people/{ana.pk}/", {"position": "B"}, if_match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert hr.patch(f"people/{ana.pk}/", {"position": "B"}, if_match=f'"x", {fresh["ETag"]}').status_code == 200
    ana.refresh_from_db()
    assert ana.position == "B"


def test_a_list_costs_the_same_for_many_as_for_few(hr: Program, django_assert_max_num_queries):
    for _each in range(20):
        make_team(members=[make_employee()])
    with django_assert_max_num_queries(14):
        assert len(hr.get("people/").json()["results"]) == 20
