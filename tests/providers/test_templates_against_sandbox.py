# ruff: noqa: F811 - the fixtures below are named like what they give
"""The life of templates against the pretend WhatsApp: real HTTP both ways, webhooks verified, parsed and applied."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.journal.models import Entry
from apps.providers import approving, fetching, services, syncing
from apps.providers.approving import Act
from apps.providers.models import Account, Approval, OtherTemplate, TemplateSync, Translation
from apps.providers.registry import provider_for
from apps.providers.types import Parsed, RawRequest, TemplateChanged
from tests.factories import make_account, make_user
from tests.providers.templating import (
    ASKED,
    only_this_kind,  # noqa: F401 - fixture
)
from tests.sandbox.conftest import process, receiver, sandbox  # noqa: F401 - fixtures
from tests.sandbox.rig import SECRET, TOKEN, WABA, Receiver, Sandbox, until

pytestmark = pytest.mark.django_db
State = Approval.State


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    sandbox.api("PUT", f"accounts/{WABA}", {"auto_approve": False})
    base = f"http://127.0.0.1:{sandbox.port}/graph/v23.0"
    return make_account(base_url=base, remote_id=WABA, access_token=TOKEN, app_secret=SECRET)


Take = Callable[[Callable[[Approval], object]], None]


@pytest.fixture
def heard(account: Account, receiver: Receiver) -> Take:
    """Applies webhooks as the door and its worker would, asks where they leave doubt, until our row is as expected."""
    done = 0

    def take() -> None:
        nonlocal done
        provider, fresh = provider_for(account), list(receiver.seen)[done:]
        done += len(fresh)
        for body, signature in fresh:
            provider.verify(RawRequest("POST", "", {}, {"x-hub-signature-256": signature}, body))
            for piece in provider.parse(body):
                assert isinstance(piece, Parsed)
                assert isinstance(piece.event, TemplateChanged)
                services.apply_template_change(account=account, event=piece.event)
        syncing.look()

    def wait(check: Callable[[Approval], object]) -> None:
        def is_so() -> object:
            take()
            return check(english())

        until(is_so, "the webhook to take effect")

    return wait


def english() -> Approval:
    return Approval.objects.select_related("translation__template").get(translation__language="en")


def say(sandbox: Sandbox, path: str, **values: Any) -> None:
    sandbox.api("POST", f"templates/{english().remote_id}/{path}", values)


def submit(account: Account, *, is_confirmed: bool = False) -> list[approving.Outcome]:
    return services.submit_templates(
        account=account,
        rows=Translation.objects.filter(language="en"),
        by=make_user(roles=["HR"]),
        is_confirmed=is_confirmed,
    )


def test_a_template_lives_from_draft_to_disabled(account: Account, sandbox: Sandbox, heard: Take) -> None:
    (outcome,) = submit(account)
    assert (outcome.error, english().state) == ("", State.PENDING)
    assert approving.plan(account=account, rows=[english().translation])[0].act == Act.NOTHING  # in review
    say(sandbox, "status", status="REJECTED", reason="INVALID_FORMAT",
        rejection_info={"reason": "Names side by side.", "recommendation": "Put a word between."})  # fmt: skip
    heard(lambda row: row.advice)
    row = english()
    assert (row.state, row.reason, row.advice) == (State.REJECTED, "Names side by side.", "Put a word between.")
    assert approving.plan(account=account, rows=[row.translation])[0].act == Act.BLOCKED  # the very same text
    Translation.objects.filter(language="en").update(body="Good day. {{who}} asks for {{what}}.", footer="Recado")
    assert submit(account)[0].error == ""
    say(sandbox, "status", status="APPROVED")
    heard(lambda row: row.is_usable)
    row = english()
    assert (row.state, row.body, row.footer) == (State.APPROVED, "Good day. {{who}} asks for {{what}}.", "Recado")
    say(sandbox, "status", status="PAUSED", other_info={"title": "FIRST_PAUSE", "description": "x"})
    say(sandbox, "change", quality="RED")
    heard(lambda row: row.state == State.PAUSED and row.quality == "RED")
    row = english()
    assert (row.state, row.reason, row.quality) == (State.PAUSED, "FIRST_PAUSE", "RED")
    assert row.until is not None
    assert timedelta(hours=2, minutes=59) < row.until - clock.now() <= timedelta(hours=3)
    say(sandbox, "status", status="APPROVED", other_info={"title": "UNPAUSE"})
    heard(lambda row: row.is_usable)
    assert (english().reason, english().until) == ("", None)
    say(sandbox, "status", status="DISABLED", disable_info={"disable_date": 1767225600})
    heard(lambda row: row.state == State.DISABLED)
    assert english().until is not None
    assert "disabled" in submit(account)[0].error


def test_an_approved_text_is_replaced_by_choice_once_a_day(account: Account, sandbox: Sandbox, heard: Take) -> None:
    submit(account)
    say(sandbox, "status", status="APPROVED")
    heard(lambda row: row.is_usable)
    new = "Good day. {{who}} asks for {{what}}."
    Translation.objects.filter(language="en").update(body=new)
    assert "stays until somebody confirms" in submit(account)[0].error
    assert submit(account, is_confirmed=True)[0].error == ""
    row = english()
    assert (row.body, row.proposed["body"], len(row.edited_at)) == (ASKED.bodies["en"], new, 1)
    syncing.look()  # asked at once: the carrier reviews it, and what is approved stays what was approved
    row = english()
    assert (row.state, row.body, row.proposed["body"]) == (State.PENDING, ASKED.bodies["en"], new)
    say(sandbox, "status", status="APPROVED")
    heard(lambda row: row.is_usable)
    row = english()
    assert (row.state, row.body, row.proposed) == (State.APPROVED, new, {})
    Translation.objects.filter(language="en").update(body="Hello again. {{who}} asks for {{what}}.")
    assert "once a day" in submit(account, is_confirmed=True)[0].error
    # And were our count wrong: the carrier refuses, and the approved text stands.
    Approval.objects.update(edited_at=[])
    assert "once in 24 hours" in submit(account, is_confirmed=True)[0].error
    row = english()
    assert (row.state, row.body, row.proposed) == (State.APPROVED, new, {})


def test_a_category_is_announced_changed_and_agreed_to(account: Account, sandbox: Sandbox, heard: Take) -> None:
    submit(account)
    say(sandbox, "status", status="APPROVED")
    heard(lambda row: row.is_usable)
    say(sandbox, "change", correct_category="MARKETING")
    heard(lambda row: row.correct_category == "MARKETING")
    assert (english().category, english().state) == ("UTILITY", State.APPROVED)
    say(sandbox, "change", category="MARKETING")
    heard(lambda row: row.state == State.RECATEGORISED)
    assert english().correct_category == ""
    services.accept_category(approval=english(), by=make_user(roles=["Operator"]))
    run(account)
    assert english().state == State.APPROVED


def run(account: Account) -> TemplateSync:
    job = fetching.run(services.begin_fetching(account=account, by=make_user(is_superuser=True)).pk)
    assert job is not None
    return job


def test_hundreds_are_paged_changed_and_deleted_while_they_are_read(account: Account, sandbox: Sandbox) -> None:
    submit(account)
    body = {"type": "BODY", "text": "A campaign."}
    strange = [{"name": f"campaign_{number}", "language": "en", "components": [body]} for number in range(230)]
    sandbox.api("PUT", f"accounts/{WABA}/templates", strange)
    job = run(account)
    assert (job.state, job.pages, job.counts["there"], job.counts["other"]) == (TemplateSync.State.DONE, 3, 231, 230)
    entries = Entry.objects.exclude(name="account.templates_asked").count()
    provider = provider_for(account)
    pages = provider.template_pages()
    next(pages)
    request(sandbox, "DELETE", f"{WABA}/message_templates?name=campaign_3")
    request(sandbox, "DELETE", f"{WABA}/message_templates?name=campaign_150")
    names = [one.name for page in pages for one in page]
    assert "campaign_150" not in names
    assert len(names) == len(set(names)) == 130  # one that was read is gone, and nothing was skipped for it
    run(account)
    assert OtherTemplate.objects.count() == 228
    assert Entry.objects.exclude(name="account.templates_asked").count() == entries


def test_one_that_was_deleted_there_is_noticed_and_may_not_be_made_again_at_once(
    account: Account, sandbox: Sandbox
) -> None:
    submit(account)
    request(sandbox, "DELETE", f"{WABA}/message_templates?name=test_asked")
    assert run(account).counts["gone"] == 1
    syncing.look()
    row = english()
    assert (row.state, row.reason) == (State.DISABLED, "GONE")
    (outcome,) = submit(account)
    assert "30 days" in outcome.error
    assert english().state == State.REJECTED


def test_what_somebody_changed_over_there_is_read(account: Account, sandbox: Sandbox, heard: Take) -> None:
    submit(account)
    say(sandbox, "status", status="APPROVED")
    heard(lambda row: row.is_usable)
    body = {"type": "BODY", "text": "From Meta: {{who}} wants {{what}}.", "example": {"body_text_named_params": []}}
    say(sandbox, "change", components=[body])
    heard(lambda row: row.body.startswith("From Meta"))
    assert english().buttons == []


def request(sandbox: Sandbox, method: str, path: str) -> Any:
    status, answer = sandbox.call(method, f"/graph/v23.0/{path}", token=TOKEN)
    assert status == 200, answer
    return answer
