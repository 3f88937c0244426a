"""One thing done to many rows: shown with counts first, done once, stopped, killed, and never beyond one's rights."""

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import clock as core_clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.journal import paging
from apps.journal.models import Entry
from apps.outbox import services as outbox
from apps.outbox.models import OutboundMessage
from apps.people import health
from apps.people.bulk import deeds, running, screens, services
from apps.people.bulk.deeds import Deed
from apps.people.bulk.models import BulkJob, BulkRow
from apps.people.bulk.screens import BulkDeeds
from apps.people.models import Employee, User
from tests.conftest import Clock
from tests.factories import make_contact, make_employee, make_user, the_number
from tests.registries import add

pytestmark = pytest.mark.django_db
LIST = reverse("admin:outbox_outboundmessage_changelist")


def write(count: int, *, state: str = "queued", employee: Employee | None = None) -> list[int]:
    contact = make_contact(employee or make_employee("Ana"))
    number = the_number()
    start = OutboundMessage.objects.count()
    rows = OutboundMessage.objects.bulk_create(
        OutboundMessage(key=f"k{start + n}", contact=contact, number=number, kind="ticket.taken", klass="work", lane="notice",
                        language="en", state=state) for n in range(count))  # fmt: skip
    return [row.pk for row in rows]


@pytest.fixture
def operator() -> User:
    return make_user("op", roles=["Operator"])


@pytest.fixture
def desk(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


def seen(ids: Sequence[int], todo: int) -> str:
    """As the page that asks carries it along, when these are shown and so many of them would change."""
    return screens.seen(services.Preview(sorted(ids), False, todo, []))


def press(client: Client, action: str, ids: Sequence[int], *, at: str = LIST, **more: str) -> Any:
    data = {"action": action, "_selected_action": [str(pk) for pk in ids], "index": "0", "select_across": "0", **more}
    return client.post(at, data, follow=True)


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in OutboundMessage.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def fresh(job: BulkJob) -> BulkJob:
    return BulkJob.objects.get(pk=job.pk)


# --- the page that asks -----------------------------------------------------------------------------------------------


def test_it_says_how_many_of_what_and_why_others_stay_and_changes_nothing(desk: Client) -> None:
    ids = write(23) + write(2, state="read") + write(1, state="sending")
    page = press(desk, "outbox.cancel", ids).content.decode()
    for words in ("<strong>26</strong> chosen", "<strong>23</strong> would change", "Cancel: 23 rows", "and 3 more",
                  "This cannot be undone", "2 × This cannot be done with a message that is “read”"):  # fmt: skip
        assert words in page, words
    assert len(re.findall(r"outboundmessage/\d+/change", page)) == services.SHOWN
    assert states() == {"queued": 23, "read": 2, "sending": 1}
    assert not BulkJob.objects.exists()


def test_a_few_are_done_at_once_with_a_sentence_and_reasons(desk: Client) -> None:
    ids = write(3) + write(1, state="read")
    page = press(desk, "outbox.cancel", ids, confirmed="yes", seen=seen(ids, 3)).content.decode()
    assert "Done: 3 rows." in page
    assert "1 × This cannot be done" in page
    assert states() == {"cancelled": 3, "read": 1}
    job = BulkJob.objects.get()
    assert (job.state, job.counts) == ("done", {"done": 3, "skipped": 1})
    names = list(Entry.objects.filter(correlation_id=f"bulk:{job.pk}").values_list("name", flat=True).order_by("pk"))
    assert names == ["bulk.started", *["outbound.cancelled"] * 3, "bulk.done"]
    assert "This cannot be done" in desk.get(reverse("admin:people_bulkjob_change", args=[job.pk])).content.decode()


@pytest.mark.parametrize("seen", ["", "3-2", "x", "4-4"])
def test_what_has_changed_since_one_looked_is_shown_again(desk: Client, seen: str) -> None:
    ids = write(3)
    page = press(desk, "outbox.cancel", ids, confirmed="yes", seen=seen).content.decode()
    assert "changed since you looked" in page
    assert states() == {"queued": 3}


def test_other_rows_than_those_that_were_shown_are_shown_again(desk: Client) -> None:
    """As many of the same sort, and yet not the ones one looked at."""
    ids = write(4)
    page = press(desk, "outbox.cancel", ids[:2]).content.decode()
    shown = re.findall(r'name="seen" value="([^"]+)"', page)[0]
    page = press(desk, "outbox.cancel", ids[2:], confirmed="yes", seen=shown).content.decode()
    assert "changed since you looked" in page
    assert states() == {"queued": 4}
    press(desk, "outbox.cancel", ids[:2], confirmed="yes", seen=shown)
    assert states() == {"cancelled": 2, "queued": 2}


def test_all_rows_of_the_filtered_list_are_meant_beyond_its_page(desk: Client) -> None:
    ids = write(120)
    write(5, state="held")
    at = f"{LIST}?state__exact=queued"
    page = press(desk, "outbox.cancel", ids[:1], at=at, select_across="1").content.decode()
    assert "<strong>120</strong> chosen" in page
    assert page.count('name="_selected_action"') == 1
    press(desk, "outbox.cancel", ids[:1], at=at, select_across="1", confirmed="yes", seen=seen(ids, 120))
    assert states() == {"cancelled": 120, "held": 5}


def test_the_list_says_how_many_all_are(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    write(120)
    assert "Select all 120" in desk.get(LIST).content.decode()
    monkeypatch.setattr(paging, "EXACT", {"postgresql": 60, "sqlite": 60})
    assert "Select all 60" not in desk.get(LIST).content.decode()


def test_more_than_one_job_takes_is_said_and_the_rest_stays(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST", 10)
    ids = write(13)
    page = press(desk, "outbox.cancel", ids[:1], select_across="1").content.decode()
    assert "<strong>10+</strong> chosen" in page
    assert "More than 10 rows are chosen" in page
    press(desk, "outbox.cancel", ids[:1], select_across="1", confirmed="yes", seen=seen(ids[:10], 10))
    assert states() == {"cancelled": 10, "queued": 3}
    assert BulkJob.objects.get().has_more


def test_who_may_not_is_not_offered_it_and_cannot_forge_it() -> None:
    ids = write(2)
    client = Client()
    client.force_login(make_user("auditor", roles=["Auditor"]))
    assert "outbox.cancel" not in client.get(LIST).content.decode()
    press(client, "outbox.cancel", ids, confirmed="yes", seen=seen(ids, 2))
    assert states() == {"queued": 2}
    for user in (make_user("nobody"), make_user("locked", roles=["Operator"], is_active=False)):
        with pytest.raises(NotPermittedError):
            services.order(name="outbox.cancel", ids=ids, by=user)


def test_nothing_and_too_much_and_unknown_are_refused(operator: User) -> None:
    with pytest.raises(InvalidInputError):
        services.order(name="outbox.cancel", ids=[], by=operator)
    with pytest.raises(InvalidInputError):
        services.order(name="outbox.cancel", ids=range(services.MOST + 1), by=operator)
    with pytest.raises(LookupError):
        services.order(name="outbox.zyx", ids=[1], by=operator)
    assert not BulkJob.objects.exists()


def test_the_pages_cost_the_same_for_few_and_many(desk: Client, operator: User) -> None:
    counts = []
    for people in (3, 40):
        ids = [pk for n in range(people) for pk in write(1, employee=make_employee(f"P{people}-{n}"))]
        with CaptureQueriesContext(connection) as asked:
            press(desk, "outbox.cancel", ids)
        job = order(ids, operator)
        with CaptureQueriesContext(connection) as shown:
            desk.get(reverse("admin:people_bulkjob_change", args=[job.pk]))
        counts.append((len(asked), len(shown)))
    assert counts[1] <= counts[0], counts


# --- a long one -------------------------------------------------------------------------------------------------------


def test_many_are_done_by_a_worker_and_its_page_shows_how_far(desk: Client) -> None:
    ids = write(230)
    answer = press(desk, "outbox.cancel", ids[:1], select_across="1", confirmed="yes", seen=seen(ids, 230))
    job = BulkJob.objects.get()
    page = reverse("admin:people_bulkjob_change", args=[job.pk])
    assert answer.redirect_chain[-1][0] == page
    assert 'data-state="running"' in answer.content.decode()
    assert states() == {"queued": 230}
    progress = reverse("admin:people_bulkjob_progress", args=[job.pk])
    assert desk.get(progress).json() == {"state": "running", "done": 0, "total": 230}
    assert running.run_waiting() == 1
    assert desk.get(progress).json() == {"state": "done", "done": 230, "total": 230}
    assert "230 done, 0 left as they were" in desk.get(page).content.decode()
    assert desk.get(f"{page}?outcome=done&p=999999999999999999999").status_code == 200


def order(ids: Sequence[int], by: User, name: str = "outbox.cancel") -> BulkJob:
    return services.order(name=name, ids=ids, by=by)


def test_a_killed_worker_leaves_whole_chunks_and_another_goes_on(
    operator: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = order(write(180), operator)

    class Killed(BaseException):
        pass

    whole = running._do

    def killed(deed: Deed, rows: Sequence[BulkRow], by: User, words: str) -> None:
        whole(deed, rows, by, words)
        if OutboundMessage.objects.filter(state="cancelled").count() > 100:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(running, "_do", killed)
        with pytest.raises(Killed):
            running.work(job.pk)
    assert states() == {"cancelled": 100, "queued": 80}
    assert not running.work(job.pk), "its claim still runs"
    clock.wind(running.jobs.LEASE.total_seconds() + 1)
    assert running.run_waiting() == 1
    assert (fresh(job).state, fresh(job).rows_done, fresh(job).counts) == ("done", 180, {"done": 180})
    assert Entry.objects.filter(name="outbound.cancelled").count() == 180


def test_a_cancelled_one_stops_after_its_chunk(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = order(write(120), operator)
    moments = iter([0.0, 200.0])
    with monkeypatch.context() as patched:
        patched.setattr(running, "time", SimpleNamespace(monotonic=lambda: next(moments)))
        running.work(job.pk, until=100)
    client = Client()
    client.force_login(operator)
    client.post(reverse("admin:people_bulkjob_change", args=[job.pk]))
    assert not running.work(job.pk)
    assert (fresh(job).state, fresh(job).counts) == ("cancelled", {"done": 50, "waiting": 70})
    assert states() == {"cancelled": 50, "queued": 70}
    with pytest.raises(MoveNotAllowedError):
        services.cancel(job=job, by=operator)


def test_whoever_lost_the_right_meanwhile_does_nothing_more(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    job = order(write(80), operator)
    moments = iter([0.0, 200.0])
    with monkeypatch.context() as patched:
        patched.setattr(running, "time", SimpleNamespace(monotonic=lambda: next(moments)))
        running.work(job.pk, until=100)
    operator.groups.clear()
    running.work(job.pk)
    assert fresh(job).state == "failed"
    assert "may not do it any more" in fresh(job).error
    assert states() == {"cancelled": 50, "queued": 30}


def test_a_row_that_left_ones_sight_or_changed_is_left_as_it_is(operator: User) -> None:
    ids = write(4)
    job = order([*ids, 999_999], operator)
    OutboundMessage.objects.filter(pk=ids[0]).update(state="read")
    running.work(job.pk)
    assert fresh(job).counts == {"done": 3, "skipped": 2}
    assert sorted(why for why, _count in services.reasons(job)) == [
        "It is gone, or you may not see it.", "This cannot be done with a message that is “read”."]  # fmt: skip


def test_row_scope_holds_while_it_runs() -> None:
    """A manager with the right to it reaches only messages to their own people, whatever keys are ordered."""
    boss = make_employee("Boss")
    mine = write(1, employee=make_employee("Report", manager=boss))
    others = write(1, employee=make_employee("Zoe"))
    user = make_user("boss", employee=boss)
    user.user_permissions.add(Permission.objects.get(codename="operate_outboundmessage"))
    job = order([*mine, *others], user)
    running.work(job.pk)
    assert OutboundMessage.objects.get(pk=mine[0]).state == "cancelled"
    assert OutboundMessage.objects.get(pk=others[0]).state == "queued"


def test_an_error_nobody_foresaw_is_tried_again_and_given_up_in_the_end(
    operator: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(rows: Sequence[Any], by: User) -> dict[int, str]:
        raise ZeroDivisionError

    model = "outbox.outboundmessage"
    add(monkeypatch, deeds.deeds, "outbox.zyx", Deed(model, "Zyx", outbox.OPERATE, broken, lambda row, by, given: None))
    job = order(write(1), operator, "outbox.zyx")
    for _try in range(running.jobs.PATIENCE):
        assert running.work(job.pk)
        clock.wind(100)
    assert (fresh(job).state, states()) == ("failed", {"queued": 1})


def held_up(monkeypatch: pytest.MonkeyPatch, keys: Sequence[int], error: Exception) -> None:
    """A deed that cancels, but stumbles over these rows."""

    def act(row: OutboundMessage, by: User, given: deeds.Given) -> None:
        OutboundMessage.objects.filter(pk=row.pk).update(state="cancelled")
        if row.pk in keys:
            raise error

    deed = Deed("outbox.outboundmessage", "Zyx", outbox.OPERATE, lambda rows, by: {}, act)
    add(monkeypatch, deeds.deeds, "outbox.zyx", deed)


def test_a_row_with_an_error_nobody_foresaw_stops_no_other(
    operator: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ids = write(3)
    held_up(monkeypatch, ids[1:2], ZeroDivisionError("Zyxwv"))
    job = order(ids, operator, "outbox.zyx")
    running.work(job.pk)
    assert (fresh(job).state, fresh(job).counts, states()) == (
        "done", {"done": 2, "skipped": 1}, {"cancelled": 2, "queued": 1})  # fmt: skip
    why = BulkRow.objects.get(outcome="skipped").reason
    assert "it is written in the log" in why
    assert "Zyxwv" not in why
    assert "ZeroDivisionError" in caplog.text


def test_a_database_that_is_busy_is_no_reason_of_a_row(
    operator: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = write(3)
    held_up(monkeypatch, ids[1:2], OperationalError("database is locked"))
    job = order(ids, operator, "outbox.zyx")
    running.work(job.pk)
    assert (fresh(job).state, fresh(job).attempts, states()) == ("running", 1, {"queued": 3})
    held_up(monkeypatch, [], OperationalError())
    clock.wind(60)
    assert running.run_waiting() == 1
    assert fresh(job).counts == {"done": 3}


def test_a_deed_that_the_product_no_longer_has_fails_in_words(operator: User, desk: Client) -> None:
    job = order(write(1), operator)
    BulkJob.objects.update(deed="outbox.gone")
    running.work(job.pk)
    assert "no longer offers" in fresh(job).error
    assert desk.get(reverse("admin:people_bulkjob_change", args=[job.pk])).status_code == 200


def test_work_of_somebody_else_is_not_there(operator: User) -> None:
    job = order(write(1), operator)
    boss = make_employee("Boss")
    client = Client()
    client.force_login(make_user("boss", employee=boss, roles=["Manager"]))
    for name in ("change", "progress"):
        assert client.get(reverse(f"admin:people_bulkjob_{name}", args=[job.pk])).status_code in {403, 404}
    with pytest.raises(NotPermittedError):
        services.cancel(job=job, by=boss.user)  # type: ignore[arg-type]


def test_whoever_ordered_it_follows_it_without_a_right_to_the_list() -> None:
    """A deed's permission is enough to order it, so its page must open too."""
    boss = make_employee("Boss")
    user = make_user("boss", employee=boss)
    user.user_permissions.add(Permission.objects.get(codename="operate_outboundmessage"))
    mine = order(write(1, employee=make_employee("Report", manager=boss)), user)
    others = order(write(1), make_user("op2", roles=["Operator"]))
    client = Client()
    client.force_login(user)
    for name, refused in (("change", 403), ("progress", 404)):
        assert client.get(reverse(f"admin:people_bulkjob_{name}", args=[mine.pk])).status_code == 200
        assert client.get(reverse(f"admin:people_bulkjob_{name}", args=[others.pk])).status_code == refused
    assert client.get(reverse("admin:people_bulkjob_changelist")).status_code == 403
    client.post(reverse("admin:people_bulkjob_change", args=[mine.pk]))
    assert fresh(mine).state == "cancelled"


def test_who_only_reads_it_cannot_stop_it(operator: User) -> None:
    job = order(write(1), operator)
    client = Client()
    client.force_login(make_user("auditor", roles=["Auditor"]))
    page = reverse("admin:people_bulkjob_change", args=[job.pk])
    assert 'value="cancel"' not in client.get(page).content.decode()
    client.post(page, {"step": "cancel"})
    assert fresh(job).state == "running"
    other = make_user("op2", roles=["Operator"])
    assert services.cancel(job=job, by=other).state == "cancelled"


def test_rows_are_removed_when_their_time_is_over(operator: User, clock: Clock) -> None:
    job = order(write(2), operator)
    running.work(job.pk)
    assert services.remove_old() == 0
    clock.wind(31 * 24 * 3600)
    assert services.remove_old() == 1
    assert not BulkRow.objects.exists()
    assert fresh(job).counts == {"done": 2}


# --- every deed -------------------------------------------------------------------------------------------------------


def test_every_deed_stands_on_a_screen_and_no_list_acts_on_many_without_asking() -> None:
    offered = {deed.model for _name, deed in deeds.deeds}
    shown = {model._meta.label_lower for model, one in admin.site._registry.items() if isinstance(one, BulkDeeds)}
    assert offered == shown
    # These two lead to a page of their own, which asks more than yes or no.
    own = {"contacts.enrolment": ["invite_many"], "providers.messagetemplate": ["hand_in"]}
    found = {model._meta.label_lower: list(one.actions) for model, one in admin.site._registry.items()
             if one.actions and model._meta.app_label in {deed.model.split(".")[0] for _n, deed in deeds.deeds} | {"providers"}}  # fmt: skip
    assert found == own


def test_many_are_marked_as_left_and_the_home_asks_to_look(clock: Clock) -> None:
    hr = make_user("hr", roles=["HR"], employee=make_employee("Hanna"))
    people = [make_employee(f"P{n}") for n in range(3)]
    job = order([*(one.pk for one in people), hr.employee.pk], hr, "people.mark_left")  # type: ignore[attr-defined]
    running.work(job.pk)
    assert fresh(job).counts == {"done": 3, "skipped": 1}
    assert Employee.objects.filter(state="left").count() == 3
    assert Entry.objects.filter(name="employee.left").count() == 3


def test_who_orders_it_is_counted_among_those_that_stay() -> None:
    hr, other = make_employee("Hana"), make_employee("Otto")
    client = Client()
    client.force_login(make_user(roles=["HR"], employee=hr))
    address = reverse("admin:people_employee_changelist")
    page = press(client, "people.mark_left", [hr.pk, other.pk], at=address).content.decode()
    assert "<strong>1</strong> would change" in page
    assert "Nobody marks themselves as left" in page


def test_work_that_no_worker_takes_up_stands_on_the_health_page(clock: Clock) -> None:
    def levels() -> list[str]:
        return [finding.level for finding in health.bulk()]

    job = BulkJob.objects.create(deed="people.mark_left", by=make_user())
    assert levels() == ["green"]
    clock.wind(6 * 60)
    assert levels() == ["amber"]
    BulkJob.objects.filter(pk=job.pk).update(claim="w", claimed_until=core_clock.now())
    assert levels() == ["green"]
    clock.wind(6 * 60)
    assert levels() == ["amber"], "its worker was killed, and no other came"
    BulkJob.objects.filter(pk=job.pk).update(state=BulkJob.State.CANCELLED)
    assert levels() == ["green"]
