"""What people does when something about people commits, whatever screen it came from."""

import json
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from apps.core import clock as core_clock
from apps.journal import reactor, sealer
from apps.journal.models import Cursor, Entry, SetAside
from apps.journal.services import record
from apps.people import services
from apps.people.models import Absence, Employee
from apps.timers import sweeper
from apps.timers.models import Timer
from apps.timers.services import set_timer
from tests.conftest import Clock
from tests.factories import make_absence, make_employee, make_user
from tests.posting import no_rows
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db

MONDAY, SUNDAY = date(2026, 8, 3), date(2026, 8, 9)


def react() -> None:
    sealer.seal_pending()
    reactor.run_all()


def post(employee: Employee, **changes: object) -> None:
    values = {"number": employee.number, "name": employee.name, "phone": employee.phone, "language": employee.language,
              "time_zone": employee.time_zone, **no_rows(Employee), **changes}  # fmt: skip
    answer = at_the_desk("HR").post(reverse("admin:people_employee_change", args=[employee.pk]), values)
    assert answer.status_code == 302, answer.content.decode()


def test_an_absence_taken_out_on_the_page_of_its_person_is_told_as_it_was_and_wakes_nobody(clock: Clock) -> None:
    clock.stand("2026-08-01T12:00:00")
    ana = make_employee()
    absence = make_absence(ana, starts_on=MONDAY, ends_on=SUNDAY)
    due = core_clock.now() + timedelta(days=2)
    set_timer(handler="people.absence_begins", key=f"absence:{absence.pk}", due_at=due)
    row = {"id": absence.pk, "employee": ana.pk, "starts_on": "2026-08-07", "ends_on": SUNDAY, "DELETE": "on"}
    rows = {f"absences-0-{name}": value for name, value in row.items()}
    post(ana, **{"absences-TOTAL_FORMS": 1, "absences-INITIAL_FORMS": 1}, **rows)
    assert not Absence.objects.exists()
    entry = Entry.objects.get(name="absence.removed")
    assert (entry.subject_id, entry.subject_label) == (str(absence.pk), str(absence))
    assert json.loads(entry.body.content)["before"]["starts_on"] == "2026-08-03"
    react()
    assert list(Timer.objects.values_list("state", flat=True)) == ["cancelled"]


def test_an_old_entry_that_names_no_row_stops_no_reaction() -> None:
    with transaction.atomic():
        record("absence.removed", subject=Absence(employee=make_employee(), starts_on=MONDAY, ends_on=SUNDAY))
    assert Entry.objects.get().subject_id == "None"
    react()
    assert not Cursor.objects.exclude(attempts=0).exists()
    assert not SetAside.objects.exists()


def started() -> int:
    react()
    sweeper.sweep()
    return Entry.objects.filter(name="absence.started").count()


def move(employee: Employee, zone: str) -> None:
    services.update_employee(employee=employee, by=make_user(), changes={"time_zone": zone})


def test_an_absence_to_come_begins_at_midnight_of_where_the_person_lives_by_then(clock: Clock) -> None:
    clock.stand("2026-08-01T12:00:00")
    ana = make_employee(time_zone="UTC")
    services.record_absence(employee=ana, starts_on=MONDAY, ends_on=SUNDAY, by=ana)
    react()
    move(ana, "America/Sao_Paulo")
    assert started() == 0
    assert Timer.objects.get(state="set").due_at.isoformat() == "2026-08-03T03:00:00+00:00"
    clock.stand("2026-08-03T02:00:00")
    assert started() == 0
    move(ana, "Asia/Tokyo")  # there it is Monday already
    assert started() == 1
    services.update_employee(employee=ana, by=make_user(), changes={"position": "Clerk"})
    move(ana, "America/Sao_Paulo")  # a day later again: what was said is said once more when it is true
    assert started() == 1
    clock.stand("2026-08-03T03:00:00")
    assert started() == 2


def test_an_absence_that_runs_is_not_announced_again_by_every_change_of_the_person(clock: Clock) -> None:
    clock.stand("2026-08-03T12:00:00")
    ana = make_employee()
    services.record_absence(employee=ana, starts_on=MONDAY, ends_on=SUNDAY, by=ana)
    assert started() == 1
    move(ana, "America/Sao_Paulo")
    assert started() == 1
