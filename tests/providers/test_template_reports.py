"""What the carrier's lists and webhooks do to our rows: in any order, twice, late, and against each other."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import responses

from apps.core import clock
from apps.core.errors import MoveNotAllowedError, NotPermittedError, Refused, TryLater
from apps.journal.models import Entry
from apps.providers import calls, fetching, services, syncing, tasks
from apps.providers.models import Account, Approval, OtherTemplate, TemplateSync
from apps.providers.types import TemplateChanged
from tests.factories import make_account, make_user
from tests.providers.templating import (
    ASKED,
    BASE,
    LIST,
    approved,
    only_this_kind,  # noqa: F401 - fixture
    there,
)

pytestmark = pytest.mark.django_db
State = Approval.State
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return make_account(base_url=BASE, remote_id="waba")


def heard(
    account: Account, what: str = "state", at: datetime | None = NOON, language: str = "en", **values: Any
) -> Approval:
    event = TemplateChanged(f"t-{language}", "test_asked", language, what, values, at)
    assert services.apply_template_change(account=account, event=event)
    return Approval.objects.get(remote_language=language)


def test_state_quality_and_category_are_each_kept_by_their_own_time(account: Account) -> None:
    approved(account)
    events: list[tuple[str, datetime, dict[str, Any]]] = [
        ("state", NOON, {"event": "PAUSED", "other_info": {"title": "FIRST_PAUSE"}}),
        ("state", NOON + timedelta(hours=3), {"event": "APPROVED", "other_info": {"title": "UNPAUSE"}}),
        ("quality", NOON + timedelta(hours=1), {"new_quality_score": "RED"}),
        ("quality", NOON + timedelta(hours=2), {"new_quality_score": "YELLOW"}),
        ("category", NOON + timedelta(hours=4), {"previous_category": "UTILITY", "new_category": "MARKETING"}),
    ]
    for order in permutations(events):
        Approval.objects.all().delete()
        approved(account)
        for what, at, values in order:
            row = heard(account, what, at, **values)
        assert (row.quality, row.category, row.state, row.until) == ("YELLOW", "MARKETING", State.RECATEGORISED, None)


def test_an_older_webhook_undoes_neither_a_newer_one_nor_a_newer_sync(account: Account) -> None:
    approved(account, asked_at=NOON)
    row = heard(account, at=NOON - timedelta(hours=1), event="PAUSED")
    assert (row.state, row.is_doubtful) == (State.APPROVED, False)
    row = heard(account, at=NOON + timedelta(hours=1), event="PAUSED")
    assert row.state == State.PAUSED
    assert heard(account, at=NOON + timedelta(minutes=30), event="APPROVED").state == State.PAUSED


def test_a_webhook_without_a_time_or_too_close_to_a_sync_makes_us_ask(account: Account) -> None:
    approved(account, asked_at=NOON)
    row = heard(account, at=None, event="DISABLED")
    assert (row.state, row.is_doubtful) == (State.APPROVED, True)
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", json=there(status="DISABLED"))
        assert syncing.look() == 1
        assert syncing.look() == 0  # nothing is doubtful any more, so nothing is asked
    row.refresh_from_db()
    assert (row.state, row.is_doubtful) == (State.DISABLED, False)
    assert heard(account, at=row.asked_at, event="APPROVED").is_doubtful


def test_a_webhook_that_agrees_costs_no_question(account: Account) -> None:
    approved(account, asked_at=NOON)
    assert not heard(account, at=NOON, event="APPROVED").is_doubtful


def test_a_notice_that_comes_while_a_list_is_read_is_not_undone_by_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(account)
    page = syncing.listed

    def slow(account: Account, *given: Any) -> Any:
        found = page(account, *given)
        heard(account, at=clock.now(), event="PAUSED")
        return found

    monkeypatch.setattr(syncing, "listed", slow)
    with responses.RequestsMock() as carrier:
        carrier.get(LIST, json={"data": [there()]})
        job = services.begin_fetching(account=account, by=make_user(is_superuser=True))
        fetching.run(job.pk)
        row = Approval.objects.get()
        assert (row.state, row.is_doubtful) == (State.PAUSED, True)
        carrier.get(f"{BASE}/t-en", json=there(status="PAUSED"))
        syncing.look()
    row.refresh_from_db()
    assert (row.state, row.is_doubtful) == (State.PAUSED, False)


def test_the_advance_notice_only_warns_and_the_change_itself_holds(account: Account) -> None:
    approved(account)
    row = heard(account, "category", NOON, new_category="UTILITY", correct_category="MARKETING")
    assert (row.state, row.category, row.correct_category) == (State.APPROVED, "UTILITY", "MARKETING")
    row = heard(account, "category", NOON + timedelta(days=1), previous_category="UTILITY", new_category="MARKETING")
    assert (row.state, row.category, row.correct_category) == (State.RECATEGORISED, "MARKETING", "")
    with pytest.raises(NotPermittedError):
        services.accept_category(approval=row, by=make_user())
    hr = make_user(roles=["HR"])
    assert services.accept_category(approval=row, by=hr).state == State.APPROVED
    with pytest.raises(MoveNotAllowedError):
        services.accept_category(approval=row, by=hr)
    # Paused and released since: what was agreed to stays agreed to.
    heard(account, at=NOON + timedelta(days=2), event="PAUSED", message_template_category="MARKETING")
    assert heard(
        account, at=NOON + timedelta(days=3), event="APPROVED", message_template_category="MARKETING"
    ).is_usable


def test_an_approval_in_another_category_than_asked_for_is_held(account: Account) -> None:
    approved(account, state="PENDING")
    row = heard(account, event="APPROVED", message_template_category="MARKETING")
    assert row.state == State.RECATEGORISED


def test_changed_components_are_read_from_the_carrier(account: Account) -> None:
    approved(account)
    row = heard(account, "components", message_template_element="Changed there {{1}}.")
    assert (row.body, row.is_doubtful) == (ASKED.bodies["en"], True)
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", json=there(body="Changed: {{who}} wants {{what}} now."))
        syncing.look()
    row.refresh_from_db()
    assert row.body == "Changed: {{who}} wants {{what}} now."


@pytest.mark.parametrize(
    ("status", "answer", "state"),
    [
        (400, {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request."}}, State.DISABLED),
        (400, {"error": {"code": 100, "message": "(#100) Tried accessing nonexisting field (x)"}}, State.APPROVED),
        (500, {"error": {"code": 2, "message": "down"}}, State.APPROVED),
        (401, {"error": {"code": 190, "message": "expired"}}, State.APPROVED),
        (502, None, State.APPROVED),
    ],
)
def test_only_a_clear_answer_says_that_a_template_is_gone(
    account: Account, status: int, answer: dict[str, Any] | None, state: str
) -> None:
    row = approved(account, is_doubtful=True)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as carrier:
        carrier.get(f"{BASE}/t-en", json=answer, status=status)
        carrier.get(LIST, json={"data": []})
        syncing.look()
    row.refresh_from_db()
    assert row.state == state


def test_a_template_that_our_token_may_not_see_is_not_gone(account: Account) -> None:
    row = approved(account, is_doubtful=True)
    missing = {"error": {"code": 100, "error_subcode": 33, "message": "Object does not exist, or missing permissions"}}
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", json=missing, status=400)
        carrier.get(LIST, json={"error": {"code": 200, "message": "missing permission"}}, status=403)
        assert syncing.look() == 0
    row.refresh_from_db()
    assert (row.state, row.is_doubtful) == (State.APPROVED, True)


def test_a_template_that_a_list_still_has_is_not_gone(account: Account) -> None:
    row = approved(account, is_doubtful=True)
    missing = {"error": {"code": 100, "error_subcode": 33, "message": "Object does not exist"}}
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", json=missing, status=400)
        carrier.get(LIST, json={"data": [there(status="PAUSED")]})
        assert syncing.look() == 1
    row.refresh_from_db()
    assert row.state == State.PAUSED


def test_a_question_that_falls_stays_to_be_asked_and_stops_no_other(account: Account) -> None:
    approved(account, is_doubtful=True)
    approved(account, "pt-br", is_doubtful=True)
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", body=RuntimeError("a fault of ours"))
        carrier.get(f"{BASE}/t-pt_BR", json=there("pt_BR"))
        assert syncing.look() == 1
    assert list(Approval.objects.filter(is_doubtful=True).values_list("remote_language", flat=True)) == ["en"]


def test_a_send_that_was_refused_for_its_template_makes_us_ask(account: Account) -> None:
    row = approved(account)
    about = {"account": account, "name": "test_asked", "language": "en"}
    assert not services.doubt_template(**about, code="131026")  # about the person
    assert services.doubt_template(**about, code="132015")
    assert not services.doubt_template(**about, code="132015")  # once
    assert not services.doubt_template(
        account=make_account(kind="pigeon"), name="test_asked", language="en", code="132015"
    )
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", json=there(status="PAUSED"))
        assert syncing.look() == 1
    row.refresh_from_db()
    assert row.state == State.PAUSED


# --- all pages --------------------------------------------------------------------------------------------------------


def pages(carrier: responses.RequestsMock, *found: list[dict[str, Any]]) -> None:
    for number, rows in enumerate(found):
        is_last = number == len(found) - 1
        paging = {"cursors": {"after": f"c{number}"}, **({} if is_last else {"next": "https://next"})}
        carrier.get(LIST, json={"data": rows, "paging": paging})


def other(number: int) -> dict[str, Any]:
    return there(id=f"o-{number}", name=f"campaign_{number}", language="pt_BR")


def fetch(account: Account) -> TemplateSync:
    job = services.begin_fetching(account=account, by=make_user(is_superuser=True))
    done = fetching.run(job.pk)
    assert done is not None
    return done


def test_all_pages_are_read_and_what_is_not_ours_is_listed_without_noise(account: Account) -> None:
    services.sync_kinds()
    with responses.RequestsMock() as carrier:
        # The list moved while it was paged: one template is shown twice, and once in a newer state.
        pages(carrier, [other(1), other(2), there(status="PENDING")], [there(), other(2)], [there("pt_BR"), other(3)])
        job = fetch(account)
    assert (job.state, job.pages) == (TemplateSync.State.DONE, 3)
    assert job.counts == {"there": 5, "ours": 2, "approved": 2, "changed": 2, "gone": 0, "other": 3}
    assert list(OtherTemplate.objects.values_list("name", flat=True)) == ["campaign_1", "campaign_2", "campaign_3"]
    before = Entry.objects.count()
    with responses.RequestsMock() as carrier:
        pages(carrier, [other(1), there(), there("pt_BR")])
        services.begin_fetching(account=account, by=make_user(is_superuser=True))
        tasks.run(job_id=job.pk)
    assert Entry.objects.count() == before + 1  # that somebody asked; others come and go unrecorded
    assert list(OtherTemplate.objects.values_list("name", flat=True)) == ["campaign_1"]


def test_one_that_slipped_between_two_pages_is_not_taken_for_deleted(account: Account) -> None:
    approved(account)
    approved(account, "pt-br")
    with responses.RequestsMock() as carrier:
        pages(carrier, [other(1)])
        assert fetch(account).counts["gone"] == 2
        assert set(Approval.objects.values_list("state", flat=True)) == {State.APPROVED}  # not yet certain
        carrier.get(f"{BASE}/t-en", json=there())
        carrier.get(f"{BASE}/t-pt_BR", json={"error": {"code": 100, "error_subcode": 33, "message": "x"}}, status=400)
        carrier.get(LIST, json={"data": [there()]})
        syncing.look()
    assert Approval.objects.get(remote_language="en").state == State.APPROVED
    gone = Approval.objects.get(remote_language="pt_BR")
    assert (gone.state, gone.reason, gone.is_doubtful) == (State.DISABLED, "GONE", False)
    with responses.RequestsMock() as carrier:  # and it is not asked for again and again
        pages(carrier, [there()])
        assert fetch(account).counts["gone"] == 0


def test_one_made_anew_over_there_is_ours_again(account: Account) -> None:
    approved(account, state="DISABLED", reason="GONE")
    with responses.RequestsMock() as carrier:
        pages(carrier, [there(id="t-new")])
        fetch(account)
    row = Approval.objects.get()
    assert (row.remote_id, row.state, row.reason) == ("t-new", State.APPROVED, "")


def test_a_job_runs_once_at_a_time_and_can_be_stopped(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    boss = make_user(is_superuser=True)
    services.sync_kinds()
    job = services.begin_fetching(account=account, by=boss)
    with pytest.raises(MoveNotAllowedError):
        services.begin_fetching(account=account, by=boss)
    with pytest.raises(NotPermittedError):
        services.begin_fetching(account=account, by=make_user())
    spent: list[int] = []

    def stop_at_the_second(account: Account) -> None:
        spent.append(1)
        if len(spent) == 2:
            assert services.cancel_fetching(account=account, by=boss)

    monkeypatch.setattr(calls, "spend", stop_at_the_second)
    with responses.RequestsMock() as carrier:
        pages(carrier, [other(1)], [there()])
        assert fetching.run(job.pk).state == TemplateSync.State.CANCELLED  # type: ignore[union-attr]
    assert not Approval.objects.exists()
    assert fetching.run(job.pk) is None  # a nudge that came twice
    assert services.begin_fetching(account=account, by=boss).state == TemplateSync.State.WAITING


def stopping_at(call: int, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody presses Stop while the carrier is asked for the so-manieth time."""
    spent: list[int] = []
    boss = make_user(is_superuser=True)

    def spend(_account: Account) -> None:
        spent.append(1)
        if len(spent) == call:
            assert services.cancel_fetching(account=account, by=boss)

    monkeypatch.setattr(calls, "spend", spend)


def test_a_job_that_was_stopped_hands_nothing_more_in(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    services.sync_kinds()
    job = services.begin_fetching(account=account, by=make_user(is_superuser=True), registers=True)
    stopping_at(2, account, monkeypatch)
    with responses.RequestsMock() as carrier:
        pages(carrier, [other(1)])
        carrier.post(LIST, json={"id": "t-1", "status": "PENDING", "category": "UTILITY"})
        fetching.run(job.pk)
        assert [call.request.method for call in carrier.calls] == ["GET", "POST"]
    job.refresh_from_db()
    assert (job.state, job.counts["created"]) == (TemplateSync.State.CANCELLED, 0)
    assert Approval.objects.get().remote_id == "t-1"  # what was handed in is kept


def test_a_job_that_was_stopped_stays_so_whatever_comes_of_its_last_call(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = services.begin_fetching(account=account, by=make_user(is_superuser=True))
    stopping_at(1, account, monkeypatch)
    with responses.RequestsMock() as carrier:
        carrier.get(LIST, json={"error": {"code": 190, "message": "expired"}}, status=401)
        done = fetching.run(job.pk)
    job.refresh_from_db()
    assert done is not None
    assert (done.state, job.state, job.error) == (TemplateSync.State.CANCELLED, TemplateSync.State.CANCELLED, "")


def test_handing_in_shows_how_far_it_is(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    services.sync_kinds()
    job = services.begin_fetching(account=account, by=make_user(is_superuser=True), registers=True)
    seen: list[object] = []

    def spend(_account: Account) -> None:
        seen.append(TemplateSync.objects.get().counts.get("created"))

    monkeypatch.setattr(calls, "spend", spend)
    with responses.RequestsMock() as carrier:
        pages(carrier, [other(1)])
        carrier.post(LIST, json={"id": "t-1", "status": "PENDING", "category": "UTILITY"})
        carrier.post(LIST, json={"id": "t-2", "status": "PENDING", "category": "UTILITY"})
        pages(carrier, [other(1)])
        fetching.run(job.pk)
    assert seen == [None, 0, 1, 2]


def test_a_job_whose_worker_died_does_not_block_the_next(account: Account) -> None:
    boss = make_user(is_superuser=True)
    job = services.begin_fetching(account=account, by=boss)
    TemplateSync.objects.filter(pk=job.pk).update(state="running", touched_at=clock.now() - timedelta(minutes=6))
    assert services.begin_fetching(account=account, by=boss).state == TemplateSync.State.WAITING
    TemplateSync.objects.filter(pk=job.pk).update(touched_at=clock.now() - timedelta(minutes=1))
    assert fetching.forgotten() == [job.pk]


def test_a_failed_job_says_why_and_keeps_what_was(account: Account) -> None:
    approved(account)
    with responses.RequestsMock() as carrier:
        carrier.get(LIST, json={"error": {"code": 190, "message": "expired"}}, status=401)
        job = fetch(account)
    assert job.state == TemplateSync.State.FAILED
    assert "new token" in job.error
    assert Approval.objects.get().is_usable


def test_calls_are_counted_and_none_is_made_without_allowance(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used_up(account: Account) -> None:
        raise TryLater("The account has used its calls.")

    monkeypatch.setattr(calls, "spend", used_up)
    row = approved(account, is_doubtful=True)
    with responses.RequestsMock() as carrier:
        assert fetch(account).error == "The account has used its calls."
        assert syncing.look() == 0
        assert len(carrier.calls) == 0
    row.refresh_from_db()
    assert row.is_doubtful  # asked for later


def test_the_hourly_beat_fetches_what_was_fetched_before_and_works(account: Account) -> None:
    assert fetching.ask_all() == []
    TemplateSync.objects.create(account=account, state="done", touched_at=NOON)
    broken = make_account(state="broken")
    TemplateSync.objects.create(account=broken, state="done", touched_at=NOON)
    assert [job.account for job in fetching.ask_all()] == [account]
    assert fetching.ask_all() == []


@pytest.mark.parametrize("data", [None, "x", [None, 7, {}, {"id": "1"}], [{"id": "1", "name": "a", "language": "en"}]])
def test_a_list_full_of_nonsense_harms_nothing(account: Account, data: Any) -> None:
    approved(account)
    with responses.RequestsMock() as carrier:
        carrier.get(LIST, json={"data": data, "paging": "x"})
        assert fetch(account).state == TemplateSync.State.DONE
    assert Approval.objects.get().is_usable


def test_asking_about_one_by_hand(account: Account) -> None:
    row = approved(account)
    hr = make_user(roles=["HR"])
    with responses.RequestsMock() as carrier:
        carrier.get(f"{BASE}/t-en", json=there(status="PAUSED", quality_score={"score": "RED"}))
        assert services.ask_again(approval=row, by=hr)
        carrier.replace(responses.GET, f"{BASE}/t-en", json={"error": {"code": 100, "message": "nonsense"}}, status=400)
        with pytest.raises(Refused):
            services.ask_again(approval=row, by=hr)
    row.refresh_from_db()
    assert (row.state, row.quality) == (State.PAUSED, "RED")
    with pytest.raises(NotPermittedError):
        services.ask_again(approval=row, by=make_user(roles=["Auditor"]))
