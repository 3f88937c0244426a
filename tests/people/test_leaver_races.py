"""Departures of several workers at once: nobody leaves twice, no plan is left over, and one administrator stays."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction

from apps.core.errors import RecadoError
from apps.people import departures, planned, queries, services
from apps.people.models import Employee, Leaving, User
from tests.conftest import Clock
from tests.factories import make_employee, make_user
from tests.racing import race

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite in memory is one connection"
    ),
]


def outcome_of(verb: object, **given: object) -> str:
    try:
        verb(**given)  # type: ignore[operator]
    except RecadoError as error:
        return type(error).__name__
    return "done"


def test_who_is_planned_and_marked_as_left_at_once_has_one_departure() -> None:
    for _round in range(10):
        ana = make_employee("Ana")
        on = queries.today(ana) + timedelta(days=3)
        by = make_user()
        race(
            lambda ana=ana, by=by, on=on: outcome_of(planned.plan, employee=ana, by=by, on=on),
            lambda ana=ana, by=by: outcome_of(services.mark_left, employee=ana, by=by),
        )
        states = list(Leaving.objects.filter(employee=ana).values_list("state", flat=True))
        assert states == ["left"]


def test_a_plan_that_comes_due_while_hr_passes_on_waits_for_it(clock: Clock) -> None:
    """Both take the person first and the departure after: neither waits for what the other has."""
    hr = make_user("hr", roles=["HR"])
    for _round in range(10):
        ana = make_employee("Ana")
        departure = planned.plan(employee=ana, on=queries.today(ana), by=hr, answers={})
        Leaving.objects.filter(pk=departure.pk).update(on=departure.on - timedelta(days=2))
        race(
            lambda departure=departure: planned.carry_out(departure.pk),
            lambda ana=ana: outcome_of(departures.pass_on, employee=ana, by=hr, answers={}),
        )
        ana.refresh_from_db()
        assert not ana.is_active
        assert list(Leaving.objects.filter(employee=ana).values_list("state", flat=True)) == ["left"]


def test_of_two_last_administrators_who_leave_at_once_one_stays() -> None:
    for number in range(10):
        with transaction.atomic():
            User.objects.filter(is_superuser=True).update(is_superuser=False)
            pair = [make_employee(user=make_user(f"root{number}{side}", is_superuser=True)) for side in "ab"]
        by = make_user()
        race(*[lambda one=one, by=by: outcome_of(services.mark_left, employee=one, by=by) for one in pair])
        assert Employee.objects.filter(pk__in=[one.pk for one in pair], state="active").count() == 1
        assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
