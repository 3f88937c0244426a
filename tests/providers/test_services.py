"""Accounts, wording and approvals on the database; the carrier is answered at the edge of HTTP."""

import json
import re
from typing import Any

import pytest
import responses
from django.db import connection
from django.test import Client

from apps.core.errors import Misconfigured, MoveNotAllowedError, NotPermittedError, TryLater
from apps.journal.models import Body, Entry
from apps.providers import queries, services
from apps.providers.kinds import Kind, Klass, Lane, kinds
from apps.providers.languages import chain
from apps.providers.models import Account, Approval, MessageTemplate, Number, Translation
from apps.providers.policy import faults_of_wording
from apps.providers.registry import provider_for
from apps.providers.standing import state_of
from apps.providers.types import TemplateChanged
from tests import registries
from tests.factories import make_account, make_number, make_user

pytestmark = pytest.mark.django_db

ASKED = Kind(
    name="test.asked", klass=Klass.WORK, lane=Lane.APPROVAL, samples={"who": "Ana", "what": "a chair"},
    bodies={"en": "Hello. {{who}} asks for {{what}}.", "pt-br": "Olá. {{who}} pede {{what}}."},
    buttons={"en": {"reject": "Reject", "ok": "Approve"}, "pt-br": {"reject": "Recusar", "ok": "Aprovar"}},
)  # fmt: skip
TOLD = Kind(name="test.told", klass=Klass.WORK, lane=Lane.NOTICE, samples={"text": "Hi"})


@pytest.fixture(autouse=True)
def only_these_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    registries.swap(monkeypatch, kinds, {kind.name: kind for kind in (ASKED, TOLD)})
    MessageTemplate.objects.all().delete()


@pytest.fixture
def account() -> Account:
    return make_account(base_url="https://graph.facebook.com/v23.0", remote_id="waba")


TEMPLATES = "https://graph.facebook.com/v23.0/waba/message_templates"


def row(language: str = "en", **values: Any) -> dict[str, Any]:
    body = ASKED.bodies["en" if language == "en" else "pt-br"]
    buttons = [{"type": "QUICK_REPLY", "text": title} for title in ("Reject", "Approve")]
    return {"id": f"t-{language}", "name": "test_asked", "language": language, "status": "APPROVED", "category": "UTILITY",
            "parameter_format": "NAMED", "components": [{"type": "BODY", "text": body}, {"type": "BUTTONS", "buttons": buttons}],
            **values}  # fmt: skip


# --- wording ----------------------------------------------------------------------------------------------------------


def test_shipped_wording_becomes_templates_and_edits_are_left_alone() -> None:
    assert services.sync_kinds() == 2
    Translation.objects.filter(language="en").update(body="Edited by HR: {{who}} and {{what}}.")
    Translation.objects.filter(language="pt-br").delete()
    assert services.sync_kinds() == 1
    assert Translation.objects.get(language="en").body.startswith("Edited by HR")
    assert not MessageTemplate.objects.filter(kind="test.told").exists()


@pytest.mark.parametrize(
    ("language", "found"), [("pt-br", "pt-br"), ("pt-BR", "pt-br"), ("pt", "pt-br"), ("pt-pt", "pt-br"), ("es", "en"), ("", "en")]
)  # fmt: skip
def test_wording_falls_back_to_the_nearest_language(language: str, found: str) -> None:
    assert chain(language, ["en", "pt-br"], house="en")[0] == found


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "empty"), ("x" * 1025, "1025"), ("Hi {{who}}", "begins or ends"), ("{{who}} asks.", "begins or ends"),
        ("Hi {{who}} {{what}}.", "side by side"), ("Hi {{nobody}}.", "nobody"), ("Hi {{who.", "not closed"),
        ("Hi {{Wer}}.", "small letters"),
    ],
)  # fmt: skip
def test_a_wording_no_carrier_takes_is_found_before(body: str, fault: str) -> None:
    assert fault in " ".join(faults_of_wording(body, {}, variables={"who", "what", "Wer"}))


@pytest.mark.parametrize(
    "buttons", [{"a": "x" * 21}, {"a": ""}, {"a": "Same", "b": "same"}, {str(n): f"Title {n}" for n in range(4)}]
)
def test_buttons_keep_to_whatsapp_s_limits(buttons: dict[str, str]) -> None:
    assert faults_of_wording("Hi.", buttons, variables=set())
    assert not faults_of_wording("Hi {{who}}.", {"ok": "Approve"}, variables={"who"})


# --- approvals --------------------------------------------------------------------------------------------------------


@responses.activate
def test_missing_templates_are_registered_and_present_ones_taken_over(account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": [row()]})
    responses.post(TEMPLATES, json={"id": "t-pt_BR", "status": "PENDING", "category": "UTILITY"})
    responses.get(TEMPLATES, json={"data": [row(), row("pt_BR", status="PENDING")]})
    result = services.seed_approvals(account=account)
    assert (result.created, result.found, result.approved, result.refused) == (1, 1, 1, ())
    posted = next(call.request for call in responses.calls if call.request.method == "POST")
    draft = json.loads(posted.body or b"")
    assert (draft["name"], draft["language"], draft["parameter_format"]) == ("test_asked", "pt_BR", "named")
    assert [one["text"] for one in draft["components"][1]["buttons"]] == [
        "Recusar",
        "Aprovar",
    ]  # as the kind declares them
    english = Approval.objects.get(remote_language="en")
    assert (english.remote_id, english.state, english.parameters, english.buttons) == (
        "t-en", "APPROVED", ["who", "what"], ["reject", "ok"],
    )  # fmt: skip
    phrases = queries.phrases([("test.asked", account.pk)])["test.asked", account.pk]
    assert {phrase.language: phrase.is_approved for phrase in phrases} == {
        "en": True,
        "pt-br": False,
    }  # still in review


@responses.activate
def test_fetching_twice_changes_and_records_nothing_more(account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": [row(), row("pt_BR")]})
    services.seed_approvals(account=account)
    count = Entry.objects.count()
    services.seed_approvals(account=account)
    assert Entry.objects.count() == count
    assert Approval.objects.count() == 2


@responses.activate
def test_a_refused_template_says_why_and_the_others_go_on(account: Account) -> None:
    services.sync_kinds()
    error = {"error": {"code": 100, "message": "(#100) Invalid", "error_user_msg": "Too many variables"}}
    responses.get(TEMPLATES, json={"data": []})
    responses.post(TEMPLATES, json=error, status=400)
    responses.post(TEMPLATES, json={"id": "2", "status": "PENDING"})
    result = services.seed_approvals(account=account)
    assert (result.created, result.refused) == (1, ("test_asked (en)",))
    refused = Approval.objects.get(remote_language="en")
    assert refused.state == Approval.State.REJECTED
    assert "Too many variables" in refused.reason


@responses.activate
def test_a_rejected_template_is_handed_in_again_once_its_text_was_edited(account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": [row(status="REJECTED", rejected_reason="SCAM"), row("pt_BR")]})
    edit = responses.post("https://graph.facebook.com/v23.0/t-en", json={"success": True})
    services.seed_approvals(account=account)
    assert Approval.objects.get(remote_language="en").reason == "SCAM"
    assert edit.call_count == 0  # the same text would be rejected again
    Translation.objects.update(body="Dear colleague: {{who}} asks for {{what}}.")
    services.seed_approvals(account=account)
    assert edit.call_count == 1
    components = json.loads(edit.calls[0].request.body or b"")["components"]
    assert components[0]["text"] == "Dear colleague: {{who}} asks for {{what}}."


@responses.activate
def test_an_approved_template_is_not_changed_by_an_edit_here(account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": [row(), row("pt_BR")]})
    Translation.objects.update(body="Edited: {{who}} asks for {{what}}.")
    services.seed_approvals(account=account)
    assert Approval.objects.get(remote_language="en").body == ASKED.bodies["en"]
    assert {call.request.method for call in responses.calls} == {"GET"}


@responses.activate
def test_a_template_with_strange_parts_is_not_used(account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": [row(components=[{"type": "HEADER", "format": "IMAGE"}]), row("pt_BR")]})
    services.seed_approvals(account=account)
    assert Approval.objects.get(remote_language="en").state == Approval.State.DISABLED


@responses.activate
def test_too_many_registrations_stop_and_keep_what_was_done(account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": []})
    responses.post(TEMPLATES, json={"id": "1", "status": "PENDING"})
    responses.post(TEMPLATES, json={"error": {"code": 80008, "message": "slow"}}, status=400)
    with pytest.raises(TryLater):
        services.seed_approvals(account=account)
    assert Approval.objects.count() == 1


@pytest.mark.parametrize(
    ("word", "present", "state"),
    [("APPROVED", "PENDING", "APPROVED"), ("FLAGGED", "APPROVED", "APPROVED"), ("PAUSED", "APPROVED", "PAUSED"),
     ("REINSTATED", "DISABLED", "APPROVED"), ("ARCHIVED", "APPROVED", "DISABLED"), ("", "PENDING", "PENDING")],
)  # fmt: skip
def test_the_carrier_s_word_becomes_one_of_our_states(word: str, present: str, state: str) -> None:
    assert state_of(word, present=present) == state


def test_a_webhook_moves_an_approval_and_an_unknown_template_is_not_ours(account: Account) -> None:
    services.sync_kinds()
    approval = Approval.objects.create(
        translation=Translation.objects.get(language="en"), account=account, remote_id="t-en", name="test_asked",
        remote_language="en",
    )  # fmt: skip
    rejected = {"event": "REJECTED", "reason": "INVALID_FORMAT", "rejection_info": {"reason": "Side by side."}}
    assert services.apply_template_change(account=account, event=TemplateChanged("t-en", "x", "en", "state", rejected))
    approval.refresh_from_db()
    assert (approval.state, approval.reason) == ("REJECTED", "Side by side.")
    by_name = TemplateChanged("", "test_asked", "en", "category", {"new_category": "MARKETING"})
    assert services.apply_template_change(account=account, event=by_name)
    approval.refresh_from_db()
    assert (approval.state, approval.category) == ("REJECTED", "MARKETING")
    assert not services.apply_template_change(account=account, event=TemplateChanged("9", "other", "en", "state", {}))
    elsewhere = make_account()
    assert not services.apply_template_change(account=elsewhere, event=by_name)


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_the_default_number_is_the_marked_one_or_the_only_one() -> None:
    with pytest.raises(Misconfigured):
        queries.default_number()
    only = make_number(is_default=False)
    assert queries.default_number() == only
    make_number(is_default=False)
    with pytest.raises(Misconfigured):
        queries.default_number()
    marked = make_number(is_default=True)
    assert queries.default_number() == marked


def test_an_account_breaks_once_however_many_threads_say_so(account: Account) -> None:
    for _thread in range(3):
        services.break_account(account=account, reason="The token ran out.")
    account.refresh_from_db()
    assert (account.state, account.state_reason) == (Account.State.BROKEN, "The token ran out.")
    assert Entry.objects.filter(name="account.broken").count() == 1


def test_an_operator_pauses_and_resumes(account: Account) -> None:
    boss = make_user(is_superuser=True)
    services.pause_account(account=account, by=boss)
    with pytest.raises(MoveNotAllowedError):
        services.pause_account(account=account, by=boss)
    assert services.resume_account(account=account, by=boss).state == Account.State.ACTIVE
    with pytest.raises(NotPermittedError):
        services.pause_account(account=account, by=make_user())
    names = list(Entry.objects.filter(subject_type="providers.account").order_by("id").values_list("name", flat=True))
    assert names == ["account.paused", "account.resumed"]


def test_adapters_are_kept_until_their_credentials_change(account: Account) -> None:
    first = provider_for(account)
    assert provider_for(account) is first
    account.access_token = "another"
    assert provider_for(account) is not first
    account.kind = "pigeon"
    with pytest.raises(Misconfigured):
        provider_for(account)


# --- the screens ------------------------------------------------------------------------------------------------------

SECRETS = {"access_token": "EAA-planted-1", "app_secret": "planted-2", "previous_app_secret": "planted-3",
           "verify_token": "planted-4"}  # fmt: skip


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    return client


def account_data(account: Account, **values: str) -> dict[str, Any]:
    return {
        "name": account.name, "portfolio": account.portfolio_id, "kind": account.kind, "remote_id": account.remote_id,
        "base_url": account.base_url, "numbers-TOTAL_FORMS": 0, "numbers-INITIAL_FORMS": 0, **dict.fromkeys(SECRETS, ""), **values,
    }  # fmt: skip


def url_of(account: Account, rest: str = "change/") -> str:
    return f"/admin/providers/account/{account.pk}/{rest}"


def all_of_the_journal() -> str:
    return str(list(Entry.objects.values())) + str(list(Body.objects.values()))


def test_secrets_reach_no_page_no_list_and_no_journal(client: Client) -> None:
    account = make_account(**SECRETS)
    pages = [client.get(url_of(account)), client.get("/admin/providers/account/")]
    saved = client.post(url_of(account), account_data(account, app_secret="planted-5", name="Renamed"))
    assert saved.status_code == 302, saved.context["adminform"].form.errors
    pages += [
        client.get(url_of(account)),
        client.post(url_of(account), account_data(account, base_url="x", app_secret="planted-6")),
    ]
    for page in pages:
        assert page.status_code == 200
        assert not re.search(r"planted-\d", page.content.decode())
    assert "planted" not in all_of_the_journal()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM providers_account")
        assert "planted" not in str(cursor.fetchall())


def test_an_empty_secret_keeps_the_stored_one_and_a_new_one_starts_a_rotation(client: Client) -> None:
    account = make_account(access_token="t", app_secret="old", verify_token="v")
    client.post(url_of(account), account_data(account, name="Renamed"))
    account.refresh_from_db()
    assert (account.name, account.access_token, account.app_secret, account.previous_app_secret) == (
        "Renamed",
        "t",
        "old",
        "",
    )
    client.post(url_of(account), account_data(account, app_secret="new"))
    account.refresh_from_db()
    assert (account.app_secret, account.previous_app_secret, account.verify_token) == ("new", "old", "v")
    changed = Entry.objects.get(name="account.secret_changed").after["fields"]
    assert changed == ["app_secret", "previous_app_secret"]
    services.forget_previous_secret(account=account, by=make_user(is_superuser=True))
    account.refresh_from_db()
    assert account.previous_app_secret == ""


def test_the_token_travels_over_https_or_to_this_machine_only(client: Client) -> None:
    account = make_account()
    page = client.post(url_of(account), account_data(account, base_url="http://graph.example.com"))
    assert "https:// only" in page.content.decode()
    assert client.post(url_of(account), account_data(account, base_url="http://127.0.0.1:9/")).status_code == 302


def test_a_reader_sees_no_secret_field_and_the_address_is_there_to_copy(client: Client) -> None:
    account = make_account(**SECRETS)
    assert f"/hooks/meta_cloud/{account.hook_key}/" in client.get(url_of(account)).content.decode()
    reader = Client()
    reader.force_login(make_user(roles=["Auditor"]))
    page = reader.get(url_of(account))
    assert page.status_code == 200
    assert "planted" not in page.content.decode()
    assert 'name="access_token"' not in page.content.decode()


def test_the_buttons_tell_what_happened(client: Client, account: Account) -> None:
    page = client.post(url_of(account, "pause/"), follow=True)
    assert "What would go out waits" in page.content.decode(), [str(m) for m in page.context["messages"]]
    account.refresh_from_db()
    assert account.state == Account.State.PAUSED
    client.post(url_of(account, "resume/"), follow=True)
    account.refresh_from_db()
    assert account.state == Account.State.ACTIVE


def template_data(*rows: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"translations-TOTAL_FORMS": len(rows), "translations-INITIAL_FORMS": len(rows),
                            "category": "UTILITY", "fallback": "hold"}  # fmt: skip
    for index, values in enumerate(rows):
        data |= {f"translations-{index}-{name}": value for name, value in values.items()}
    return data


def edited(client: Client, english: str, portuguese: str, **titles: str) -> tuple[int, str]:
    services.sync_kinds()
    template = MessageTemplate.objects.get()
    rows = [
        {
            "id": one.pk,
            "template": template.pk,
            "language": one.language,
            "body": body,
            "title_1": "No",
            "title_2": "Yes",
            **titles,
        }
        for one, body in zip(template.translations.order_by("language"), (english, portuguese), strict=True)
    ]
    page = client.post(f"/admin/providers/messagetemplate/{template.pk}/change/", template_data(*rows))
    return page.status_code, page.content.decode()


def test_hr_edits_the_wording_and_its_version_moves_on(client: Client) -> None:
    assert edited(client, "Hey. {{who}} wants {{what}}.", "Ei. {{who}} quer {{what}}.") == (302, "")
    english = Translation.objects.get(language="en")
    assert (english.body, english.buttons, english.version) == (
        "Hey. {{who}} wants {{what}}.",
        {"reject": "No", "ok": "Yes"},
        2,
    )
    page = client.get(f"/admin/providers/messagetemplate/{english.template_id}/change/").content.decode()
    assert "Hey. Ana wants a chair." in page


@pytest.mark.parametrize(
    ("english", "portuguese", "titles", "fault"),
    [
        ("Hey. {{who}} wants {{what}}.", "Ei. {{who}} quer.", {}, "use the same names"),
        ("Hey. {{boss}} wants.", "Ei. {{boss}} quer.", {}, "Nothing fills in boss"),
        ("Hey. {{who}}", "Ei. {{who}}", {}, "begins or ends"),
        ("Hey.", "Ei.", {"title_1": "x" * 21}, "at most 20"),
        ("x" * 1025, "Ei.", {}, "1025"),
    ],
)
def test_a_wording_that_would_be_refused_is_not_saved(
    client: Client, english: str, portuguese: str, titles: dict[str, str], fault: str
) -> None:
    status, page = edited(client, english, portuguese, **titles)
    assert status == 200
    assert fault in page
    assert Translation.objects.get(language="en").version == 1


@responses.activate
def test_approvals_can_be_read_and_not_edited(client: Client, account: Account) -> None:
    services.sync_kinds()
    responses.get(TEMPLATES, json={"data": [row(), row("pt_BR")]})
    services.seed_approvals(account=account)
    approval = Approval.objects.first()
    assert approval is not None
    page = client.get(f"/admin/providers/approval/{approval.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.get("/admin/providers/approval/").status_code == 200
    assert ">approved<" in re.sub(r"\s", "", client.get("/admin/providers/messagetemplate/").content.decode())


def test_only_one_number_is_the_default() -> None:
    make_number(is_default=True)
    assert Number.objects.filter(is_default=True).count() == 1
