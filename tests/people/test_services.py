import json
from datetime import date

import pytest

from apps.core.errors import InvalidInputError, MoveNotAllowedError
from apps.journal import reactor, sealer
from apps.journal.models import Entry
from apps.people import services
from apps.people.models import Absence, Employee, Membership
from apps.timers import sweeper
from apps.timers.models import Timer
from apps.timers.services import set_timer
from tests.factories import make_absence, make_employee, make_team, make_user

pytestmark = pytest.mark.django_db


def names() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("name", flat=True))


def test_hiring_normalises_the_phone_and_keeps_it_out_of_the_entry():
    hr = make_user(roles=["HR"])
    ana = services.hire(number=" 17 ", name="Ana", phone="(11) 91234-5678", time_zone="America/Sao_Paulo", by=hr)
    assert (ana.phone, ana.number) == ("+5511912345678", "17")
    entry = Entry.objects.get(name="employee.hired")
    assert "91234" not in f"{entry.before}{entry.after}"
    assert entry.actor_label == hr.username


@pytest.mark.parametrize(
    "wrong", [{"number": " "}, {"phone": "12"}, {"time_zone": "Mars/Base"}, {"time_zone": "../etc"}]
)
def test_hiring_refuses_what_cannot_be_used(wrong: dict[str, str]):
    values = {"number": "1", "name": "Ana", **wrong}
    with pytest.raises(InvalidInputError):
        services.hire(**values, by=make_user())
    assert not Employee.objects.exists()


def test_two_employees_never_share_a_number():
    services.hire(number="1", name="Ana", by=make_user())
    with pytest.raises(InvalidInputError, match="taken"):
        services.hire(number="1", name="Bia", by=make_user())


def test_a_leaver_is_locked_out_in_the_same_commit():
    ana = make_employee("Ana")
    user = make_user(employee=ana)
    left = services.mark_left(employee=ana, by=make_user())
    user.refresh_from_db()
    assert (left.state, left.left_on is not None, user.is_active) == ("left", True, False)
    assert names() == ["employee.left", "user.locked"]
    with pytest.raises(MoveNotAllowedError):
        services.mark_left(employee=ana, by=make_user())
    assert services.take_back(employee=ana, by=make_user()).state == "active"


def test_nobody_becomes_their_own_manager_through_others():
    ana = make_employee()
    bia = make_employee(manager=ana)
    with pytest.raises(InvalidInputError, match="reports to"):
        services.set_manager(employee=ana, manager=bia, by=make_user())
    services.set_manager(employee=bia, manager=None, by=make_user())
    assert services.set_manager(employee=ana, manager=bia, by=make_user()).manager == bia


def test_an_absence_needs_days_in_order_and_another_deputy():
    ana = make_employee()
    with pytest.raises(InvalidInputError):
        services.record_absence(employee=ana, starts_on=date(2026, 8, 2), ends_on=date(2026, 8, 1), by=make_user())
    with pytest.raises(InvalidInputError):
        services.record_absence(employee=ana, starts_on=date(2026, 8, 2), ends_on=date(2026, 8, 2), deputy=ana, by=ana)


def react() -> None:
    sealer.seal_pending()
    reactor.run_all()


def test_an_absence_that_runs_already_is_announced_at_once():
    ana = make_employee()
    today = services.queries.today(ana)
    services.record_absence(employee=ana, starts_on=today, ends_on=today, by=ana)
    react()
    assert names() == ["absence.added", "absence.started"]


def test_an_absence_to_come_is_announced_on_its_first_morning_where_the_person_lives(clock):
    clock.stand("2026-08-03T12:00:00")
    ana = make_employee(time_zone="America/Sao_Paulo")
    services.record_absence(employee=ana, starts_on=date(2026, 8, 5), ends_on=date(2026, 8, 9), by=ana)
    react()
    assert Timer.objects.get().due_at.isoformat() == "2026-08-05T03:00:00+00:00"
    clock.wind(38 * 3600)
    sweeper.sweep()
    assert "absence.started" not in names()
    clock.wind(2 * 3600)
    sweeper.sweep()
    assert "absence.started" in names()


def test_a_removed_absence_is_never_announced(clock):
    clock.stand("2026-08-03T12:00:00")
    absence = make_absence(make_employee(), starts_on=date(2026, 8, 5), ends_on=date(2026, 8, 9))
    assert not services.start_absence(absence=absence)
    set_timer(
        handler="people.absence_begins", key="a", due_at=services.begins_at(absence), data={"absence": absence.pk}
    )
    Absence.objects.all().delete()
    clock.wind(3 * 86400)
    sweeper.sweep()
    assert "absence.started" not in names()


def test_updating_a_person_changes_what_differs_and_tells_old_and_new_in_the_body():
    ana, hr = make_employee("Ana", phone="+5511900000001", position="Clerk"), make_user()
    changes = {"name": " Ana Lima ", "phone": "(11) 91234-5678", "position": "Clerk"}
    assert services.update_employee(employee=ana, by=hr, changes=changes).phone == "+5511912345678"
    entry = Entry.objects.get(name="employee.changed")
    assert "91234" not in f"{entry.before}{entry.after}"
    assert json.loads(entry.body.content)["after"] == {"name": "Ana Lima", "phone": "+5511912345678"}
    services.update_employee(employee=ana, by=hr, changes=changes)
    assert names() == ["employee.changed"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": ""}, "name"), ({"phone": "x"}, "phone"), ({"email": "x"}, "email"), ({"language": "tlh"}, "language"),
     ({"time_zone": "Mars"}, "time_zone"), ({"state": "left"}, "state"), ({"name": "A" * 151}, "name")],
)  # fmt: skip
def test_updating_refuses_what_cannot_be_used_and_names_the_field(changes: dict[str, str], field: str):
    ana = make_employee("Ana")
    with pytest.raises(InvalidInputError) as refused:
        services.update_employee(employee=ana, by=make_user(), changes={"position": "Clerk", **changes})
    assert set(refused.value.fields) == {field}
    ana.refresh_from_db()
    assert (ana.name, ana.position) == ("Ana", "")
    assert names() == []


def test_the_teams_of_a_person_become_those_given_and_past_ones_stay():
    ana, hr = make_employee("Ana"), make_user()
    led = make_team("Led", leads=[ana])
    past = make_team("Past", members=[ana])
    Membership.objects.filter(team=past).update(ends_on=date(2020, 1, 1))
    gone, fresh = make_team("Gone", members=[ana]), make_team("Fresh")
    services.set_teams(employee=ana, teams=[led, fresh], by=hr)
    rows = {row.team: row for row in Membership.objects.all()}
    assert (set(rows), rows[led].is_lead) == ({led, past, fresh}, True)
    assert gone not in rows
    services.set_teams(employee=ana, teams=[led, fresh, past], by=hr)
    assert Membership.objects.get(team=past).ends_on is None
    assert names() == ["membership.removed", "membership.added", "membership.changed"]


def test_two_teams_or_cost_centres_never_differ_in_case_alone():
    hr = make_user()
    assert services.create_team(name="Sales", by=hr).pk
    assert services.create_cost_centre(code="X1", by=hr).name == "X1"
    for make in (lambda: services.create_team(name="sales", by=hr), lambda: services.create_cost_centre(code="x1", by=hr),
                 lambda: services.create_team(name=" ", by=hr)):  # fmt: skip
        with pytest.raises(InvalidInputError):
            make()
    assert names() == ["team.added", "costcentre.added"]


def test_a_cost_centre_s_code_is_taken_in_whatever_case():
    services.create_cost_centre(code="Fleet", by=make_user())
    for code in ("Fleet", "FLEET"):
        with pytest.raises(InvalidInputError) as refused:
            services.create_cost_centre(code=code, by=make_user())
        assert (str(refused.value), refused.value.code) == (f"“{code}” is there already.", "code_taken")


def test_a_new_person_speaks_the_house_s_language_and_lives_in_its_time_zone_unless_told(settings):
    settings.LANGUAGE_CODE, settings.TIME_ZONE = "pt-br", "America/Sao_Paulo"
    hired = services.hire(number="1", name="Ana", by=make_user())
    told = services.hire(number="2", name="Bia", language="es", time_zone="Europe/Madrid", by=make_user())
    row = Employee.objects.create(number="3", name="Caio")
    assert [(one.language, one.time_zone) for one in (hired, told, row)] == [
        ("pt-br", "America/Sao_Paulo"), ("es", "Europe/Madrid"), ("pt-br", "America/Sao_Paulo")]  # fmt: skip
