"""The checklist of an account, asked of the pretend WhatsApp over real HTTP, line by line."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import responses
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django.live_server_helper import LiveServer

from apps.core import clock as business
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.core.findings import Finding, Level, guarded, worst
from apps.health import pulse
from apps.inbox import refusals
from apps.journal.models import Entry
from apps.providers import checkup, services
from apps.providers.models import Account, Checkup
from apps.providers.queries import webhook_address
from tests import webhooks
from tests.factories import make_account, make_number, make_user
from tests.sandbox.conftest import process, receiver, sandbox  # noqa: F401 - fixtures
from tests.sandbox.rig import NUMBER, SECRET, TOKEN, WABA, Sandbox

pytestmark = pytest.mark.django_db
DEAD = "http://127.0.0.1:9/v23.0"


@pytest.fixture(autouse=True)
def _nothing_counted(db: None) -> Iterator[None]:
    refusals.forget()
    pulse.beat()  # nobody waits a second for workers that are not there
    yield
    refusals.forget()


def account_at(sandbox: Sandbox, **values: object) -> Account:  # noqa: F811
    account = make_account(**{
        "base_url": f"http://127.0.0.1:{sandbox.port}/graph/v23.0", "remote_id": WABA, "access_token": TOKEN,
        "app_secret": SECRET, "verify_token": "verify-me", **values})  # fmt: skip
    make_number(account, remote_id=NUMBER, phone="+5511900000000")
    return account


def lines(account: Account) -> dict[str, Finding]:
    found = checkup.findings_of(checkup.run(account=account, by=make_user(is_superuser=True)))
    return {finding.code: finding for finding in found}


def tell(sandbox: Sandbox, **facts: object) -> None:  # noqa: F811
    sandbox.api("PUT", f"accounts/{WABA}/facts", facts)


# --- all is well ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_well_account_is_green_from_the_token_to_the_webhook(
    sandbox: Sandbox, live_server: LiveServer, settings: object  # noqa: F811
) -> None:  # fmt: skip
    settings.BASE_URL = live_server.url  # type: ignore[attr-defined]
    account = account_at(sandbox)
    services.subscribe(account=account, by=make_user(is_superuser=True))
    number = account.numbers.get()
    assert webhooks.post(account, webhooks.envelope(number, statuses=[])).status_code == 200
    found = lines(account)
    carrier = ["token", "permissions", "account", "number", "default", "tier", "subscription", "clock"]
    for code in [*carrier, "address", "received", "secret"]:
        assert found[code].level == Level.GREEN, found[code]
        assert code == "subscription" or not found[code].mend
    assert found["templates"].level == Level.AMBER
    account.portfolio.refresh_from_db()
    number.refresh_from_db()
    assert account.portfolio.tier == 2000  # the sandbox's TIER_2K
    assert (number.quality, number.name_status, number.verification) == ("GREEN", "APPROVED", "VERIFIED")
    assert number.checked_at is not None


def test_a_run_is_kept_recorded_and_holds_no_secret(sandbox: Sandbox) -> None:  # noqa: F811
    account = account_at(sandbox)
    by = make_user("otto", is_superuser=True)
    kept = checkup.run(account=account, by=by)
    assert (checkup.last_of(account), kept.by) == (kept, by.as_actor().label)
    entry = Entry.objects.get(name="account.checked")
    assert entry.after["levels"]["token"] == "green"
    everything = json.dumps(kept.findings) + json.dumps(entry.after)
    assert TOKEN not in everything
    assert SECRET not in everything
    assert "verify-me" not in everything


def test_old_runs_make_room(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(checkup, "KEPT", 2)
    account = account_at(sandbox)
    for _run in range(3):
        newest = checkup.run(account=account)
    assert Checkup.objects.count() == 2
    assert checkup.last_of(account) == newest


# --- one thing wrong at a time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "code", "level", "word"),
    [
        ({"is_valid": False}, "token", Level.RED, "not valid any more"),
        ({"expires_at": 4_102_444_800}, "token", Level.GREEN, "Valid until"),
        ({"refuses_debug": True}, "token", Level.SKIPPED, "does not tell"),
        ({"refuses_debug": True}, "permissions", Level.SKIPPED, "Nobody could ask"),
        ({"scopes": ["whatsapp_business_management"]}, "permissions", Level.RED, "whatsapp_business_messaging"),
        ({"account_review_status": "REJECTED"}, "account", Level.RED, "REJECTED"),
        ({"account_review_status": "PENDING"}, "account", Level.AMBER, "PENDING"),
        ({"business_verification_status": "not_verified"}, "account", Level.AMBER, "not_verified"),
        ({"numbers": {NUMBER: {"code_verification_status": "NOT_VERIFIED"}}}, "number", Level.RED, "NOT_VERIFIED"),
        ({"numbers": {NUMBER: {"name_status": "DECLINED"}}}, "number", Level.RED, "DECLINED"),
        ({"numbers": {NUMBER: {"name_status": "PENDING_REVIEW"}}}, "number", Level.AMBER, "PENDING_REVIEW"),
        ({"numbers": {NUMBER: {"quality_rating": "RED"}}}, "number", Level.RED, "RED"),
        ({"numbers": {NUMBER: {"quality_rating": "YELLOW"}}}, "number", Level.AMBER, "YELLOW"),
        ({"numbers": {NUMBER: {"can_send_message": "BLOCKED"}}}, "number", Level.RED, "Add a payment method"),
        ({"numbers": {NUMBER: {"can_send_message": "LIMITED"}}}, "number", Level.AMBER, "payment method"),
        ({"numbers": {NUMBER: {"status": "BANNED"}}}, "number", Level.RED, "BANNED"),
        ({"numbers": {NUMBER: {"whatsapp_business_manager_messaging_limit": "TIER_NOT_SET"}}}, "tier", Level.SKIPPED,
         "did not say"),
    ],
)  # fmt: skip
def test_each_trouble_shows_in_its_own_line_with_a_sentence_how_to_mend_it(
    sandbox: Sandbox, facts: dict, code: str, level: Level, word: str  # noqa: F811
) -> None:  # fmt: skip
    tell(sandbox, **facts)
    line = lines(account_at(sandbox))[code]
    assert line.level == level, line
    assert word in line.seen
    assert bool(line.mend) == (level != Level.GREEN)


def test_a_token_that_ends_within_days_is_amber(sandbox: Sandbox) -> None:  # noqa: F811
    tell(sandbox, expires_at=int((business.now() + timedelta(days=3)).timestamp()))
    assert lines(account_at(sandbox))["token"].level == Level.AMBER


def test_a_wrong_token_says_so_once_and_names_the_way_out(sandbox: Sandbox) -> None:  # noqa: F811
    found = lines(account_at(sandbox, access_token="wrong"))
    assert found["token"].level == Level.RED
    assert "system user" in found["token"].mend
    assert found["permissions"].level == Level.SKIPPED
    assert found["account"].level == Level.RED
    assert "wrong" not in json.dumps([one.to_json() for one in found.values()])


def test_a_wrong_account_id_and_a_wrong_number_id_are_told_apart(sandbox: Sandbox) -> None:  # noqa: F811
    account = account_at(sandbox, remote_id="999")
    make_number(account, remote_id="888")
    found = checkup.findings_of(checkup.run(account=account))
    levels = [(one.code, one.level) for one in found if one.code in {"account", "number", "token"}]
    assert levels == [
        ("token", Level.GREEN), ("account", Level.RED), ("number", Level.GREEN), ("number", Level.RED),
    ]  # fmt: skip


def test_numbers_that_only_whatsapp_knows_are_named(sandbox: Sandbox) -> None:  # noqa: F811
    account = account_at(sandbox)
    account.numbers.update(remote_id="elsewhere")
    found = lines(account)
    assert "+5511900000000" in found["number.unknown"].seen
    account.numbers.all().delete()
    assert "phone number id" in lines(account)["number"].mend


def test_nobody_listens_and_nobody_waits_for_each_question() -> None:
    account = make_account(base_url=DEAD)
    make_number(account)
    found = lines(account)
    for code in ("token", "account", "number", "subscription"):
        assert found[code].level == Level.AMBER
        assert "internet" in found[code].mend


def test_a_page_of_a_proxy_is_no_answer_of_whatsapp() -> None:
    account = make_account(base_url="https://proxy.example/v23.0")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(url=re.compile(".*"), body="<html>Sign in to the network</html>", status=200)
        found = lines(account)
    assert found["token"].level != Level.GREEN
    assert found["account"].level != Level.GREEN
    assert found["subscription"].level != Level.GREEN


def test_the_clock_is_compared_with_real_time_whatever_the_demo_winds(
    sandbox: Sandbox, clock: object  # noqa: F811
) -> None:  # fmt: skip
    clock.wind(86_400)  # type: ignore[attr-defined]
    assert lines(account_at(sandbox))["clock"].level == Level.GREEN


def test_a_clock_that_is_wrong_is_red() -> None:
    account = make_account(base_url="https://graph.example/v23.0")
    late = "Mon, 01 Jan 2024 00:00:00 GMT"
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(
            f"https://graph.example/v23.0/{account.remote_id}", json={"id": "1", "name": "A"}, headers={"Date": late}
        )
        mock.get(url=re.compile(".*"), json={"data": []})
        line = lines(account)["clock"]
    assert line.level == Level.RED
    assert "NTP" in line.mend


def test_the_token_reaches_no_log_and_no_line_when_the_question_fails(
    caplog: pytest.LogCaptureFixture, settings: object
) -> None:
    caplog.set_level(logging.INFO)
    account = make_account(base_url=DEAD, access_token="planted-token/with+signs", verify_token="planted-verify")
    settings.BASE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    kept = checkup.run(account=account)
    assert "planted" not in caplog.text + json.dumps(kept.findings)


def test_a_token_that_whatsapp_repeats_in_its_complaint_is_blotted_out() -> None:
    account = make_account(base_url="https://graph.example/v23.0", access_token="planted-token")
    error = {"code": 190, "message": "Malformed access token planted-token"}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get("https://graph.example/v23.0/debug_token", json={"data": {"is_valid": False, "error": error}})
        mock.get(url=re.compile(".*"), json={"error": error}, status=401)
        found = lines(account)
    assert "[token]" in found["token"].seen
    assert "planted" not in json.dumps([one.to_json() for one in found.values()])


# --- subscribing ------------------------------------------------------------------------------------------------------


def test_webhooks_that_go_elsewhere_are_red_until_the_button_is_pressed(
    sandbox: Sandbox, receiver: object, settings: object  # noqa: F811
) -> None:  # fmt: skip
    account = account_at(sandbox)
    line = lines(account)["subscription"]
    assert (line.level, receiver.url in line.seen) == (Level.RED, True)  # type: ignore[attr-defined]
    sandbox.call("DELETE", f"/graph/v23.0/{WABA}/subscribed_apps", token=TOKEN)
    assert "does not get" in lines(account)["subscription"].seen


def test_a_subscription_that_whatsapp_cannot_verify_is_refused_with_the_reason(
    sandbox: Sandbox, settings: object  # noqa: F811
) -> None:  # fmt: skip
    settings.BASE_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    account = account_at(sandbox)
    client = Client()
    client.force_login(make_user(is_superuser=True))
    address = reverse("admin:providers_account_subscribe", args=[account.pk])
    page = client.post(address, follow=True).content.decode()
    assert "could not reach our webhook address" in page
    assert not Entry.objects.filter(name="account.subscribed").exists()


def test_subscribing_needs_the_role_and_both_secrets(sandbox: Sandbox) -> None:  # noqa: F811
    account = account_at(sandbox, verify_token="")
    with pytest.raises(NotPermittedError):
        services.subscribe(account=account, by=make_user(roles=["HR"]))
    with pytest.raises(InvalidInputError, match="verify token"):
        services.subscribe(account=account, by=make_user(is_superuser=True))


# --- webhooks ---------------------------------------------------------------------------------------------------------


def test_an_address_without_tls_and_one_that_answers_something_else_are_red(
    live_server: LiveServer, settings: object
) -> None:
    account = make_account(base_url=DEAD)
    settings.BASE_URL = "http://recado.example"  # type: ignore[attr-defined]
    assert "TLS" in lines(account)["address"].mend
    settings.BASE_URL = live_server.url  # type: ignore[attr-defined]
    Account.objects.filter(pk=account.pk).update(hook_key="another")
    assert "404" in lines(account)["address"].seen


def test_wrong_signatures_are_counted_without_a_write_for_each_and_turn_the_secret_red() -> None:
    account = make_account(base_url=DEAD)
    number = make_number(account)
    for _knock in range(50):
        assert webhooks.post(account, webhooks.envelope(number), signature="sha256=00").status_code == 403
    account.refresh_from_db()
    assert account.bad_signatures == 1  # the others wait in memory for the next write
    assert lines(account)["secret"].level == Level.RED
    webhooks.post(account, webhooks.envelope(number, statuses=[]))
    assert lines(account)["secret"].level == Level.AMBER


def test_a_handshake_with_a_wrong_token_is_no_wrong_signature() -> None:
    account = make_account()
    query = {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1"}
    assert Client().get(f"/hooks/meta_cloud/{account.hook_key}/", query).status_code == 403
    account.refresh_from_db()
    assert account.bad_signatures == 0


def test_an_account_that_never_heard_anything_is_amber_and_after_a_silent_day_again(clock: object) -> None:
    account = make_account(base_url=DEAD)
    number = make_number(account)
    assert lines(account)["received"].level == Level.AMBER
    webhooks.post(account, webhooks.envelope(number, statuses=[]))
    assert lines(account)["received"].level == Level.GREEN
    clock.wind(90_000)  # type: ignore[attr-defined]
    assert lines(account)["received"].level == Level.AMBER


# --- the screen -------------------------------------------------------------------------------------------------------


def test_the_button_runs_it_and_the_page_shows_lines_budgets_and_no_secret(sandbox: Sandbox) -> None:  # noqa: F811
    account = account_at(sandbox)
    client = Client()
    client.force_login(make_user("otto", roles=["Operator"]))
    page = client.get(reverse("admin:providers_account_change", args=[account.pk])).content.decode()
    assert "Nobody has looked yet" in page
    address = reverse("admin:providers_account_run_checklist", args=[account.pk])
    page = client.post(address, follow=True).content.decode()
    assert "how to mend" in page
    assert 'class="recado-line is-green"' in page
    assert "Messages in this second" in page
    for secret in (TOKEN, SECRET, "verify-me"):
        assert secret not in page
    assert webhook_address(account) in page


def test_lines_in_another_language_say_whose_words_they_are() -> None:
    account = make_account(base_url=DEAD)
    with translation.override("es"):
        checkup.run(account=account)
    client = Client()
    client.force_login(make_user(is_superuser=True))
    address = reverse("admin:providers_account_change", args=[account.pk])
    hint = "Whoever looked reads another language"
    assert hint in client.get(address).content.decode()
    with translation.override("en"):
        checkup.run(account=account)
    assert hint not in client.get(address).content.decode()


def test_a_broken_account_says_on_top_of_its_page_why_nothing_leaves() -> None:
    account = make_account(base_url=DEAD)
    services.break_account(account=account, reason="The token was refused.")
    client = Client()
    client.force_login(make_user(is_superuser=True))
    page = client.get(reverse("admin:providers_account_change", args=[account.pk])).content.decode()
    assert 'aria-label="How it is"' in page
    assert "The token was refused." in page


def test_who_may_not_operate_runs_nothing() -> None:
    account = make_account(base_url=DEAD)
    client = Client()
    client.force_login(make_user(roles=["Auditor"]))
    client.post(reverse("admin:providers_account_run_checklist", args=[account.pk]))
    with pytest.raises(NotPermittedError):
        checkup.run(account=account, by=make_user(roles=["HR"]))
    assert not Checkup.objects.exists()


# --- the shape of a finding -------------------------------------------------------------------------------------------


def test_a_check_that_breaks_is_a_red_line_and_hides_no_other() -> None:
    def broken() -> list[Finding]:
        raise ZeroDivisionError("planted secret")

    (line,) = guarded("x.y", broken)
    assert (line.level, line.code) == (Level.RED, "x.y")
    assert "planted" not in line.seen


def test_the_worst_level_counts_and_what_was_skipped_does_not() -> None:
    def of(*levels: Level) -> list[Finding]:
        return [Finding("a", "a", level, "") for level in levels]

    assert worst([]) == worst(of(Level.SKIPPED)) == worst(of(Level.GREEN, Level.SKIPPED)) == Level.GREEN
    assert worst(of(Level.AMBER, Level.GREEN)) == Level.AMBER
    assert worst(of(Level.AMBER, Level.RED)) == Level.RED


def test_kept_lines_of_another_version_are_read_with_care() -> None:
    odd = {"code": "a", "title": "b", "level": "purple", "seen": "c", "new": "d"}
    assert Finding.from_json(odd).level == Level.RED
