"""Pages that no list leads to: what a link opens without a sign-in, the palette, a timeline, who may do what, many rows, views."""

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import DESK_WIDTH, PHONE_WIDTH, Look
from tests.files.test_doubts import picture
from tests.stack import Stack

pytestmark = pytest.mark.browser

ANA, LUCIA = "A-008", "A-003"
"""Whoever asks, and whoever stands in for her manager."""
LINK = re.compile(r"http\S+/f/w1\.[0-9a-z]+\.[0-9a-f]{32}\.[0-9a-f]{22}/")
each_look = pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en-US", DESK_WIDTH, "light"), ("pt-BR", DESK_WIDTH, "dark"), ("es-ES", PHONE_WIDTH, "light")],
)


def employee(page: Page, look: Look, number: str) -> str:
    """The key of an employee of the demo."""
    page.goto(f"{look.desk_url}/admin/people/employee/?q={number}")
    href = page.locator("#result_list a[href*='/change/']").first.get_attribute("href")
    assert href
    return href.split("/employee/")[1].split("/")[0]


def make_link(look: Look, desk: Page, person: str, what: str) -> None:
    """Press the button that makes it; `what` is the value of a choice, or what stands before its colon."""
    look.visit(desk, f"/admin/web/link/new/{person}/")
    desk.locator(f"input[name=what][value='{what}'], input[name=what][value^='{what}:']").first.check()
    with desk.expect_navigation():
        desk.locator(".web-desk button[type=submit]").click()
    desk.wait_for_load_state("networkidle")


def shown_link(look: Look, desk: Page, person: str, what: str) -> str:
    make_link(look, desk, person, what)
    look.judge(desk, "the address of a link")
    return desk.locator(".web-address code").inner_text()


def mailed_link(look: Look, desk: Page, person: str, what: str, mail: Path) -> str:
    """A link to decide is shown to nobody: it is in the letter."""
    make_link(look, desk, person, what)
    for state in ("waiting", "sending"):
        look.wait_for_words(desk, f"/admin/web/link/?mail_state__exact={state}", "recado-nothing")
    newest = max(mail.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    letter = message_from_bytes(newest.read_bytes().split(b"\n" + b"-" * 79)[0], policy=policy.default)
    body = letter.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found, body.get_content()
    return found[0]


@each_look
def test_what_a_link_opens_shuts_nobody_out(look: Look, stack: Stack, language: str, width: int, scheme: str) -> None:
    desk = look.open()
    look.sign_in(desk, "admin")
    ana, lucia = employee(desk, look, ANA), employee(desk, look, LUCIA)
    page = look.open(language=language, width=width, scheme=scheme)

    page.goto(shown_link(look, desk, ana, "form-approvals.request"))
    look.judge(page, "a form without a sign-in")
    look.picture(page, f"web-form-{width}-{scheme}")
    # What was wrong is said with the code that it has: not a complaint of the browser.
    page.locator("form button.main").click()
    page.locator(".summary").wait_for()
    look.expect_status(422, "/f/")
    look.judge(page, "a form with errors without a sign-in")
    what = f"Taxi {language} {width} {scheme}"
    page.locator("[name=f-amount]").fill("78")
    page.locator("[name=f-what]").fill(what)
    page.set_input_files("[name=f-receipt]", {"name": "receipt.png", "mimeType": "image/png", "buffer": picture("PNG")})
    page.locator("form button.main").click()
    page.locator("form").wait_for(state="detached")
    look.judge(page, "a form that was sent")
    code = re.search(r"R-\d+", page.locator("main").inner_text())
    assert code

    page.goto(shown_link(look, desk, ana, "mine"))
    card = page.locator(".card").filter(has=page.get_by_text(code[0], exact=True))
    expect(card).to_have_count(1)
    look.judge(page, "my requests")
    look.picture(page, f"web-mine-{width}-{scheme}")
    card.locator("button").first.click()
    page.locator("button[name=confirmed]").wait_for()
    look.judge(page, "withdrawing a request")

    page.goto(mailed_link(look, desk, lucia, f"decide-{code[0].removeprefix('R-')}", stack.folder / "mail"))
    expect(page.locator("main")).to_contain_text(what)
    look.judge(page, "a decision")
    look.picture(page, f"web-decide-{width}-{scheme}")
    page.locator("button[name=verdict][value=approve]").click()
    page.locator(".confirm").wait_for()
    look.judge(page, "a decision, asked once more")
    page.locator("button[name=confirmed]").click()
    page.locator(".note[role=status]").wait_for()
    look.judge(page, "a decision that was taken")


@each_look
def test_the_palette_shuts_nobody_out(look: Look, language: str, width: int, scheme: str) -> None:
    page = look.open(language=language, width=width, scheme=scheme)
    look.sign_in(page, "admin")
    page.keyboard.press("Control+k")
    expect(page.locator("#recado-find")).to_be_visible()
    look.judge(page, "the palette")
    page.keyboard.type("Ana")
    page.locator("#recado-found [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    look.judge(page, "the palette with what it found")
    look.picture(page, f"palette-{width}-{scheme}")
    page.keyboard.press("Escape")
    expect(page.locator("#recado-find")).to_be_hidden()


@each_look
def test_pages_beside_the_lists_shut_nobody_out(look: Look, language: str, width: int, scheme: str) -> None:
    page = look.open(language=language, width=width, scheme=scheme)
    look.sign_in(page, "admin")
    person = employee(page, look, ANA)
    look.visit(page, f"/admin/people/employee/{person}/timeline/")
    look.picture(page, f"timeline-{width}-{scheme}")
    look.visit(page, "/admin/who-may-do-what/")
    look.picture(page, f"who-may-do-what-{width}-{scheme}")
    look.visit(page, f"/admin/web/link/behalf/{person}/")


@each_look
def test_trying_a_flow_out_shuts_nobody_out(look: Look, language: str, width: int, scheme: str) -> None:
    page = look.open(language=language, width=width, scheme=scheme)
    look.sign_in(page, "admin")
    person = employee(page, look, ANA)
    page.goto(f"{look.desk_url}/admin/approvals/flow/?q=expense")
    href = page.locator("#result_list a[href*='/change/']").first.get_attribute("href")
    assert href
    flow = href.split("/flow/")[1].split("/")[0]
    look.visit(page, f"/admin/approvals/flow/{flow}/try/")
    look.visit(page, f"/admin/approvals/flow/{flow}/try/?employee={person}&answer-amount=much")
    expect(page.locator(".request-wrong")).to_have_count(1)
    page.locator("[name=answer-amount]").fill("780,00")
    with page.expect_navigation():
        page.locator(".try-form button[type=submit]").click()
    expect(page.locator(".request-route > li")).to_have_count(2)
    expect(page.locator(".request-route")).to_contain_text("Grace Miller")
    look.judge(page, "a flow that was tried out")
    look.picture(page, f"try-{width}-{scheme}")


@each_look
def test_asking_before_many_rows_are_changed_shuts_nobody_out(
    look: Look, language: str, width: int, scheme: str
) -> None:
    page = look.open(language=language, width=width, scheme=scheme)
    look.sign_in(page, "admin")
    look.visit(page, "/admin/people/employee/?q=A-01")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("people.mark_left")
    with page.expect_navigation():
        page.locator("button[name=index]").first.click()
    expect(page.locator(".recado-many")).to_be_visible()
    look.judge(page, "asking before many rows are changed")
    look.picture(page, f"bulk-{width}-{scheme}")


@each_look
def test_saved_views_shut_nobody_out(look: Look, language: str, width: int, scheme: str) -> None:
    page = look.open(language=language, width=width, scheme=scheme)
    look.sign_in(page, "admin")
    name = f"Aninhas {language}"
    look.visit(page, "/admin/people/employee/?q=A-00")
    views = page.locator(".recado-views")
    views.locator("summary").first.click()
    look.judge(page, "saving a view")
    views.locator("input[name=name]").first.fill(name)
    views.locator("button.is-main").first.click()
    expect(views.get_by_role("link", name=name)).to_be_visible()
    views.locator("summary").last.click()
    look.judge(page, "views to manage")
    look.picture(page, f"views-{width}-{scheme}")
    page.locator(".recado-view-list form[action$='/delete/']").last.locator("button").click()
    expect(views.get_by_role("link", name=name)).to_have_count(0)
