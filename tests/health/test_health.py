"""The page, the doctor and the checks behind both: each line is seen well, ill and broken."""

import json
import shutil
from collections import namedtuple
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import clock as business
from apps.core import findings
from apps.core.findings import Finding, Level
from apps.health import health, page, pulse, reactions, tasks
from apps.health.models import Pulse
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.models import Cursor, Entry, SetAside
from apps.journal.sealer import seal_pending
from apps.journal.services import record
from apps.outbox.models import OutboundMessage
from apps.people.roles import ROLES
from apps.providers import checkup, services
from apps.providers.models import Account, AccountAlert, Checkup
from apps.timers.models import Timer
from tests import registries
from tests.conftest import Clock
from tests.factories import make_account, make_contact, make_employee, make_number, make_outbound, make_user
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db
DEAD = "http://127.0.0.1:9/v23.0"


@pytest.fixture(autouse=True)
def _no_worker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker of the machine may have workers of somebody else."""
    monkeypatch.setattr(pulse.current_app.control, "ping", lambda timeout: [])


def line(code: str) -> Finding:
    found = [one for one in findings.run_all() if one.code == code]
    assert found, code
    return max(found, key=lambda one: one.level.rank)


# --- workers and beat -------------------------------------------------------------------------------------------------


def test_a_fresh_pulse_proves_workers_and_beat() -> None:
    pulse.beat()
    assert (line("house.workers").level, line("house.beat").level) == (Level.GREEN, Level.GREEN)


def test_no_pulse_and_no_answer_means_that_no_worker_runs() -> None:
    assert line("house.workers").level == Level.RED
    assert line("house.beat").level == Level.SKIPPED


def test_an_old_pulse_and_an_answer_means_that_beat_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    Pulse.objects.create(name=pulse.WORKERS, at=pulse.real_now() - pulse.STALE)
    monkeypatch.setattr(pulse.current_app.control, "ping", lambda timeout: [{"celery@here": {"ok": "pong"}}])
    assert (line("house.workers").level, line("house.beat").level) == (Level.GREEN, Level.RED)


def test_a_house_that_has_only_just_begun_is_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse.current_app.control, "ping", lambda timeout: [{"celery@here": {"ok": "pong"}}])
    assert line("house.beat").level == Level.AMBER


def test_winding_a_demos_clock_stops_no_heart(clock: Clock) -> None:
    pulse.beat()
    clock.wind(86_400)
    assert line("house.workers").level == Level.GREEN


def test_a_broker_that_is_away_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(timeout: float) -> None:
        raise ConnectionError

    monkeypatch.setattr(pulse.current_app.control, "ping", away)
    assert pulse.workers() == []


# --- the machine ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gigabytes", "level"), [(50, Level.GREEN), (1, Level.AMBER), (0.1, Level.RED)])
def test_the_disk(monkeypatch: pytest.MonkeyPatch, gigabytes: float, level: Level) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda where: usage(1, 1, int(gigabytes * health.GIGABYTE)))
    assert line("house.disk").level == level


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"SANDBOX": True, "BASE_URL": "https://recado.example"}, "SANDBOX"),
        ({"SANDBOX": True, "ALLOWED_HOSTS": ["recado.example"]}, "recado.example"),
        ({"SANDBOX": False, "DEBUG": True, "BASE_URL": "https://recado.example"}, "DEBUG"),
        ({"SANDBOX": False, "BASE_URL": "http://recado.example"}, "https"),
        ({"SANDBOX": False, "BASE_URL": "https://recado.example"}, ""),
        ({"SANDBOX": True, "DEBUG": True}, ""),
    ],
)
def test_what_a_demo_may_have_and_the_world_must_not_see(settings: object, values: dict, word: str) -> None:
    for name, value in {"ALLOWED_HOSTS": ["127.0.0.1"], "BASE_URL": "http://127.0.0.1:8000", **values}.items():
        setattr(settings, name, value)
    found = line("house.settings")
    assert found.level == (Level.RED if word else Level.GREEN)
    assert word in found.seen + found.mend


# --- what comes in and goes out ---------------------------------------------------------------------------------------


def test_webhooks_that_wait_and_events_set_aside() -> None:
    account = make_account()
    assert line("inbox.waiting").level == line("inbox.set_aside").level == Level.GREEN
    early = business.now() - timedelta(minutes=5)
    receipt = Receipt.objects.create(account=account, key="a", body=b"", received_at=early)
    assert line("inbox.waiting").level == Level.RED
    Receipt.objects.update(state="unreadable")
    InboundEvent.objects.create(receipt=receipt, account=account, key="e", name="x", state="failed")
    assert line("inbox.waiting").level == Level.GREEN
    assert line("inbox.set_aside").level == line("inbox.unreadable").level == Level.AMBER


def test_messages_that_nobody_takes_are_red_and_parked_ones_are_not() -> None:
    early = business.now() - timedelta(minutes=5)
    make_outbound(held_reason="tier", not_before=early)
    make_outbound(lane="bulk", not_before=early)
    assert line("outbox.leaving").level == Level.GREEN
    make_outbound(not_before=early)
    assert line("outbox.leaving").level == Level.RED


def test_unsure_and_failed_messages() -> None:
    make_outbound(state="unsure", created_at=business.now() - timedelta(hours=1))
    make_outbound(state="failed")
    assert line("outbox.unsure").level == line("outbox.failed").level == Level.AMBER
    for _count in range(10):
        make_outbound(state="failed")
    assert line("outbox.failed").level == Level.RED


def test_the_journal_says_when_it_lags(clock: Clock) -> None:
    make_account()
    entry = record("a.b")
    assert line("journal.sealed").level == Level.GREEN
    clock.wind(300)
    assert line("journal.sealed").level == Level.RED
    seal_pending()
    assert line("journal.sealed").level == Level.GREEN
    cursor = Cursor.objects.create(reaction="x.y", position=1)
    SetAside.objects.create(cursor=cursor, entry=entry, error="e")
    assert line("journal.set_aside").level == Level.AMBER
    Cursor.objects.filter(pk=cursor.pk).update(attempts=2)
    assert "x.y" in line("journal.reactions").seen


def test_late_and_failed_timers() -> None:
    assert line("timers.due").level == Level.GREEN
    Timer.objects.create(handler="x", key="a", due_at=business.now() - timedelta(hours=1))
    Timer.objects.create(handler="x", key="b", due_at=business.now(), state="failed")
    assert (line("timers.due").level, line("timers.failed").level) == (Level.RED, Level.AMBER)


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_accounts_by_what_stands_in_their_rows() -> None:
    assert line("providers.account").level == Level.RED  # there is none
    number = make_number()
    account = number.account
    assert (line("providers.account").level, line("providers.checklist").level) == (Level.GREEN, Level.AMBER)
    Account.objects.update(restricted_until=business.now() + timedelta(days=1))
    assert line("providers.account").level == Level.AMBER
    services.break_account(account=account, reason="The token expired.")
    assert "The token expired." in line("providers.account").seen


def test_a_checklist_grows_old_and_remembers_what_was_wrong(clock: Clock) -> None:
    account = make_number().account
    well = Finding("a", "Token", Level.GREEN, "fine")
    Checkup.objects.create(account=account, findings=[well.to_json()])
    assert line("providers.checklist").level == Level.GREEN
    clock.wind(8 * 86_400)
    assert line("providers.checklist").level == Level.AMBER
    ill = Finding("a", "Token", Level.RED, "gone", "mend it")
    Checkup.objects.create(account=account, findings=[ill.to_json()])
    assert (line("providers.checklist").level, "Token" in line("providers.checklist").seen) == (Level.RED, True)


def test_a_notice_stands_until_it_is_seen() -> None:
    account = make_number().account
    AccountAlert.objects.create(account=account, code="banned", severity="critical", words="DISABLE")
    found = line("providers.notice")
    assert found.level == Level.RED
    assert "banned" in found.mend
    AccountAlert.objects.update(seen_at=business.now())
    assert line("providers.notice").level == Level.GREEN


# --- the page ---------------------------------------------------------------------------------------------------------

PAGE = "admin:health_pulse_changelist"


def test_the_page_shows_the_worst_first_and_every_budget_once() -> None:
    number = make_number()
    make_number(make_account(portfolio=number.account.portfolio))
    answer = at_the_desk("Operator").get(reverse(PAGE))
    text = answer.content.decode()
    assert text.index("To mend") < text.index("This machine")
    assert "Something needs mending" in text
    assert text.count("People written to first in 24 hours") == 2  # once for the eye, once for the screen reader


@pytest.mark.parametrize("role", sorted(ROLES))
def test_who_may_see_it(role: str) -> None:
    status = at_the_desk(role).get(reverse(PAGE)).status_code
    assert status == (200 if role in {"Operator", "Auditor"} else 403)


def test_asking_whatsapp_needs_the_operator_and_a_post() -> None:
    make_number(make_account(base_url=DEAD))
    address = reverse("admin:health_check_accounts")
    assert at_the_desk("Auditor").post(address).status_code == 403
    operator = at_the_desk("Operator")
    operator.get(address)
    assert not Checkup.objects.exists()
    text = operator.post(address, follow=True).content.decode()
    assert "1 account was checked" in text
    assert Checkup.objects.count() == 1


def test_every_account_but_a_paused_one_is_asked_by_itself_now_and_then() -> None:
    make_number(make_account(base_url=DEAD))
    make_account(base_url=DEAD, state="paused")
    assert tasks.check_accounts() == 1
    assert Checkup.objects.get().by == "Recado"


def test_a_room_whose_check_breaks_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Finding]:
        raise RuntimeError("planted")

    registries.add(monkeypatch, findings.checks, "inbox.1 taking up", broken)
    text = at_the_desk("Operator").get(reverse(PAGE)).content.decode()
    assert "The check itself broke: RuntimeError" in text
    assert "planted" not in text
    assert "None is late." in text


def test_sections_put_the_worst_first() -> None:
    lines = [Finding("house.x", "h", Level.GREEN, ""), Finding("a", "amber", Level.AMBER, ""),
             Finding("r", "red", Level.RED, ""), Finding("s", "skipped", Level.SKIPPED, "")]  # fmt: skip
    first, *others = page.sections(lines)
    assert [one.title for one in first.findings] == ["red", "amber"]
    assert sum(len(section.findings) for section in others) == 2


def test_the_number_of_queries_does_not_grow_with_rows() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            findings.run_all()
        return len(captured)

    make_number()
    few = count()
    for _row in range(5):
        make_outbound(state="failed")
        Timer.objects.create(handler="x", key=str(_row), due_at=business.now())
    assert count() == few


# --- the doctor -------------------------------------------------------------------------------------------------------


def doctor(*options: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("doctor", *options, stdout=out)
    except SystemExit as ending:
        return int(ending.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_doctor_prints_every_line_and_ends_with_1_when_one_is_red() -> None:
    make_number(make_account(name="Aurora", base_url=DEAD))
    code, text = doctor()
    assert code == 1  # no worker runs here
    assert "XX  Workers: No sign of work" in text
    assert "Start the worker" in text
    assert "(Aurora" in text
    assert Checkup.objects.count() == 1


def test_the_doctor_ends_with_0_when_nothing_is_red(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    settings.BASE_URL, settings.ALLOWED_HOSTS = "http://127.0.0.1:8000", ["127.0.0.1"]  # type: ignore[attr-defined]
    monkeypatch.setattr(health.checks, "broker", lambda: "")
    pulse.beat()
    make_number()
    code, text = doctor("--offline")
    assert (code, "0 to mend" in text) == (0, True), text
    assert not Checkup.objects.exists()


def test_the_doctor_speaks_json_to_machines() -> None:
    make_number(make_account(base_url=DEAD, access_token="planted-token"))
    _code, text = doctor("--json")
    said = json.loads(text)
    assert said["worst"] == "red"
    assert {"code", "title", "level", "seen", "mend", "about"} == set(said["findings"][0])
    assert "planted" not in text


# --- telling operators ------------------------------------------------------------------------------------------------


def alert(account: Account, severity: str = "critical") -> Entry:
    return record("account.alerted", subject=account, after={"alert": 1, "code": "banned", "severity": severity})


def test_operators_who_are_employees_hear_once_an_hour_by_a_number_that_works() -> None:
    broken = make_number().account
    other = make_number()
    olga = make_employee("Olga", language="pt-br")
    make_user(employee=olga, roles=["Operator"])
    make_user(employee=make_employee("Hugo"), roles=["HR"])
    make_contact(olga)
    for _twice in range(2):
        reactions.tell_operators(alert(broken))
    sent = OutboundMessage.objects.get()
    assert (sent.contact.employee, sent.number, sent.lane) == (olga, other, "urgent")
    assert sent.expires_at is not None


def test_a_warning_stays_at_the_desk_and_nobody_to_tell_is_no_error() -> None:
    account = make_number().account
    olga = make_employee()
    make_user(employee=olga, roles=["Operator"])
    reactions.tell_operators(alert(account))  # she has no WhatsApp contact
    make_contact(olga)
    reactions.tell_operators(alert(account, "warning"))
    assert not OutboundMessage.objects.exists()


def test_an_account_that_broke_while_sending_is_told_with_its_reason() -> None:
    account = make_number().account
    olga = make_employee()
    make_user(employee=olga, roles=["Operator"])
    make_contact(olga)
    services.break_account(account=account, reason="WhatsApp no longer accepts our access token.")
    reactions.tell_operators(Entry.objects.get(name="account.broken"))
    assert "access token" in OutboundMessage.objects.get().data["what"]


def test_every_run_of_a_checklist_can_be_read_on_the_page_of_its_account() -> None:
    account = make_number(make_account(base_url=DEAD)).account
    checkup.run(account=account)
    text = at_the_desk("Operator").get(reverse("admin:providers_account_change", args=[account.pk])).content.decode()
    assert "No answer" in text
