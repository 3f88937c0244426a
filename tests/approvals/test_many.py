"""Many requests decided at once: each by its own seat, on what was shown, with one reason, and never beyond one's rights."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Decision, Request
from apps.journal.models import Entry
from apps.people.bulk import running, screens, services
from apps.people.bulk.models import BulkJob, BulkRow
from tests.approvals.house import House, decide, said_to, stage
from tests.factories import make_flow, make_user
from tests.people.test_bulk import press

pytestmark = pytest.mark.django_db
LIST = reverse("admin:approvals_request_changelist")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def desk(house: House) -> Client:
    """Caio at the desk."""
    client = Client()
    client.force_login(make_user("caio", employee=house.caio, roles=["Manager"]))
    return client


def ask_many(house: House, count: int = 3) -> list[Request]:
    flow = make_flow({"approver": "manager"})
    return [house.ask(f"{20 + n}.00", flow=flow) for n in range(count)]


def go(desk: Client, house: House, deed: str, rows: list[Request], **more: str) -> Any:
    """Look, then press."""
    found = services.preview(
        name=deed, rows=Request.objects.filter(pk__in=[row.pk for row in rows]), by=house.caio.user
    )
    return press(desk, deed, [row.pk for row in rows], at=LIST, confirmed="yes", seen=screens.seen(found), **more)


def states(rows: list[Request]) -> list[str]:
    return [Request.objects.get(pk=row.pk).state for row in rows]


def test_the_page_says_how_many_and_asks_for_one_reason(desk: Client, house: House) -> None:
    rows = ask_many(house)
    page = press(desk, "approvals.reject", [row.pk for row in rows], at=LIST).content.decode()
    assert page.count("R$ ") == 3
    assert "Everybody who asked reads this reason" in page
    assert states(rows) == ["open"] * 3


def test_many_are_approved_each_by_its_own_seat(desk: Client, house: House) -> None:
    rows = ask_many(house)
    go(desk, house, "approvals.approve", rows)
    assert states(rows) == ["approved"] * 3
    assert set(Decision.objects.values_list("via", "proof", "seat__employee")) == {
        ("admin", f"user:{house.caio.user.pk}", house.caio.pk)
    }
    assert Entry.objects.filter(name="decision.made", correlation_id__startswith="bulk:").count() == 3


def test_one_reason_reaches_everybody(desk: Client, house: House) -> None:
    rows = ask_many(house)
    go(desk, house, "approvals.reject", rows, words="No budget\x00 left")
    assert states(rows) == ["rejected"] * 3
    assert [message.data["reason"] for message in said_to(house.ana, "request.rejected")] == ["No budget left"] * 3


@pytest.mark.parametrize(
    ("words", "said"), [("", "Please say why"), ("  \n", "Please say why"), ("x" * 501, "At most 500")]
)
def test_without_a_fit_reason_nothing_is_rejected(desk: Client, house: House, words: str, said: str) -> None:
    rows = ask_many(house)
    page = go(desk, house, "approvals.reject", rows, words=words).content.decode()
    assert said in page
    assert states(rows) == ["open"] * 3
    assert not BulkJob.objects.exists()


def test_others_requests_own_ones_and_large_sums_stay(desk: Client, house: House) -> None:
    own = house.ask("20.00", by=house.caio, flow=make_flow({"approver": "manager"}))
    others = house.ask("20.00", by=house.bia, flow=make_flow({"approver": "manager"}))
    large = house.ask("900.00", flow=make_flow({"approver": "manager"}, page_above=500))
    (fine,) = ask_many(house, 1)
    rows = [own, others, large, fine]
    house.caio.user.user_permissions.add(Permission.objects.get(codename="view_all_requests"))
    house.caio.user = type(house.caio.user).objects.get(pk=house.caio.user.pk)
    page = press(desk, "approvals.approve", [row.pk for row in rows], at=LIST).content.decode()
    for why in ("Nobody decides on their own request", "does not wait for your decision", "on its own page"):
        assert why in page
    go(desk, house, "approvals.approve", rows)
    assert states(rows) == ["open", "open", "open", "approved"]


def test_what_has_gone_on_since_it_was_shown_is_not_decided(house: House) -> None:
    """The same person sits in the next stage, which was not what they looked at."""
    make_user("caio", employee=house.caio, roles=["Manager"])
    flow = make_flow({"approver": "manager"}, {"approver": "person", "person": house.caio})
    request = house.ask("20.00", flow=flow)
    rows, by = Request.objects.filter(pk=request.pk), house.caio.user
    found = services.preview(name="approvals.approve", rows=rows, by=by)
    job = services.order(name="approvals.approve", ids=found.ids, by=by, seen=found.seen)
    decide(request, house.caio)
    running.work(job.pk)
    assert stage(request, 2).state == "open"
    assert BulkRow.objects.get().outcome == "skipped"
    assert Decision.objects.count() == 1


def test_a_page_that_is_older_than_the_question_is_shown_again(desk: Client, house: House) -> None:
    flow = make_flow({"approver": "manager"}, {"approver": "person", "person": house.caio})
    request = house.ask("20.00", flow=flow)
    found = services.preview(name="approvals.approve", rows=Request.objects.all(), by=house.caio.user)
    decide(request, house.caio)
    page = press(desk, "approvals.approve", [request.pk], at=LIST, confirmed="yes", seen=screens.seen(found))
    assert "look again" in page.content.decode()
    assert Decision.objects.count() == 1


def test_whoever_may_not_decide_is_not_offered_it(house: House) -> None:
    rows = ask_many(house)
    client = Client()
    client.force_login(make_user(roles=["Auditor"]))
    assert "approvals.approve" not in client.get(LIST).content.decode()
    press(client, "approvals.approve", [row.pk for row in rows], at=LIST, confirmed="yes")
    assert states(rows) == ["open"] * 3
