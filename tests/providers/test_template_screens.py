"""Templates at the desk: who may do what, what is shown, and that a GET never changes anything."""

import json
import re
from typing import Any

import pytest
import responses
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.journal.models import Entry
from apps.providers.models import Account, Approval, MessageTemplate, OtherTemplate, TemplateSync, Translation
from apps.providers.uses import Use, finders
from tests import registries
from tests.factories import make_account
from tests.providers.templating import (
    ASKED,
    BASE,
    LIST,
    approved,
    only_this_kind,  # noqa: F401 - fixture
    there,
)
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db
State = Approval.State


@pytest.fixture
def account() -> Account:
    return make_account(base_url=BASE, remote_id="waba", name="Acme Brasil")


def template() -> MessageTemplate:
    return MessageTemplate.objects.get(kind=ASKED.name)


def page_of(client: Client, name: str = "change", **query: Any) -> str:
    args = [] if name in {"changelist", "hand_in"} else [template().pk]
    answer = client.get(reverse(f"admin:providers_messagetemplate_{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client: Client, name: str, *args: Any, **data: Any) -> str:
    answer = client.post(reverse(f"admin:providers_messagetemplate_{name}", args=args), data, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the page ---------------------------------------------------------------------------------------------------------


def test_every_language_is_a_bubble_with_its_examples_filled_in(account: Account) -> None:
    approved(account)
    page = page_of(at_the_desk("HR"))
    for words in (
        "Hello. Ana asks for a chair.",
        "Olá. Ana pede a chair.",
        ">Approve</span>",
        "not handed in",
        "Acme Brasil",
    ):
        assert words in page
    assert 'data-bubble-of="translations-0"' in page
    assert re.search(r'data-samples="[^"]*&quot;who&quot;: &quot;Ana&quot;', page)
    assert "<script>" not in re.sub(r"<script[^>]+>", "", page.partition('class="tpl"')[2].partition("</section>")[0])


def test_the_approved_text_is_shown_as_approved_beside_another_one_here(account: Account) -> None:
    approved(account)
    Translation.objects.filter(language="en").update(body="Brand new. {{who}} asks for {{what}}.")
    page = page_of(at_the_desk("HR"))
    assert "Hello. Ana asks for a chair." in page
    assert "Brand new. Ana asks for a chair." in page
    assert "Ours below differs" in page


def test_trouble_says_what_happened_and_what_may_be_done(account: Account) -> None:
    approved(account, state="PAUSED", reason="SECOND_PAUSE", quality="RED", until=clock.now())
    page = page_of(at_the_desk("HR"))
    for words in ("One language cannot be used", "second time, for six hours", "will be paused soon", "Expected until",
                  "Knock instead", "Hand in again"):  # fmt: skip
        assert words in page
    page = page_of(at_the_desk("Auditor"))
    assert "second time, for six hours" in page
    for words in ("Knock instead", "Hand in again", "Ask WhatsApp again"):
        assert words not in page
    assert "up to HR and operators" in page


def test_hostile_texts_of_the_carrier_stay_texts(account: Account) -> None:
    evil = "<script>alert(1)</script>"
    approved(account, state="REJECTED", reason=evil, advice=evil, name=evil)
    OtherTemplate.objects.create(account=account, remote_id="1", name=evil, language="en", body=evil)
    client = at_the_desk(is_superuser=True)
    pages = [page_of(client), page_of(client, "changelist"), page_of(client, "hand_in", ids=template().pk)]
    pages += [client.get(f"/admin/providers/{name}/").content.decode() for name in ("othertemplate", "approval")]
    for page in pages:
        assert evil not in page


def test_where_it_is_used_is_shown_on_the_page_and_in_the_list(
    monkeypatch: pytest.MonkeyPatch, account: Account
) -> None:
    uses = [Use("Flow “Expense”", "/flow/", 4), Use("7 messages wait", "/held/", 7, waits=True)]
    registries.swap(monkeypatch, finders, {"test": lambda names: {ASKED.name: uses}})
    page = page_of(at_the_desk("HR"))
    assert '<a href="/flow/">Flow “Expense”</a>' in page
    assert "4 under way" in page
    listed = page_of(at_the_desk("HR"), "changelist")
    assert "7 messages wait" in listed
    assert "1 use" in listed


def test_the_list_needs_no_more_queries_for_more_rows(account: Account, django_assert_max_num_queries: Any) -> None:
    client = at_the_desk(is_superuser=True)
    approved(account)
    page_of(client, "changelist")
    with django_assert_max_num_queries(40) as few:
        page_of(client, "changelist")
    for number in range(20):
        made = MessageTemplate.objects.create(kind=f"more.{number}")
        row = Translation.objects.create(template=made, language="en", body="Hi.")
        Approval.objects.create(
            account=account, translation=row, remote_id=f"m{number}", name="m", remote_language="en"
        )
    with django_assert_max_num_queries(len(few.captured_queries)):
        page_of(client, "changelist")


def test_the_list_finds_what_needs_attention(account: Account) -> None:
    client = at_the_desk("HR")
    assert "test.asked" not in page_of(client, "changelist", at="trouble").partition("result_list")[2]
    assert "test.asked" in page_of(client, "changelist", at="missing").partition("result_list")[2]
    approved(account, correct_category="MARKETING")
    assert "test.asked" in page_of(client, "changelist", at="trouble").partition("result_list")[2]
    assert "will become MARKETING within a day" in page_of(client)


# --- deeds ------------------------------------------------------------------------------------------------------------


def test_a_category_is_agreed_to_by_a_post_of_somebody_who_may(account: Account) -> None:
    row = approved(account, state="RECATEGORISED", category="MARKETING")
    hr, auditor = at_the_desk("HR"), at_the_desk("Auditor")
    url = reverse("admin:providers_messagetemplate_accept", args=[template().pk, row.pk])
    hr.get(url)
    assert "You may not do this" in post(auditor, "accept", template().pk, row.pk)
    row.refresh_from_db()
    assert row.state == State.RECATEGORISED
    assert "Agreed: it goes out as MARKETING" in post(hr, "accept", template().pk, row.pk)
    row.refresh_from_db()
    assert (row.state, row.accepted_category) == (State.APPROVED, "MARKETING")
    assert "no other category" in post(hr, "accept", template().pk, row.pk)
    assert Entry.objects.filter(name="approval.changed", actor_kind="user").count() == 1
    other = MessageTemplate.objects.create(kind="another")
    wrong = hr.post(reverse("admin:providers_messagetemplate_accept", args=[other.pk, row.pk]))
    assert wrong.status_code == 404


def test_the_fallback_is_chosen_and_recorded(account: Account) -> None:
    hr = at_the_desk("HR")
    post(hr, "fallback", template().pk, fallback="knock")
    assert template().fallback == "knock"
    post(hr, "fallback", template().pk, fallback="nonsense")
    assert template().fallback == "hold"
    names = Entry.objects.filter(subject_type="providers.messagetemplate").values_list("name", flat=True)
    assert list(names) == ["messagetemplate.fallback_set"] * 2
    assert "You may not do this" in post(at_the_desk("Auditor"), "fallback", template().pk, fallback="knock")


@responses.activate
def test_whatsapp_is_asked_again_by_hand(account: Account) -> None:
    row = approved(account)
    responses.get(f"{BASE}/t-en", json=there(status="PAUSED"))
    assert "something has changed" in post(at_the_desk("HR"), "ask", template().pk, row.pk)
    assert "it is as it was" in post(at_the_desk("HR"), "ask", template().pk, row.pk)
    responses.replace(responses.GET, f"{BASE}/t-en", json={"error": {"code": 190, "message": "x"}}, status=401)
    assert "new token" in post(at_the_desk("HR"), "ask", template().pk, row.pk)


# --- handing in -------------------------------------------------------------------------------------------------------


def english() -> Translation:
    return Translation.objects.get(language="en", template__kind=ASKED.name)


def hand_in(client: Client, account: Account, *rows: Translation, **data: Any) -> str:
    ticked = [str(row.pk) for row in rows]
    return post(client, "hand_in", ids=str(template().pk), account=account.pk, translation=ticked, **data)


@responses.activate
def test_languages_are_handed_in_and_only_those_that_are_ticked(account: Account) -> None:
    responses.post(LIST, json={"id": "9", "status": "PENDING", "category": "UTILITY"})
    Translation.objects.filter(language="en").update(header="A request", footer="Recado")
    hr = at_the_desk("HR")
    page = page_of(hr, "hand_in", ids=template().pk)
    assert page.count('name="translation"') == 2
    assert len(responses.calls) == 0
    assert "Handed in: test.asked (en)" in hand_in(hr, account, english())
    (call,) = responses.calls
    components = json.loads(call.request.body or b"")["components"]
    assert [(one["type"], one.get("text")) for one in components[:3]] == [
        ("HEADER", "A request"), ("BODY", ASKED.bodies["en"]), ("FOOTER", "Recado"),
    ]  # fmt: skip
    row = Approval.objects.get()
    assert (row.state, row.remote_id) == (State.PENDING, "9")
    assert set(Entry.objects.filter(subject_type="providers.approval").values_list("name", flat=True)) == {
        "approval.registered", "approval.submitted",
    }  # fmt: skip
    assert "reviewing it" in page_of(hr, "hand_in", ids=template().pk)
    assert "nothing was handed in" in hand_in(hr, account)


@responses.activate
def test_an_approved_text_is_replaced_only_when_that_was_ticked(account: Account) -> None:
    approved(account)
    Translation.objects.filter(language="en").update(body="New. {{who}} asks for {{what}}.")
    edit = responses.post(f"{BASE}/t-en", json={"success": True})
    hr = at_the_desk("HR")
    page = page_of(hr, "hand_in", ids=template().pk)
    for words in ("Approved now:", "Instead of it:", "Replace approved texts", "New. Ana asks"):
        assert words in page
    assert "stays until somebody confirms" in hand_in(hr, account, english())
    assert edit.call_count == 0
    assert "Handed in" in hand_in(hr, account, english(), confirmed="1")
    assert json.loads(edit.calls[0].request.body or b"").keys() == {"components"}  # the category is fixed
    row = Approval.objects.get()
    assert (row.state, row.body, row.is_doubtful) == (State.APPROVED, ASKED.bodies["en"], True)


@responses.activate
def test_what_whatsapp_refuses_is_said_and_the_approved_text_stands(account: Account) -> None:
    approved(account)
    Translation.objects.filter(language="en").update(body="New. {{who}} asks for {{what}}.")
    error = {"error": {"code": 100, "message": "(#100) Invalid", "error_user_msg": "Too many <b>variables</b>"}}
    responses.post(f"{BASE}/t-en", json=error, status=400)
    page = hand_in(at_the_desk("HR"), account, english(), confirmed="1")
    assert "Too many &lt;b&gt;variables" in page
    assert Approval.objects.get().is_usable


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"body": "Hi {{who}}"}, "begins or ends"),
        ({"body": "x" * 1025}, "1025"),
        ({"body": "Hi {{nobody}}."}, "Nothing fills in nobody"),
        ({"header": "Hi {{who}}"}, "may not fill in names"),
        ({"buttons": {"reject": "Same", "ok": "same"}}, "same title"),
    ],
)
@responses.activate
def test_faults_are_named_before_whatsapp_sees_them(account: Account, values: dict[str, Any], why: str) -> None:
    Translation.objects.filter(language="en").update(**values)
    hr = at_the_desk("HR")
    assert why in page_of(hr, "hand_in", ids=template().pk)
    assert "was not handed in" in hand_in(hr, account, english())
    assert len(responses.calls) == 0


@responses.activate
def test_limits_are_kept_before_whatsapp_refuses(account: Account) -> None:
    hr = at_the_desk("HR")
    Account.objects.update(templates_most=1)
    OtherTemplate.objects.create(account=account, remote_id="1", name="theirs", language="en")
    assert "has room for 1 templates" in page_of(hr, "hand_in", ids=template().pk)
    Account.objects.update(templates_most=250)
    made = MessageTemplate.objects.create(kind="more")
    rows = [Translation(template=made, language=str(number), body="Hi.") for number in range(100)]
    now = clock.now()
    Approval.objects.bulk_create(
        Approval(
            account=account, translation=row, name="more", remote_language=row.language, submitted_at=now, remote_id="1"
        )
        for row in Translation.objects.bulk_create(rows)
    )
    assert "100 new templates an hour" in page_of(hr, "hand_in", ids=template().pk)


def test_who_may_not_hand_in_is_refused(account: Account) -> None:
    for role in ("Auditor", "Automation owner", "Manager", "Responder"):
        client = at_the_desk(role)
        assert client.get(reverse("admin:providers_messagetemplate_hand_in"), {"ids": template().pk}).status_code == 403
        answer = client.post(
            reverse("admin:providers_messagetemplate_hand_in"), {"ids": template().pk, "account": account.pk}
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("ids", ["", "x", "0", "-1", "99999999999999999999", "1,2,x", "'; drop table", "1" * 5000])
def test_nonsense_in_the_address_shows_an_empty_page(account: Account, ids: str) -> None:
    client = at_the_desk("HR")
    for account_id in ("", "x", "99999999999999999999"):
        page = page_of(client, "hand_in", ids=ids, account=account_id)
        assert "There is nothing to hand in." in page or 'name="translation"' in page


def test_without_an_account_the_pages_say_so() -> None:
    hr = at_the_desk("HR")
    assert "There is no WhatsApp account yet" in page_of(hr)
    assert "There is no WhatsApp account that works" in page_of(hr, "hand_in", ids=template().pk)


def test_the_action_of_the_list_leads_to_the_page(account: Account) -> None:
    client = at_the_desk("HR")
    answer = client.post(
        reverse("admin:providers_messagetemplate_changelist"),
        {"action": "hand_in", "_selected_action": [template().pk]},
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"/hand-in/?ids={template().pk}")


# --- the account's page -----------------------------------------------------------------------------------------------


def test_the_account_s_page_says_how_fetching_goes(account: Account) -> None:
    client = at_the_desk(is_superuser=True)
    url = reverse("admin:providers_account_change", args=[account.pk])
    assert "Not fetched yet" in client.get(url).content.decode()
    client.post(reverse("admin:providers_account_fetch_templates", args=[account.pk]))
    job = TemplateSync.objects.get()
    assert "Being fetched: 0 pages" in client.get(url).content.decode()
    again = client.post(reverse("admin:providers_account_fetch_templates", args=[account.pk]), follow=True)
    assert "being fetched just now" in again.content.decode()
    client.post(reverse("admin:providers_account_stop_fetching", args=[account.pk]))
    assert "Stopped" in client.get(url).content.decode()
    TemplateSync.objects.filter(pk=job.pk).update(state="failed", error="No <b>token</b>.")
    page = client.get(url).content.decode()
    assert "No &lt;b&gt;token&lt;/b&gt;." in page
    TemplateSync.objects.filter(pk=job.pk).update(
        state="done", counts={"there": 3, "ours": 2, "approved": 1, "refused": ["a"]}
    )
    OtherTemplate.objects.create(account=account, remote_id="1", name="theirs", language="en")
    page = client.get(url).content.decode()
    assert "3 there, 2 of them ours, 1 approved. Refused: a." in page
    assert "1 template there is not ours." in page
