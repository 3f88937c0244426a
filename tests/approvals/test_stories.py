import pytest

from apps.approvals import queries, services
from apps.approvals.models import Decision, Request, StageRun
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError, StaleVersionError
from apps.journal.models import Entry
from apps.people import services as people
from tests.approvals.house import House, decide, kinds_to, react, said_to, seats, stage
from tests.factories import make_absence, make_deputy, make_employee, make_flow, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def state(request: Request) -> str:
    return Request.objects.get(pk=request.pk).state


def test_an_expense_of_780_goes_to_the_deputy_and_then_to_finance(house: House):
    make_absence(house.caio, deputy=house.bia)
    request = house.ask("780.00")
    assert seats(request) == [("Bia", "Caio")]
    assert not said_to(house.caio)
    asked = said_to(house.bia, "request.asked_deputy")[0]
    assert (asked.data["absent"], asked.data["what"]) == ("Caio", "Taxi · R$ 780,00")
    decide(request, house.bia)
    assert seats(request, 2) == [("Fabio", "")]
    assert said_to(house.fabio, "request.asked")[0].data["what"] == "Taxi · R$ 780.00"
    decide(request, house.fabio, position=2)
    assert state(request) == "approved"
    assert kinds_to(house.ana) == ["request.submitted", "request.stage_passed", "request.approved"]
    assert said_to(house.ana, "request.approved")[0].data["decider"] == "Fabio"
    assert said_to(house.ana, "request.stage_passed")[0].data["next"] == "Financeiro"


def test_an_expense_of_400_needs_no_finance(house: House):
    request = house.ask("400.00")
    decide(request, house.caio)
    assert (state(request), stage(request, 2).state) == ("approved", StageRun.State.SKIPPED)
    assert not said_to(house.fabio)


def test_a_rejection_ends_it_with_the_reason(house: House):
    request = house.ask()
    with pytest.raises(InvalidInputError, match="why"):
        decide(request, house.caio, "reject", reason=" ")
    decide(request, house.caio, "reject", reason="No receipt")
    assert (state(request), stage(request, 2).state) == ("rejected", StageRun.State.SKIPPED)
    told = said_to(house.ana, "request.rejected")[0].data
    assert (told["decider"], told["reason"]) == ("Caio", "No receipt")
    assert not said_to(house.fabio)


def test_the_reason_is_kept_in_the_erasable_body(house: House):
    request = house.ask()
    decide(request, house.caio, "reject", reason="private words")
    assert not [entry for entry in Entry.objects.all() if "private words" in f"{entry.before}{entry.after}"]


def test_a_deputy_who_is_the_requester_is_passed_over(house: House):
    make_absence(house.caio, deputy=house.ana)
    request = house.ask()
    assert seats(request) == [("Boss", "Caio")]  # Ana's own manager is the absent Caio, so it climbs
    with pytest.raises(NotPermittedError, match="own request"):
        decide(request, house.ana)


def test_a_round_of_deputies_ends_at_a_manager(house: House):
    make_absence(house.caio, deputy=house.bia)
    make_absence(house.bia, deputy=house.caio)
    assert seats(house.ask()) == [("Boss", "Caio")]


def test_a_team_lead_who_asks_is_decided_by_the_manager_above(house: House):
    flow = make_flow({"approver": "team_lead", "team": house.finance})
    request = house.ask(by=house.fabio, flow=flow)
    assert seats(request) == [("Boss", "Fabio")]


def test_the_manager_of_nobody_gets_stuck_and_says_so(house: House):
    request = house.ask(by=house.boss, flow=make_flow({"approver": "manager"}))
    assert state(request) == "stuck"
    assert kinds_to(house.boss) == ["request.submitted", "request.stuck"]
    assert Entry.objects.filter(name="request.stuck").exists()


def test_a_stuck_request_goes_on_when_somebody_can_decide(house: House):
    request = house.ask(by=house.boss, flow=make_flow({"approver": "manager"}))
    chair = house.person("Chair", "en")
    people.set_manager(employee=house.boss, manager=chair, by=make_user())
    react()
    assert (state(request), seats(request)) == ("open", [("Chair", "")])
    decide(request, chair)
    assert state(request) == "approved"


def test_an_administrator_may_look_again_by_hand(house: House):
    request = house.ask(by=house.boss, flow=make_flow({"approver": "manager"}))
    assert services.try_again(request=request, by=make_user()).state == "stuck"
    house.boss.manager = house.person("Chair", "en")
    house.boss.save()
    assert services.try_again(request=request, by=make_user()).state == "open"
    with pytest.raises(MoveNotAllowedError):
        services.try_again(request=request, by=make_user())


def test_an_absence_that_begins_passes_the_question_on(house: House):
    request = house.ask()
    assert seats(request) == [("Caio", "")]
    today = people.queries.today(house.caio)
    people.record_absence(employee=house.caio, starts_on=today, ends_on=today, deputy=house.bia, by=make_user())
    react()
    assert seats(request) == [("Bia", "Caio")]
    assert kinds_to(house.bia) == ["request.asked_deputy"]
    with pytest.raises(NotPermittedError, match=r"passed on.*waits for Bia"):
        decide(request, house.caio)
    decide(request, house.bia)
    assert stage(request).state == "approved"


def test_a_leaver_in_the_middle_is_replaced_by_their_manager_and_decides_nothing(house: House):
    request = house.ask()
    people.mark_left(employee=house.caio, by=make_user())
    with pytest.raises(NotPermittedError):
        decide(request, house.caio)  # even before the reaction has run
    react()
    assert seats(request) == [("Boss", "Caio")]


def test_a_leaver_with_nobody_above_leaves_it_stuck(house: House):
    lone = house.person("Lone", "en")
    request = house.ask(flow=make_flow({"approver": "person", "person": lone}))
    people.mark_left(employee=lone, by=make_user())
    react()
    assert state(request) == "stuck"
    lone.refresh_from_db()
    make_deputy(lone, house.bia)
    assert services.retry_stuck() == 0  # a deputy stands in for the absent, not for who is gone


def test_a_tap_by_another_person_decides_nothing(house: House):
    request = house.ask()
    with pytest.raises(NotPermittedError, match="not asked of you"):
        decide(request, house.bia)
    assert not Decision.objects.exists()


def test_a_second_tap_is_told_who_decided_and_when(house: House, clock):
    clock.stand("2026-08-03T14:02:00")
    request = house.ask()
    decide(request, house.caio)
    with pytest.raises(MoveNotAllowedError, match=r"Already approved by Caio at 14:02"):
        decide(request, house.caio)
    with pytest.raises(MoveNotAllowedError, match=r"Already approved by Caio"):
        decide(request, house.caio, "reject")
    assert Decision.objects.count() == 1


def test_the_reject_button_of_an_earlier_stage_cannot_reject_a_later_one(house: House):
    """Caio leads finance too: his old button names the old stage."""
    make = make_flow({"approver": "manager"}, {"approver": "person", "person": house.caio})
    request = house.ask(flow=make)
    decide(request, house.caio)
    with pytest.raises(MoveNotAllowedError):
        decide(request, house.caio, "reject", position=1)
    assert (state(request), stage(request, 2).state) == ("open", "open")


def test_a_decision_on_an_old_version_does_not_count(house: House):
    request = house.ask()
    with pytest.raises(StaleVersionError, match="changed"):
        decide(request, house.caio, version_seen=request.version - 1)


def test_withdrawing_tells_those_who_were_asked(house: House):
    request = house.ask()
    with pytest.raises(NotPermittedError):
        services.withdraw(request=request, by=house.caio)
    services.withdraw(request=request, by=house.ana)
    assert kinds_to(house.caio) == ["request.asked", "request.withdrawn"]
    with pytest.raises(MoveNotAllowedError, match="withdrawn"):
        decide(request, house.caio)
    with pytest.raises(MoveNotAllowedError):
        services.withdraw(request=request, by=house.ana)


def two_leads(house: House, rule: str) -> Request:
    team = make_team(leads=[house.bia, house.fabio])
    return house.ask(flow=make_flow({"approver": "team_lead", "team": team, "rule": rule}))


def test_any_of_two_decides_and_the_other_is_told(house: House):
    request = two_leads(house, "any")
    decide(request, house.fabio)
    assert state(request) == "approved"
    assert kinds_to(house.bia) == ["request.asked", "request.settled"]
    with pytest.raises(MoveNotAllowedError, match="Already approved by Fabio"):
        decide(request, house.bia)


def test_all_of_two_must_approve(house: House):
    request = two_leads(house, "all")
    decide(request, house.fabio)
    assert state(request) == "open"
    decide(request, house.bia)
    assert state(request) == "approved"


def test_all_gets_stuck_when_one_of_them_leaves_and_what_was_decided_stands(house: House):
    house.bia.manager = None
    house.bia.save()
    request = two_leads(house, "all")
    decide(request, house.fabio)
    people.mark_left(employee=house.bia, by=make_user())
    react()
    assert state(request) == "stuck"
    services.try_again(request=request, by=make_user())
    assert state(request) == "approved"  # of the leads that are left, all have approved


def test_somebody_who_has_approved_and_then_stands_in_for_the_last_one_is_not_asked_twice(house: House):
    request = two_leads(house, "all")
    decide(request, house.fabio)
    make_absence(house.bia, deputy=house.fabio)
    services.reseat(employee=house.bia)
    assert state(request) == "approved"
    assert Decision.objects.count() == 1


def test_editing_a_flow_never_rewrites_a_running_request(house: House):
    flow = house.expense_flow()
    request = house.ask(flow=flow)
    flow.stages.all().delete()
    decide(request, house.caio)
    assert seats(request, 2) == [("Fabio", "")]


def test_a_flow_without_stages_or_not_offered_cannot_be_requested(house: House):
    with pytest.raises(InvalidInputError):
        house.ask(flow=make_flow())
    with pytest.raises(InvalidInputError):
        house.ask(flow=make_flow({"approver": "manager"}, is_active=False))


def test_one_submission_is_one_request(house: House):
    request = house.ask()
    assert services.submit(flow=request.flow, submission=request.submission, by=house.ana) == request


def test_a_decider_without_whatsapp_can_still_be_found_in_the_admin(house: House):
    hidden = make_employee("Hidden")
    request = house.ask(flow=make_flow({"approver": "person", "person": hidden}))
    assert Entry.objects.filter(name="notice.not_sent").exists()
    assert queries.open_seat(request, hidden) is not None
    assert list(queries.waiting_for(hidden)) == [request]


def test_row_scope_is_own_people_and_what_one_was_asked(house: House):
    request = house.ask()
    decide(request, house.caio)
    other = house.ask(by=house.bia, flow=make_flow({"approver": "manager"}))
    seen = {
        person.name: set(queries.visible_to(make_user(employee=person)))
        for person in (house.ana, house.caio, house.fabio, house.bia)
    }
    assert seen == {"Ana": {request}, "Caio": {request}, "Fabio": {request}, "Bia": {other}}
    assert set(queries.visible_to(make_user(roles=["Auditor"]))) == {request, other}
    assert not queries.visible_to(make_user(roles=["Manager"]))
