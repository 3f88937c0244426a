"""Nobody is shut out: pages that no list leads to, forms with errors, a keyboard, a window of 320 px (docs/theme.md)."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Look

pytestmark = pytest.mark.browser

NARROW = 320
"""CSS pixels: a screen of 1280 at four times its size, as people with weak eyes use it."""
ASIDE = (
    "people/importjob/upload/", "people/employee/export/", "people/employee/add/", "people/user/add/", "forms/form/add/",
    "providers/account/add/", "health/pulse/", "people/leaving/", "contacts/invitation/",
)  # fmt: skip
REFLOWED = ("", "people/employee/", "people/importjob/upload/", "people/absence/add/", "health/pulse/")
LANGUAGES = {"en-US": "en", "pt-BR": "pt-br", "es-ES": "es"}


def page_of(look: Look, page: Page, number: str) -> str:
    """The address of an employee's page, up to its last word."""
    page.goto(f"{look.desk_url}/admin/people/employee/?q={number}")
    href = page.locator("#result_list a[href*='/change/']").first.get_attribute("href")
    assert href
    return href.split("?")[0].removesuffix("change/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_that_no_list_leads_to_shut_nobody_out(look: Look, scheme: str) -> None:
    page = look.open(scheme=scheme)
    look.sign_in(page, "admin")
    for path in ASIDE:
        look.visit(page, f"/admin/{path}")
    employee = page_of(look, page, "A-002")
    look.visit(page, f"{employee}mark-left/")
    look.picture(page, f"mark-left-{scheme}")
    look.visit(page, f"{employee.replace('/people/employee/', '/contacts/enrolment/')}invite/")
    look.visit(page, "/api/docs/")
    look.picture(page, f"api-docs-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_with_errors_shuts_nobody_out_and_keeps_what_was_typed(look: Look, scheme: str) -> None:
    page = look.open(scheme=scheme)
    look.sign_in(page, "admin")
    page.goto(f"{look.desk_url}/admin/people/employee/add/")
    page.fill("[name=name]", "Somebody New")
    page.fill("[name=phone]", "call me")
    page.locator("form#employee_form").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.get_by_text("“call me” is not a phone number").first).to_be_visible()
    expect(page.locator("[name=name]")).to_have_value("Somebody New")
    look.judge(page, "a form with errors")
    look.picture(page, f"form-with-errors-{scheme}")


@pytest.mark.parametrize("path", REFLOWED)
def test_a_page_of_320_pixels_does_not_scroll_sideways(look: Look, path: str) -> None:
    page = look.open(width=NARROW)
    look.sign_in(page, "admin")
    look.visit(page, f"/admin/{path}")
    look.picture(page, f"narrow-{path.strip('/').replace('/', '-') or 'home'}")


def test_a_keyboard_reaches_the_content_at_once_and_sees_where_it_is(look: Look) -> None:
    page = look.open()
    look.sign_in(page, "hr")
    page.goto(f"{look.desk_url}/admin/people/employee/")
    page.keyboard.press("Tab")
    expect(page.locator(".recado-skip")).to_be_focused()
    expect(page.locator(".recado-skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    unseen = []
    for _stop in range(25):
        page.keyboard.press("Tab")
        if mark := page.evaluate(_UNSEEN):
            unseen.append(mark)
    assert unseen == []


_UNSEEN = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1.5;
  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  return one === document.body || (ringed && seen) ? "" : one.outerHTML.slice(0, 160);
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_says_its_language_and_its_name(look: Look, language: str) -> None:
    page = look.open(language=language)
    look.sign_in(page, "hr")
    titles = set()
    for path in ("/admin/", "/admin/people/employee/", "/admin/people/importjob/upload/", "/accounts/"):
        page.goto(look.desk_url + path)
        assert page.locator("html").get_attribute("lang") == LANGUAGES[language]
        titles.add(page.title())
    assert len(titles) == 4
