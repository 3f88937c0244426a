"""The front door in a real browser: the demo's code, a passkey in place of a password, and the pages on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from portal.demo.codes import code
from tests.browser.desk import PHONE_WIDTH, Look

pytestmark = pytest.mark.browser

PAGES = ("", "sessions/", "app/", "password/", "passkeys/add/", "logout/")


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """A window whose computer has a passkey built in."""
    page = look.open()
    machine = page.context.new_cdp_session(page)
    machine.send("WebAuthn.enable")
    machine.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    yield page
    machine.detach()


def test_a_passkey_made_once_signs_in_by_itself(look: Look, page: Page) -> None:
    desk = look.desk_url.replace("127.0.0.1", "localhost")  # a bare address cannot have passkeys
    page.goto(f"{desk}/admin/")
    page.fill("[name=login]", "responder")
    page.fill("[name=password]", "aurora-responder")
    page.keyboard.press("Enter")
    page.locator("#recado-now").wait_for()
    try:
        page.goto(f"{desk}/accounts/passkeys/add/")
        say_it_is_me(page)
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.locator("#recovery-codes")).to_be_visible()
        look.picture(page, "recovery-codes")
        page.goto(f"{desk}/accounts/logout/")
        page.get_by_role("button", name="Sign Out").click()
        page.get_by_role("button", name="Use a passkey").click()
        page.locator("#recado-now").wait_for()
    finally:
        # Other tests sign in as the same person: they would be asked for a factor that only this window has.
        remove_passkeys(page, desk)


def say_it_is_me(page: Page) -> None:
    """Some pages want the password once more."""
    if "/again/" in page.url:
        page.fill("[name=password]", "aurora-responder")
        page.keyboard.press("Enter")


def remove_passkeys(page: Page, desk: str) -> None:
    """Whatever the window shows now, signed in or not."""
    page.goto(f"{desk}/accounts/passkeys/")
    if "/login/" in page.url:
        page.get_by_role("button", name="Use a passkey").click()
        page.locator("#recado-now").wait_for()
        page.goto(f"{desk}/accounts/passkeys/")
    ways_out = page.locator("a[href*='/passkeys/'][href$='/remove/']")
    while ways_out.count():
        ways_out.first.click()
        say_it_is_me(page)
        with page.expect_navigation():
            page.locator("main form[method=post] button[type=submit]").last.click()
        page.goto(f"{desk}/accounts/passkeys/")


def test_a_person_who_needs_a_factor_is_asked_for_the_code_that_the_demo_shows(look: Look) -> None:
    page = look.open()
    page.goto(f"{look.desk_url}/admin/")
    look.picture(page, "sign-in")
    page.fill("[name=login]", "operator")
    page.fill("[name=password]", "aurora-operator")
    page.keyboard.press("Enter")
    page.locator("[name=code]").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Demo: show the present codes").click()
    shown = opened.value.locator("tr", has_text="operator").locator("code")
    secret = look.login("operator")["totp_secret"]
    assert shown.inner_text() in {code(secret), code(secret, steps=-1)}
    page.fill("[name=code]", shown.inner_text())
    page.keyboard.press("Enter")
    page.locator("#recado-now").wait_for()


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(PHONE_WIDTH, "dark", "pt-BR"), (PHONE_WIDTH, "light", "es-ES")]
)
def test_pages_of_one_s_sign_in_fit_a_phone(look: Look, width: int, scheme: str, language: str) -> None:
    page = look.open(width=width, scheme=scheme, language=language)
    page.goto(f"{look.desk_url}/accounts/login/")
    look.judge(page, "sign-in")
    look.sign_in(page, "manager")
    for path in PAGES:
        look.visit(page, f"/accounts/{path}")
        look.picture(page, f"accounts-{path.strip('/').replace('/', '-') or 'home'}-{scheme}")
