"""The sandbox's phones, as a person holds them."""

import re

from playwright.sync_api import Page, expect

from tests.browser.desk import Look


class Phones:
    """The phones page in one window."""

    def __init__(self, look: Look, page: Page, language: str = "en") -> None:
        self.page = page
        page.goto(f"{look.phones_url}/?lang={language}")

    def pick(self, name: str) -> None:
        self.page.locator("#people li").filter(has=self.page.get_by_text(name, exact=True)).first.click()
        expect(self.page.locator("#who-name")).to_contain_text(name)

    def write(self, text: str) -> None:
        self.page.fill("#text", text)
        self.page.keyboard.press("Enter")

    def reads(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("#messages > li.row:not(.me)").last).to_contain_text(words)

    def tap(self, title: str) -> None:
        self.page.locator("#messages .taps").last.get_by_role("button", name=title, exact=True).click()

    def choose(self, button: str, row: str) -> None:
        self.tap(button)
        self.page.locator("#sheet").get_by_role("button", name=row).first.click()

    def send_sample(self, title: str) -> None:
        self.page.click("#attach")
        self.page.locator("#sheet").get_by_role("button", name=re.compile(title, re.IGNORECASE)).first.click()
