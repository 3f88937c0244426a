"""Windows onto the demo, as a person opens them: signed in, in a language, on a screen of some width."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from portal.demo.codes import code
from tests.browser import axe

PHONE_WIDTH, DESK_WIDTH = 390, 1280
LEADS_ON = {302, 303}
_SESSIONS: dict[tuple[str, str], list[Any]] = {}


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
        """By password and code; later by the session that is still good, as a person's browser would."""
        login = self.login(username)
        kept = (self.desk_url, username)
        page.context.add_cookies(_SESSIONS.get(kept, []))
        page.goto(f"{self.desk_url}/admin/")
        if "/accounts/" in page.url:  # nobody has signed in yet, or another test has ended the session
            page.fill("[name=login]", login["username"])
            page.fill("[name=password]", login["password"])
            page.keyboard.press("Enter")
            if login["totp_secret"]:
                self.enter_code(page, username)
        page.locator("#recado-now").wait_for()
        page.wait_for_load_state("networkidle")
        _SESSIONS[kept] = [one for one in page.context.cookies() if one["name"] == "recado_session"]

    def login(self, username: str) -> dict[str, str]:
        found: dict[str, str] = next(one for one in self.notes["logins"] if one["username"] == username)
        return found

    def enter_code(self, page: Page, username: str) -> None:
        """A code is good once, and for a half minute either side: the first of three that the server takes.

        Raises AssertionError with what the page says when it takes none of them.
        """
        secret, said = self.login(username)["totp_secret"], ""
        for steps in (-1, 0, 1):
            page.fill("[name=code]", code(secret, steps=steps))
            with page.expect_response(_is_answer_to_code) as answered:
                page.keyboard.press("Enter")
            page.wait_for_load_state()
            if answered.value.status in LEADS_ON:
                return
            said = page.locator("main").inner_text()
        raise AssertionError(
            f"none of the three codes of {username} that are good now was taken; the page says:\n{said}"
        )

    def visit(self, page: Page, path: str) -> None:
        """Open a page of the desk, and judge it."""
        page.goto(self.desk_url + path)
        page.wait_for_load_state("networkidle")
        self.judge(page, path)

    def wait_for_words(self, page: Page, path: str, words: str) -> None:
        """Open a page of the desk as soon as it says these words: what a worker does needs its while."""
        wait_until(page, _SAYS, [path, words])
        page.goto(self.desk_url + path)
        page.wait_for_load_state("networkidle")

    def expect_status(self, status: int, path: str) -> None:
        """The page just asked for answered with this status, as it should: no complaint. Raises AssertionError otherwise."""
        told = [one for one in self.complaints if one.startswith((f"HTTP {status} ", "console: Failed to load"))]
        assert any(path in one for one in told), f"nothing under {path} answered {status}"
        self.complaints = [one for one in self.complaints if one not in told]

    def judge(self, page: Page, what: str) -> None:
        """Whether the page as it stands fits its window, has a name, and nothing on it shuts people out (WCAG 2.2 AA)."""
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            self.complaints.append(f"{what} is {wide} px wider than its window")
        self.complaints += [f"{what}: {fault}" for fault in axe.faults(page)]

    def picture(self, page: Page, name: str) -> None:
        # Hiding the caret would put a style into the page, which a strict policy refuses aloud.
        page.screenshot(path=self.folder / f"{name}.png", caret="initial")

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _watch(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"HTTP {response.status} {response.url}")


def wait_until(page: Page, holds: str, argument: Any, *, seconds: int = 20) -> None:
    """Ask again and again until an asynchronous function of the page is true. Playwright's own wait takes the promise for
    the answer, and never waits."""
    waited = """async ([argument, seconds]) => {
        const holds = HOLDS, end = Date.now() + 1000 * seconds;
        while (Date.now() < end) {
            if (await holds(argument)) return true;
            await new Promise(done => setTimeout(done, 200));
        }
        return false;
    }""".replace("HOLDS", holds)
    assert page.evaluate(waited, [argument, seconds]), f"not within {seconds} s: {holds} of {argument}"


_SAYS = "async ([path, words]) => (await (await fetch(path)).text()).includes(words)"


def _is_answer_to_code(response: Response) -> bool:
    return response.request.method == "POST" and urlsplit(response.url).path == "/accounts/code/"
