"""Windows onto the demo, as a person opens them: signed in, in a language, on a screen of some width."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

PHONE_WIDTH, DESK_WIDTH = 390, 1280


class Look:
    """Opens windows and collects what a person would complain about: errors, missing files, sideways scrolling."""

    def __init__(self, browser: Browser, notes: dict[str, Any], folder: Path) -> None:
        self.browser, self.notes, self.folder = browser, notes, folder
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    @property
    def desk_url(self) -> str:
        return str(self.notes["base_url"])

    @property
    def phones_url(self) -> str:
        return str(self.notes["sandbox_url"])

    def open(self, *, language: str = "en-US", width: int = DESK_WIDTH, scheme: str = "light") -> Page:
        """A new window without cookies."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            locale=language,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("response", self._watch)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        return page

    def sign_in(self, page: Page, username: str) -> None:
        login = next(one for one in self.notes["logins"] if one["username"] == username)
        page.goto(f"{self.desk_url}/admin/login/?next=/admin/")
        page.fill("[name=username]", login["username"])
        page.fill("[name=password]", login["password"])
        page.keyboard.press("Enter")
        page.locator("#recado-now").wait_for()
        page.wait_for_load_state("networkidle")

    def visit(self, page: Page, path: str) -> None:
        """Open a page of the desk and look whether it fits its window."""
        page.goto(self.desk_url + path)
        page.wait_for_load_state("networkidle")
        self.fits(page, path)

    def fits(self, page: Page, what: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            self.complaints.append(f"{what} is {wide} px wider than its window")

    def picture(self, page: Page, name: str) -> None:
        page.screenshot(path=self.folder / f"{name}.png")

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _watch(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"HTTP {response.status} {response.url}")
