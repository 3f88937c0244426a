"""Every time on a page stands on the clock of whoever reads it."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.people.models import Employee, User
from tests.factories import make_employee, make_user
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Employee:
    ana = make_employee("Ana")
    Employee.objects.filter(pk=ana.pk).update(created_at=datetime(2026, 11, 29, 2, 5, tzinfo=UTC))
    return ana


def page(client: Client, person: Employee) -> str:
    return client.get(reverse("admin:people_employee_change", args=[person.pk])).content.decode()


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("America/Chicago", "Nov. 28, 2026, 8:05 p.m."),
        ("Asia/Kolkata", "Nov. 29, 2026, 7:35 a.m."),
        ("Mars/Olympus", "Nov. 29, 2026, 2:05 a.m."),
    ],
)
def test_a_time_is_shown_where_the_reader_lives(ana: Employee, zone: str, shown: str) -> None:
    reader = make_employee("Hanna", time_zone=zone)
    assert shown in page(at_the_desk("HR", employee=reader), ana)
    assert timezone.get_current_timezone_name() == "UTC", "the next request begins anew"


def test_a_sign_in_of_nobody_reads_the_clock_of_the_house(ana: Employee, settings) -> None:
    settings.TIME_ZONE = "America/Sao_Paulo"
    assert "Nov. 28, 2026, 11:05 p.m." in page(at_the_desk("HR"), ana)


def test_programs_read_instants_as_ever(ana: Employee) -> None:
    reader: User = make_user(roles=["HR"], employee=make_employee("Hanna", time_zone="America/Chicago"))
    client = Client()
    client.force_login(reader)
    assert client.get(f"/api/v1/people/{ana.pk}/").json()["created_at"] == "2026-11-29T02:05:00Z"
