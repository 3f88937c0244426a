"""Absences, cost centres and working calendars over REST."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from apps.calendars.models import Holiday, WorkCalendar
from apps.core import clock
from apps.journal.models import Entry
from apps.people.models import Absence, CostCentre, Employee
from tests.api.callers import Program, token_for
from tests.factories import make_absence, make_employee, make_user
from tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Program:
    return Program(token_for())


def manager() -> tuple[Program, Employee]:
    me = make_employee("Me")
    return Program(token_for(make_user(roles=["Manager"], employee=me))), me


def names() -> list[str]:
    """Of the journal's entries, oldest first; keys and what tests made aside."""
    found = Entry.objects.order_by("id").values_list("name", flat=True)
    return [name for name in found if not name.startswith("apikey")]


# --- absences ---------------------------------------------------------------------------------------------------------


def test_absences_of_everybody_are_listed_by_person_and_day(hr: Program) -> None:
    ana, bia = make_employee("Ana"), make_employee("Bia")
    make_absence(ana, starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 10))
    make_absence(bia, starts_on=date(2026, 6, 1), ends_on=date(2026, 6, 1))

    def people(query: str) -> list[int]:
        return [row["person"] for row in hr.get(f"absences/{query}").json()["results"]]

    assert people("") == [ana.pk, bia.pk]
    assert people(f"?person={bia.pk}") == [bia.pk]
    assert people("?since=2026-05-10&until=2026-05-31") == [ana.pk]
    assert people("?since=2026-06-02") == []
    assert hr.get("absences/?since=soon").status_code == 400
    assert hr.get("absences/?limit=1").json()["next"]


def test_an_absence_is_changed_and_removed_and_the_journal_knows(hr: Program) -> None:
    ana, bia = make_employee("Ana"), make_employee("Bia")
    row = make_absence(ana, starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 10))
    read = hr.get(f"absences/{row.pk}/")
    changed = hr.patch(
        f"absences/{row.pk}/", {"ends_on": "2026-05-12", "deputy": bia.pk, "reason": "dentist"}, If_Match=read["ETag"]
    )
    assert (changed.json()["ends_on"], changed.json()["deputy"]) == ("2026-05-12", bia.pk)
    assert hr.patch(f"absences/{row.pk}/", {"reason": "dentist"}).status_code == 200
    assert hr.patch(f"absences/{row.pk}/", {"reason": ""}, If_Match=read["ETag"]).status_code == 412
    assert hr.delete(f"absences/{row.pk}/").status_code == 204
    assert hr.delete(f"absences/{row.pk}/").status_code == 404
    assert names() == ["absence.changed", "absence.removed"]
    entry = Entry.objects.get(name="absence.changed")
    assert "dentist" not in f"{entry.before}{entry.after}", "a reason may be erased: it stands in the body"
    assert not Absence.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"ends_on": "2026-04-01"}, "ends_on"), ({"deputy": 99999}, "deputy"), ({"starts_on": "x"}, "starts_on"),
     ({"person": 1}, "person"), ({"reason": "x" * 81}, "reason"), ({"starts_on": None}, "starts_on")],
)  # fmt: skip
def test_a_wrong_value_of_an_absence_names_its_field(hr: Program, values: dict[str, Any], field: str) -> None:
    row = make_absence(make_employee(), starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 10))
    answer = hr.patch(f"absences/{row.pk}/", {"reason": "after", **values})
    assert (answer.status_code, field in answer.json()["errors"]) == (400, True)
    row.refresh_from_db()
    assert (row.reason, row.ends_on) == ("", date(2026, 5, 10))


def test_nobody_becomes_their_own_deputy(hr: Program) -> None:
    ana = make_employee()
    row = make_absence(ana)
    assert "deputy" in hr.patch(f"absences/{row.pk}/", {"deputy": ana.pk}).json()["errors"]


def test_a_manager_changes_the_own_people_s_absences_and_never_removes_one() -> None:
    program, me = manager()
    own, other = make_absence(make_employee("Mine", manager=me)), make_absence(make_employee("Hidden"))
    assert [row["id"] for row in program.get("absences/").json()["results"]] == [own.pk]
    assert program.patch(f"absences/{own.pk}/", {"reason": "x"}).status_code == 200
    assert program.patch(f"absences/{own.pk}/", {"deputy": other.employee_id}).status_code == 400
    assert program.delete(f"absences/{own.pk}/").status_code == 403
    for answer in (
        program.get(f"absences/{other.pk}/"),
        program.patch(f"absences/{other.pk}/", {}),
        program.delete(f"absences/{other.pk}/"),
    ):
        assert (answer.status_code, "Hidden" in answer.content.decode()) == (404, False)
    assert Absence.objects.count() == 2


def test_a_deputy_out_of_sight_may_stay() -> None:
    program, me = manager()
    row = make_absence(make_employee(manager=me), deputy=make_employee("Elsewhere"))
    assert program.patch(f"absences/{row.pk}/", {"deputy": row.deputy_id, "reason": "x"}).status_code == 200


# --- cost centres -----------------------------------------------------------------------------------------------------


def test_a_cost_centre_is_made_changed_and_removed(hr: Program) -> None:
    ana = make_employee("Ana")
    made = hr.post("cost-centres/", {"code": " 4711 ", "owner": ana.pk}, Idempotency_Key="once")
    assert (made.status_code, made.json()["name"], made.json()["owner"]) == (201, "4711", ana.pk)
    assert (
        hr.post("cost-centres/", {"code": " 4711 ", "owner": ana.pk}, Idempotency_Key="once")["Idempotency-Replayed"]
        == "true"
    )
    assert hr.get(made["Location"]).json() == made.json()
    changed = hr.patch(made["Location"], {"name": "Fleet", "owner": None}, If_Match=made["ETag"])
    assert (changed.json()["name"], changed.json()["owner"]) == ("Fleet", None)
    assert hr.patch(made["Location"], {"name": "Fleet"}).status_code == 200
    assert [row["code"] for row in hr.get("cost-centres/?code=4711").json()["results"]] == ["4711"]
    Employee.objects.update(cost_centre=made.json()["id"])
    assert hr.delete(made["Location"]).status_code == 204
    assert names() == ["costcentre.added", "costcentre.changed", "costcentre.removed"]
    assert not Employee.objects.exclude(cost_centre=None).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "taken"}, "code"), ({"code": ""}, "code"), ({"code": "x" * 41}, "code"), ({"owner": 99999}, "owner"),
     ({"name": "x" * 121}, "name"), ({"size": 1}, "size")],
)  # fmt: skip
def test_a_wrong_value_of_a_cost_centre_names_its_field(hr: Program, values: dict[str, Any], field: str) -> None:
    CostCentre.objects.create(code="TAKEN", name="There")
    row = CostCentre.objects.create(code="1", name="before")
    for answer in (
        hr.patch(f"cost-centres/{row.pk}/", {"name": "after", **values}),
        hr.post("cost-centres/", {"code": "2", **values}),
    ):
        assert (answer.status_code, field in answer.json()["errors"]) == (400, True)
    assert list(CostCentre.objects.order_by("code").values_list("code", "name")) == [
        ("1", "before"),
        ("TAKEN", "There"),
    ]


def test_who_may_see_no_cost_centre_gets_none_and_nobody_learns_an_owner_out_of_sight() -> None:
    row = CostCentre.objects.create(code="1", name="One", owner=make_employee("Hidden"))
    program, _me = manager()
    assert program.get("cost-centres/").status_code == 403
    assert program.get(f"cost-centres/{row.pk}/").status_code == 403
    reader = make_user(employee=make_employee())
    reader.user_permissions.set(_permissions("view_costcentre", "change_costcentre", "view_employee"))
    limited = Program(token_for(reader))
    assert limited.get(f"cost-centres/{row.pk}/").json()["owner"] is None
    assert limited.patch(f"cost-centres/{row.pk}/", {"owner": row.owner_id}).status_code == 400
    sent_back = limited.patch(f"cost-centres/{row.pk}/", {"name": "Uno", "owner": None})  # as it was read
    assert (sent_back.status_code, sent_back.json()["name"]) == (200, "Uno")
    row.refresh_from_db()
    assert row.owner_id is not None
    assert limited.post("cost-centres/", {"code": "2"}).status_code == 403
    assert limited.delete(f"cost-centres/{row.pk}/").status_code == 403


def _permissions(*codenames: str) -> Any:
    return Permission.objects.filter(codename__in=codenames)


# --- working calendars ------------------------------------------------------------------------------------------------

WEEK = [{"weekday": day, "starts": "08:00", "ends": "17:00"} for day in range(5)]


def test_a_calendar_is_made_with_its_holidays_changed_and_removed(hr: Program) -> None:
    made = hr.post("calendars/", {"name": "Porto", "country": "PT", "quiet_from": "20:00", "quiet_until": "07:00"})
    assert (made.status_code, made.json()["hours"]) == (201, [])
    where = made["Location"]
    found = hr.get(f"{where}days/?limit=200").json()["results"]
    assert {row["day"][5:] for row in found} >= {"12-25", "04-25"}
    assert all(row["is_public"] for row in found)
    assert hr.put(f"{where}hours/", {"hours": WEEK}).json()["hours"] == WEEK
    assert hr.put(f"{where}hours/", {"hours": WEEK}).status_code == 200
    moved = hr.patch(where, {"country": "BR", "region": "SP"})
    assert (moved.json()["country"], moved.json()["region"]) == ("BR", "SP")
    days = {row["day"][5:] for row in hr.get(f"{where}days/?limit=200&year={clock.now().year + 1}").json()["results"]}
    assert ("04-21" in days, "04-25" in days) == (True, False), (
        "what lies behind stays, what is to come is of the new place"
    )
    assert hr.patch(where, {"country": "PT"}).json()["region"] == ""
    assert hr.delete(where).status_code == 204
    assert [name for name in names() if name != "workcalendar.filled"] == [
        "workcalendar.added", "workcalendar.hours_set", "workcalendar.changed", "workcalendar.changed", "workcalendar.removed"]  # fmt: skip
    assert not WorkCalendar.objects.filter(name="Porto").exists()


def test_a_day_is_added_changed_and_taken_out(hr: Program) -> None:
    calendar = WorkCalendar.objects.create(name="Tests")
    where = f"calendars/{calendar.pk}/days/"
    assert hr.put(f"{where}2026-12-24/", {"name": "Party"}).json()["is_working"] is False
    assert (
        hr.put(f"{where}2026-12-24/", {"name": "Party", "is_working": True, "starts": "08:00", "ends": "12:00"}).json()[
            "ends"
        ]
        == "12:00"
    )
    assert [row["day"] for row in hr.get(f"{where}?year=2026").json()["results"]] == ["2026-12-24"]
    assert hr.get(f"{where}?year=2027").json()["results"] == []
    assert [hr.delete(f"{where}2026-12-24/").status_code for _twice in range(2)] == [204, 204]
    assert names() == ["holiday.added", "holiday.changed", "holiday.removed"]
    assert hr.put(f"{where}2026-02-30/", {"name": "No day"}).status_code == 404
    assert hr.put(f"{where}2026-12-24/", {"name": "Off", "starts": "08:00"}).status_code == 400
    assert not Holiday.objects.filter(calendar=calendar).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": "Taken"}, "name"), ({"name": " "}, "name"), ({"country": "XX"}, "country"), ({"country": "PT", "region": "SP"}, "region"),
     ({"quiet_from": "25:00"}, "quiet_from"), ({"is_default": True}, "is_default")],
)  # fmt: skip
def test_a_wrong_value_of_a_calendar_names_its_field(hr: Program, values: dict[str, Any], field: str) -> None:
    WorkCalendar.objects.create(name="Taken")
    row = WorkCalendar.objects.create(name="Mine")
    for answer in (hr.patch(f"calendars/{row.pk}/", values), hr.post("calendars/", {"name": "New", **values})):
        assert (answer.status_code, field in answer.json()["errors"]) == (400, True), answer.content
    assert not WorkCalendar.objects.filter(name="New").exists()


def test_quiet_hours_need_two_different_times(hr: Program) -> None:
    row = WorkCalendar.objects.create(name="Mine")
    for values in ({"quiet_from": "20:00"}, {"quiet_from": "20:00", "quiet_until": "20:00"}):
        assert hr.patch(f"calendars/{row.pk}/", values).status_code == 400


@pytest.mark.parametrize(
    "hours",
    [
        [{"weekday": 0, "starts": "08:00", "ends": "12:00"}, {"weekday": 0, "starts": "11:59", "ends": "13:00"}],
        [{"weekday": 6, "starts": "22:00", "ends": "06:00"}, {"weekday": 0, "starts": "05:00", "ends": "13:00"}],
        [{"weekday": 7, "starts": "08:00", "ends": "12:00"}], [{"weekday": 0, "starts": "08:00"}], "all day",
        [{"weekday": 0, "starts": "00:00", "ends": "00:01"}] * 71,
    ],
)  # fmt: skip
def test_hours_that_cannot_be_change_nothing(hr: Program, hours: Any) -> None:
    row = WorkCalendar.objects.create(name="Mine")
    row.hours.create(weekday=1, starts="08:00", ends="09:00")
    assert hr.put(f"calendars/{row.pk}/hours/", {"hours": hours}).status_code == 400
    assert row.hours.count() == 1


def test_a_calendar_in_use_and_the_default_one_stay(hr: Program) -> None:
    row = WorkCalendar.objects.create(name="Mine")
    Employee.objects.filter(pk=make_employee().pk).update(calendar=row)
    assert hr.delete(f"calendars/{row.pk}/").status_code == 409
    assert hr.post(f"calendars/{row.pk}/default/").json()["is_default"] is True
    Employee.objects.update(calendar=None)
    answer = hr.delete(f"calendars/{row.pk}/")
    assert (answer.status_code, WorkCalendar.objects.filter(pk=row.pk).exists()) == (409, True)


def test_a_manager_reads_calendars_and_changes_none() -> None:
    program, _me = manager()
    row = WorkCalendar.objects.create(name="Mine")
    assert program.get("calendars/").status_code == 200
    assert program.get(f"calendars/{row.pk}/days/").status_code == 200
    before = Entry.objects.count()
    for answer in (
        program.post("calendars/", {"name": "New"}), program.patch(f"calendars/{row.pk}/", {"name": "x"}),
        program.delete(f"calendars/{row.pk}/"), program.post(f"calendars/{row.pk}/default/"),
        program.put(f"calendars/{row.pk}/hours/", {"hours": WEEK}), program.put(f"calendars/{row.pk}/days/2026-12-24/", {"name": "x"}),
        program.delete(f"calendars/{row.pk}/days/2026-12-24/"),
    ):  # fmt: skip
        assert answer.status_code == 403
    assert Entry.objects.count() == before
    responder = Program(token_for(make_user(roles=["Responder"])))
    assert responder.get("calendars/").status_code == 403


# --- two at once ------------------------------------------------------------------------------------------------------


def at_once(token: str, address: str, bodies: list[dict[str, Any]]) -> list[int]:
    """What several get who all read the same version and change it in the same moment."""
    tag = Program(token).get(address)["ETag"]
    return race(*[lambda body=body: Program(token).patch(address, body, If_Match=tag).status_code for body in bodies])


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory is one connection")
def test_of_several_who_change_one_version_at_once_one_does() -> None:
    token, row, calendar = token_for(), make_absence(make_employee()), WorkCalendar.objects.create(name="Office")
    for turn in range(5):
        said = at_once(token, f"absences/{row.pk}/", [{"reason": f"r{turn}-{each}"} for each in range(4)])
        assert sorted(said) == [200, 412, 412, 412]
        said = at_once(token, f"calendars/{calendar.pk}/", [{"name": f"Office {turn}-{each}"} for each in range(4)])
        assert sorted(said) == [200, 412, 412, 412]
