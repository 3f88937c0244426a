"""Two presses in the same moment: one submission, one decision."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.approvals.models import Decision, Request
from apps.journal.actors import SYSTEM
from apps.web import services
from tests.approvals.house import House
from tests.racing import race
from tests.web.visitor import Visitor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory is one connection"),
]


def test_two_presses_of_send_are_one_request() -> None:
    house = House()
    flow = house.expense_flow()
    link = services.make_form_link(employee=house.ana, choice=f"approvals.request:{flow.key}", by=SYSTEM)
    pages = race(*[lambda: Visitor(link).fill(what="Taxi", amount="80")] * 3)
    assert Request.objects.count() == 1
    assert all(Request.objects.get().code in page for page in pages)


def test_a_page_locks_the_person_before_the_button_as_their_leaving_does() -> None:
    house = House()
    form = services.make_form_link(
        employee=house.ana, choice=f"approvals.request:{house.expense_flow().key}", by=SYSTEM
    )
    decision = services.make_decision_link(employee=house.caio, request=house.ask("80.00"))
    for act in (lambda: Visitor(form).fill(what="Taxi", amount="80"),
                lambda: Visitor(decision).send(verdict="approve", confirmed="yes"),
                lambda: services.revoke_link(link=services.make_list_link(employee=house.ana))):  # fmt: skip
        with CaptureQueriesContext(connection) as said:
            act()
        locking = [row["sql"] for row in said if " FOR UPDATE" in row["sql"] or " FOR NO KEY UPDATE" in row["sql"]]
        tables = [sql.partition(' FROM "')[2].partition('"')[0] for sql in locking]
        assert "FOR NO KEY UPDATE" in locking[0]
        assert tables.index("people_employee") < tables.index("outbox_button") < tables.index("web_link")


def test_yes_and_no_in_one_moment_are_one_decision() -> None:
    house = House()
    request = house.ask("80.00")
    link = services.make_decision_link(employee=house.caio, request=request)
    race(
        lambda: Visitor(link).send(verdict="approve", confirmed="yes"),
        lambda: Visitor(link).send(verdict="reject", reason="no", confirmed="yes"),
    )
    assert Decision.objects.count() == 1
