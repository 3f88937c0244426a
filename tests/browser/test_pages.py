"""Every list of the desk, looked at: in three languages, light and dark, on a desk and on a phone."""

import pytest
from django.contrib import admin

from tests.browser.desk import DESK_WIDTH, PHONE_WIDTH, Look

pytestmark = pytest.mark.browser

LISTS = sorted(model._meta.label_lower.replace(".", "/") for model in admin.site._registry)
"""Every model that has a screen: each has a list that opens."""
PAGES = (
    "forms/form",
    "approvals/flow",
    "incidents/category",
    "providers/account",
    "providers/messagetemplate",
    "people/employee",
    "contacts/contact",
    "calendars/workcalendar",
    "providers/portfolio",
)


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [
        ("en-US", DESK_WIDTH, "light"),
        ("pt-BR", PHONE_WIDTH, "dark"),
        ("es-ES", DESK_WIDTH, "dark"),
        ("es-ES", PHONE_WIDTH, "light"),
    ],
)
def test_every_list_opens_without_a_complaint(look: Look, language: str, width: int, scheme: str) -> None:
    page = look.open(language=language, width=width, scheme=scheme)
    look.sign_in(page, "admin")
    look.judge(page, "home")
    look.picture(page, f"home-{language}-{width}-{scheme}")
    for name in LISTS:
        look.visit(page, f"/admin/{name}/")


@pytest.mark.parametrize(("language", "scheme"), [("en-US", "light"), ("en-US", "dark"), ("pt-BR", "light")])
def test_every_page_that_people_edit_opens_without_a_complaint(look: Look, language: str, scheme: str) -> None:
    page = look.open(language=language, scheme=scheme)
    look.sign_in(page, "admin")
    for name in PAGES:
        look.visit(page, f"/admin/{name}/")
        page.locator("#result_list a[href*='/change/']").first.click()
        page.wait_for_load_state("networkidle")
        look.judge(page, page.url)
        look.picture(page, f"{name.replace('/', '-')}-{language}-{scheme}")


@pytest.mark.parametrize("role", ["hr", "manager", "finance", "responder", "auditor", "operator"])
def test_the_home_of_every_role_shows_no_error(look: Look, role: str) -> None:
    page = look.open(language="pt-BR")
    look.sign_in(page, role)
    look.judge(page, f"home of {role}")
    look.picture(page, f"home-{role}")
    assert page.locator("h1").count() >= 1


def test_the_phones_page_speaks_three_languages_at_both_widths(look: Look) -> None:
    for language in ("en", "pt", "es"):
        for width in (DESK_WIDTH, PHONE_WIDTH):
            page = look.open(width=width)
            page.goto(f"{look.phones_url}/?lang={language}")
            page.locator("#people li").first.wait_for()
            look.judge(page, f"phones {language} {width}")
