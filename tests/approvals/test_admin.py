import pytest
from django.test import Client
from django.urls import reverse

from apps.approvals import checks
from apps.approvals.models import Decision, Flow, Request
from apps.files import services as files
from apps.people.models import Employee
from tests.approvals.house import House, decide, said_to, stage
from tests.factories import expense_form, make_absence, make_flow, make_team, make_user
from tests.incidents.test_tickets import JPEG

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def signed_in(employee: Employee | None = None, *roles: str, **values: object) -> Client:
    client = Client()
    client.force_login(make_user(employee=employee, roles=roles, **values))
    return client


def page_of(request: Request) -> str:
    return reverse("admin:approvals_request_change", args=[request.pk])


def press(client: Client, request: Request, name: str, **values: object) -> str:
    return client.post(
        reverse(f"admin:approvals_request_{name}", args=[request.pk]), values, follow=True
    ).content.decode()


def test_the_page_shows_the_route_and_buttons_to_whoever_holds_a_seat(house: House):
    make_absence(house.caio, deputy=house.bia)
    request = house.ask()
    page = signed_in(house.bia, "Manager").get(page_of(request)).content.decode()
    for words in (request.code, "Taxi", "R$ 780.00", "Bia", "Finance", "You stand in for Caio", ">Approve</button>"):
        assert words in page
    seen_by_caio = signed_in(house.caio, "Manager").get(page_of(request)).content.decode()
    assert "Taxi" in seen_by_caio
    assert ">Approve</button>" not in seen_by_caio


def test_the_page_names_who_filed_it_only_where_somebody_did(house: House):
    request = house.ask()
    client = signed_in(house.caio, "Manager")
    assert "iled on their behalf by" not in client.get(page_of(request)).content.decode()
    Request.objects.filter(pk=request.pk).update(filed_by=house.bia)
    assert "iled on their behalf by" in client.get(page_of(request)).content.decode()


def test_a_decision_on_the_page_is_one_of_the_person_who_signed_in(house: House):
    request = house.ask()
    client = signed_in(house.caio, "Manager")
    said = press(client, request, "approve", stage_run=stage(request).pk, version=request.version)
    assert f"You approved {request.code}" in said
    decision = Decision.objects.get()
    assert (decision.via, decision.seat.employee) == ("admin", house.caio)
    assert "Already approved by Caio" in press(client, request, "approve", stage_run=stage(request).pk, version=1)


def test_a_link_decides_nothing(house: House):
    request = house.ask()
    client = signed_in(house.caio, "Manager")
    client.get(reverse("admin:approvals_request_approve", args=[request.pk]))
    assert not Decision.objects.exists()


def test_a_page_seen_before_a_change_decides_nothing(house: House):
    request = house.ask()
    said = press(signed_in(house.caio, "Manager"), request, "approve", stage_run=stage(request).pk, version=7)
    assert "was changed" in said
    assert not Decision.objects.exists()


def test_without_the_permission_or_the_seat_nothing_is_decided(house: House):
    request = house.ask()
    values = {"stage_run": stage(request).pk, "version": request.version}
    press(signed_in(house.caio, "Responder"), request, "approve", **values)
    press(signed_in(None, "HR"), request, "approve", **values)
    press(signed_in(is_superuser=True), request, "approve", **values)
    foreign = house.ask(by=house.fabio, flow=make_flow({"approver": "manager"}))
    press(signed_in(house.bia, "Manager"), request, "approve", stage_run=stage(foreign).pk, version=1)
    assert not Decision.objects.exists()


def test_a_rejection_needs_its_reason_on_the_page_too(house: House):
    request = house.ask()
    client, values = signed_in(house.caio, "Manager"), {"stage_run": stage(request).pk, "version": request.version}
    assert "say why" in press(client, request, "reject", **values)
    press(client, request, "reject", reason="No receipt", **values)
    assert said_to(house.ana, "request.rejected")[0].data["reason"] == "No receipt"
    assert "No receipt" in client.get(page_of(request)).content.decode()


def test_the_requester_withdraws_on_the_page(house: House):
    request = house.ask()
    assert "is withdrawn" in press(signed_in(house.ana, "Manager"), request, "withdraw")
    assert Request.objects.get().state == "withdrawn"


def test_hr_sees_a_stuck_request_and_tries_again(house: House):
    request = house.ask(by=house.boss, flow=make_flow({"approver": "manager"}))
    hr = signed_in(None, "HR")
    assert "Try again" in hr.get(page_of(request)).content.decode()
    assert "Still nobody can decide" in press(hr, request, "try_again")
    house.boss.manager = house.bia
    house.boss.save()
    assert "It waits for Bia" in press(hr, request, "try_again")


def test_another_teams_request_is_nowhere_to_be_found(house: House):
    request = house.ask()
    client = signed_in(house.bia, "Manager")
    assert "Taxi" not in client.get(reverse("admin:approvals_request_changelist"), {"q": request.code}).content.decode()
    assert client.get(page_of(request)).status_code == 302


def test_the_list_tells_who_must_act_and_finds_codes(house: House):
    request = house.ask()
    decided = house.ask(flow=make_flow({"approver": "manager"}))
    decide(decided, house.caio)
    client = signed_in(house.caio, "Manager")
    address = reverse("admin:approvals_request_changelist")
    waiting = client.get(address, {"waits": "me"}).content.decode()
    assert request.code in waiting
    assert decided.code not in waiting
    assert decided.code in client.get(address, {"q": decided.code.lower()}).content.decode()


def test_the_list_asks_the_database_the_same_however_long_it_is(house: House, django_assert_max_num_queries):
    for _n in range(8):
        house.ask(flow=make_flow({"approver": "manager"}))
    client = signed_in(None, "HR")
    with django_assert_max_num_queries(25):
        client.get(reverse("admin:approvals_request_changelist"))


def test_the_receipt_is_on_the_page(house: House, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    receipt = files.store(content=JPEG, name="receipt.jpg")
    request = house.ask()
    request.submission.answers["receipt"] = [receipt.pk]
    request.submission.save()
    files.adopt(files=[receipt], owner=request)
    client = signed_in(house.caio, "Manager")
    address = reverse("console:file", args=[receipt.pk])
    assert address in client.get(page_of(request)).content.decode()
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == JPEG
    assert signed_in(house.bia, "Manager").get(address).status_code == 404


def test_a_flow_is_built_by_clicking_and_its_dead_ends_are_said(house: House):
    form, empty = expense_form(), make_team("Nobody leads")
    client = signed_in(None, "HR")
    address = reverse("admin:approvals_flow_add")
    assert client.get(address).status_code == 200
    values = {
        "name_en": "Travel", "name_pt_br": "Viagem", "key": "travel", "form": form.pk, "amount_field": "amount",
        "summary_field": "what", "is_active": "on", "stages-TOTAL_FORMS": 1, "stages-INITIAL_FORMS": 0,
        "stages-0-order": 1, "stages-0-name_en": "Leads", "stages-0-approver": "team_lead", "stages-0-rule": "any",
        "stages-0-team": empty.pk, "stages-0-condition_field": "amount", "stages-0-condition_op": "gt",
        "stages-0-condition_value": "500",
    }  # fmt: skip
    page = client.post(address, values, follow=True).content.decode()
    flow = Flow.objects.get(key="travel")
    assert flow.stages.get().condition == {"field": "amount", "op": "gt", "value": 500}
    assert "has no lead" in page
    assert client.get(reverse("admin:approvals_flow_change", args=[flow.pk])).status_code == 200
    assert client.get(reverse("admin:approvals_flow_changelist")).status_code == 200


def test_a_stage_needs_the_person_it_speaks_of(house: House):
    flow = house.expense_flow()
    first = flow.stages.first()
    values = {
        "name_en": "Expense", "key": flow.key, "form": flow.form_id, "stages-TOTAL_FORMS": 1, "stages-INITIAL_FORMS": 1,
        "stages-0-id": first.pk, "stages-0-flow": flow.pk, "stages-0-order": 0, "stages-0-approver": "person",
        "stages-0-rule": "any", "stages-0-name_en": "X",
    }  # fmt: skip
    page = signed_in(None, "HR").post(reverse("admin:approvals_flow_change", args=[flow.pk]), values).content.decode()
    assert "Choose the person who decides" in page


def test_a_flow_whose_stages_are_all_conditional_is_pointed_out(house: House):
    over = {"field": "amount", "op": "gt", "value": 1}
    assert checks.problems(house.expense_flow()) == []
    assert "approved without" in checks.problems(make_flow({"approver": "manager", "condition": over}))[0]
    wrong = {"field": "amonut", "op": "gt", "value": 1}
    assert (
        "never needed"
        in checks.problems(make_flow({"approver": "manager"}, {"approver": "manager", "condition": wrong}))[0]
    )
    assert "no stage" in checks.problems(make_flow())[0]
    assert "no field" in checks.problems(make_flow({"approver": "manager"}, amount_field="x"))[0]


@pytest.mark.parametrize("number", ["²", "9" * 5000, "-1", "", "1\0"])
def test_a_hostile_number_decides_nothing_and_breaks_nothing(house: House, number: str):
    request = house.ask()
    client = signed_in(house.caio, "Manager")
    for name in ("stage_run", "version"):
        values = {"stage_run": stage(request).pk, "version": request.version, name: number}
        answer = client.post(reverse("admin:approvals_request_approve", args=[request.pk]), values, follow=True)
        assert answer.status_code == 200
        assert "Nothing was changed" in answer.content.decode()
    assert not Decision.objects.exists()
