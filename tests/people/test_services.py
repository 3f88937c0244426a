from datetime import date

import pytest

from apps.core.errors import InvalidInputError, MoveNotAllowedError
from apps.journal import reactor, sealer
from apps.journal.models import Entry
from apps.people import services
from apps.people.models import Absence, Employee
from apps.timers import sweeper
from apps.timers.models import Timer
from apps.timers.services import set_timer
from tests.factories import make_absence, make_employee, make_user

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
