"""Counts in the sidebar: of what needs somebody, of one's own rows, cheap, and gone when there is nothing."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.console import badges
from apps.core import clock as core_clock
from apps.health import page as health
from tests.conftest import Clock
from tests.console.test_home import House
from tests.factories import make_account, make_employee
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db

TICKETS = reverse("admin:incidents_ticket_changelist")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


def badge(client: Client, model: str, at: str = TICKETS) -> str:
    """What stands beside a row of the sidebar; empty for nothing."""
    page = client.get(at).content.decode()
    sidebar = page[page.index('id="nav-sidebar"') :]
    address = reverse(f"admin:{model.replace('.', '_')}_changelist")
    row = re.search(rf'<li[^>]*>\s*<a [^>]*href="{address}"(.*?)</a>', sidebar, re.S)
    assert row, f"{model} is not in the sidebar"
    found = re.search(r"min-w-\[18px\].*?>\s*([^<]*?)\s*</span>", row[1], re.S)
    return found[1] if found else ""


def test_a_badge_counts_ones_own_rows_and_is_absent_for_none() -> None:
    house = House()
    house.ticket(house.ana, house.bakers, "Oven")
    house.request(house.ana, house.bia, "Taxi")
    house.ticket(house.caio, house.drivers, "Truck")
    house.ticket(house.caio, house.drivers, "Tyre")
    manager = at_the_desk("Manager", employee=house.bia)
    assert (badge(manager, "incidents.ticket"), badge(manager, "approvals.request")) == ("1", "1")
    nobody = at_the_desk("Responder", employee=make_employee())
    assert badge(nobody, "incidents.ticket") == ""


def test_a_badge_is_right_at_once_after_ones_own_deed_and_soon_after_anothers(clock: Clock) -> None:
    now = clock.stand(core_clock.now())
    house = House()
    ticket = house.ticket(house.ana, house.bakers, "Oven")
    client = at_the_desk("Responder", employee=house.bia)
    assert badge(client, "incidents.ticket") == "1"
    client.post(reverse("admin:incidents_ticket_take", args=[ticket.pk]))
    assert badge(client, "incidents.ticket") == ""
    house.ticket(house.ana, house.bakers, "Door")
    clock.stand(now + timedelta(seconds=badges.KEPT - 1))
    assert badge(client, "incidents.ticket") == ""  # kept for some seconds
    assert badge(client, "incidents.ticket", reverse("admin:index")) == "1"  # the home always counts
    house.ticket(house.ana, house.bakers, "Roof")
    clock.stand(now + timedelta(seconds=2 * badges.KEPT))
    assert badge(client, "incidents.ticket") == "2"


def test_badges_ask_a_handful_and_then_nothing(clock: Clock) -> None:
    now = clock.stand(core_clock.now())
    house = House()
    house.fill()
    client = at_the_desk("HR", employee=make_employee())
    client.get(TICKETS)
    with CaptureQueriesContext(connection) as kept:
        client.get(TICKETS)
    clock.stand(now + timedelta(seconds=badges.KEPT + 1))
    with CaptureQueriesContext(connection) as fresh:
        client.get(TICKETS)
    assert 0 < len(fresh) - len(kept) <= 6


def test_the_badge_of_health_says_what_was_red_and_asks_nobody() -> None:
    make_account(state="broken")
    client = at_the_desk("Operator")
    accounts = reverse("admin:providers_account_changelist")
    assert badge(client, "health.pulse", accounts) == ""
    client.get(reverse("admin:health_pulse_changelist"))
    assert int(badge(client, "health.pulse", accounts)) == health.reds() > 0
