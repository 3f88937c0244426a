"""What a story needs: phones that speak and wait, a desk that signs in and reads pages, steps that are told as they pass."""

import html
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from portal.demo.codes import STEP, code
from portal.demo.sandbox import Sandbox

PATIENCE_SECONDS = 45.0
"""How long an answer may take: a busy machine with two cores needs two or three."""

_SESSIONS: dict[tuple[str, str], dict[str, str]] = {}


class FailedError(AssertionError):
    """An expectation was not met; the text says which, and what was there instead."""


@dataclass
class Narrator:
    """Says each step as it passes. `tell` gets one line."""

    tell: Callable[[str], None]
    steps: int = 0

    def title(self, text: str) -> None:
        self.tell("")
        self.tell(text)

    def passed(self, text: str) -> None:
        self.steps += 1
        self.tell(f"  ✓ {text}")

    def heard(self, who: str, message: dict[str, Any]) -> None:
        first = " / ".join(line for line in str(message["text"]).splitlines() if line.strip())
        titles = [button["title"] for button in [*message["buttons"], *message["rows"]]]
        how = " (template)" if message["template"] else ""
        self.tell(f"      {who} reads{how}: {first[:150]}" + (f"  [{'] ['.join(titles)}]" if titles else ""))


@dataclass
class Phone:
    """One person's pretend phone. It remembers how far it has read, so that every `expect` looks at what came since."""

    sandbox: Sandbox
    narrator: Narrator
    number_id: str
    name: str
    phone: str
    language: str
    seen: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    def catch_up(self) -> None:
        """Everything so far is old news."""
        while found := self.sandbox.messages(self.phone, number=self.number_id, after=self.seen):
            self.seen = found[-1]["seq"]

    # --- speaking -----------------------------------------------------------------------------------------------------
    def say(self, text: str, *, quoting: str = "", **more: Any) -> str:
        self.narrator.tell(f"      {self.name} writes: {text}")
        extra = {"reply_to": quoting} if quoting else {}
        return self._send(type="text", text=text, **extra, **more)

    def photos(self, *samples: str) -> None:
        self.narrator.tell(f"      {self.name} sends {len(samples)} photo(s)")
        for sample in samples:
            self._send(type="image", sample=sample)

    def place(self, sample: str) -> None:
        self.narrator.tell(f"      {self.name} sends a location")
        self._send(type="location", sample=sample)

    def tap(self, title: str, *, on: dict[str, Any] | None = None, times: int = 1) -> str:
        """Tap the button or row called `title` on the last message this phone expected, or on the message `on`."""
        message = on or self.last
        self.narrator.tell(f"      {self.name} taps: {title}")
        return self._send(type="tap", message_id=message["wamid"], title=title, times=times)

    def press(self, option: str) -> str:
        """Tap a control of a dialogue (`send`, `done`, `skip`, ...) whatever it is called in this person's language."""
        for button in [*self.last["buttons"], *self.last["rows"]]:
            if button["id"].endswith(f".!{option}"):
                return self.tap(button["title"])
        raise FailedError(f"{self.name} sees no way to “{option}”.\n{_shown([self.last])}")

    def forge(self, payload: str, title: str) -> str:
        """A tap on a button that this phone was never sent."""
        self.narrator.tell(f"      {self.name} taps a button that was sent to somebody else: {title}")
        return self._send(type="raw_button", payload=payload, title=title)

    def _send(self, **spec: Any) -> str:
        return self.sandbox.send(self.phone, number=self.number_id, **spec)

    # --- reading ------------------------------------------------------------------------------------------------------
    def expect(self, what: str, *patterns: str, button: str = "", seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait for a message of the business that has every pattern (regular expressions, any case) and the button.

        `what` says in plain words what should be there. Returns the message; later expectations look after it.
        """
        deadline = time.monotonic() + seconds
        passed: list[dict[str, Any]] = []
        while (left := deadline - time.monotonic()) > 0:
            for message in self._news(left):
                self.seen = message["seq"]
                passed.append(message)
                if _fits(message, patterns, button):
                    self.last = message
                    self.narrator.heard(self.name, message)
                    self.narrator.passed(what)
                    return message
        wanted = ", ".join([*patterns, *([f"[{button}]"] if button else [])])
        raise FailedError(
            f"{what}: {self.name} did not read that within {seconds:.0f} s (looked for {wanted}).\n{_shown(passed)}"
        )

    def expect_silence(self, what: str, *patterns: str, seconds: float = 4.0) -> None:
        """Nothing with these patterns comes for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for message in self._news(left):
                self.seen = message["seq"]
                if _fits(message, patterns, ""):
                    raise FailedError(f"{what}: but {self.name} read this.\n{_shown([message])}")
        self.narrator.passed(what)

    def _news(self, wait: float) -> list[dict[str, Any]]:
        found = self.sandbox.messages(self.phone, number=self.number_id, after=self.seen, wait=min(wait, 20.0))
        for message in found:
            if message["from"] != "business":
                self.seen = max(self.seen, message["seq"])
        return [message for message in found if message["from"] == "business"]


class Desk:
    """The admin, signed in as one of the demo's logins, over plain HTTP with session and CSRF token."""

    def __init__(self, base_url: str, narrator: Narrator, login: dict[str, str]) -> None:
        self.base_url = base_url.rstrip("/")
        self.narrator = narrator
        self.who = login["username"]
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept-Language"] = "en"
        self.page = ""
        """The last page as it came, tags and all."""
        self.url = ""
        """Where the last form led to."""
        self._sign_in(login)

    def _sign_in(self, login: dict[str, str]) -> None:
        """By password and code; a story later by the session that is still good, as a person's browser would."""
        kept = (self.base_url, self.who)
        if kept in _SESSIONS:
            self._session.cookies.update(_SESSIONS[kept])
            if "/accounts/" not in self._ask("GET", f"{self.base_url}/admin/").url:
                self.narrator.passed(f"{self.who} is still signed in to the admin")
                return
        page = self._ask("GET", f"{self.base_url}/admin/login/?next=/admin/")
        answer = self._post(page, {"login": login["username"], "password": login["password"], "next": "/admin/"})
        how = ""
        if "/accounts/code/" in answer.url and login.get("totp_secret"):
            answer, how = self._enter_code(answer, login["totp_secret"]), " with a second factor"
        if answer.status_code != 200 or "/accounts/" in answer.url:
            raise FailedError(f"{self.who} cannot sign in to {self.base_url}/admin/ (HTTP {answer.status_code}).")
        _SESSIONS[kept] = dict(self._session.cookies)
        self.narrator.passed(f"{self.who} signs in to the admin{how}")

    def _enter_code(self, page: requests.Response, secret: str) -> requests.Response:
        """A code is good once: when somebody has just used this half minute's, the neighbours', else the next one."""
        for steps in (0, 1, -1):
            answer = self._post(page, {"code": code(secret, steps=steps)})
            if "/accounts/code/" not in answer.url:
                return answer
        time.sleep(STEP - time.time() % STEP + 1)
        return self._post(answer, {"code": code(secret, steps=1)})

    def _post(self, page: requests.Response, values: dict[str, str]) -> requests.Response:
        return self._ask("POST", page.url, data={**values, **_token(page.text)}, headers={"Referer": page.url})

    def _ask(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(method, url, timeout=30, **options)
        except requests.RequestException as error:
            raise FailedError(f"{self.who} opens {url} and nothing answers ({type(error).__name__}).") from error

    @property
    def path(self) -> str:
        """The path of where the last form led to."""
        return self.url.removeprefix(self.base_url)

    def read(self, path: str, *patterns: str, what: str = "", expected: int = 200, seconds: float = 0.0) -> str:
        """The text of a page (tags stripped), holding every pattern; tries again for up to `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self._ask("GET", self.base_url + path)
            self.page = answer.text
            text = answer.text if "csv" in answer.headers.get("Content-Type", "") else _plain(answer.text)
            missing = [pattern for pattern in patterns if not re.search(pattern, text, re.IGNORECASE)]
            if answer.status_code == expected and not missing:
                break
            if time.monotonic() >= deadline:
                problem = f"HTTP {answer.status_code}" if answer.status_code != expected else f"no {missing}"
                raise FailedError(f"{what or path}: {self.who} opens {path} and finds {problem}.\n{text[:1500]}")
            time.sleep(0.5)
        if what:
            self.narrator.passed(what)
        return text

    def press(self, path: str, *, what: str) -> str:
        """A button of the admin, and the page it leads to."""
        answer = self._ask("GET", self.base_url + path)
        if answer.status_code != 200:
            raise FailedError(f"{what}: {self.who} presses {path} and gets HTTP {answer.status_code}.")
        self.narrator.passed(what)
        return _plain(answer.text)

    def submit(self, path: str, *patterns: str, what: str) -> str:
        """Press a button that changes something (a POST), and the text of the page it leads to."""
        asked = self._ask("GET", self.base_url + path)
        answer = self._ask("POST", asked.url, data=_token(asked.text), headers={"Referer": asked.url})
        text = _plain(answer.text)
        missing = [pattern for pattern in patterns if not re.search(pattern, text, re.IGNORECASE)]
        if answer.status_code != 200 or missing:
            raise FailedError(
                f"{what}: {self.who} presses {path}: HTTP {answer.status_code}, no {missing}.\n{text[:1500]}"
            )
        self.narrator.passed(what)
        return text

    def fill(
        self, path: str, values: dict[str, str], *patterns: str, what: str, file: tuple[str, bytes] | None = None
    ) -> str:
        """Fill in the form of a page and send it: `values` beside what its hidden fields and lists hold, and a file with
        its name. The text of the next page.
        """
        asked = self._ask("GET", self.base_url + path)
        data = {**_chosen(asked.text), **_hidden(asked.text), **values}
        files = {"file": file} if file else None
        answer = self._ask("POST", asked.url, data=data, files=files, headers={"Referer": asked.url})
        self.page, self.url, text = answer.text, answer.url, _plain(answer.text)
        missing = [pattern for pattern in patterns if not re.search(pattern, text, re.IGNORECASE)]
        if answer.status_code != 200 or missing:
            raise FailedError(
                f"{what}: {self.who} sends {path}: HTTP {answer.status_code}, no {missing}.\n{text[:1500]}"
            )
        self.narrator.passed(what)
        return text

    def first_link(self, path: str, pattern: str) -> str:
        """The address of the first link on a page that fits a regular expression."""
        self.read(path)
        found = re.search(rf'href="({pattern})"', self.page)
        if found is None:
            raise FailedError(f"{self.who} opens {path} and finds no link like {pattern}.")
        return html.unescape(found[1])


@dataclass
class Stage:
    """Everything a story may use."""

    sandbox: Sandbox
    narrator: Narrator
    notes: dict[str, Any]

    def phone(self, name: str) -> Phone:
        """The phone of the person whose name begins with `name`, read up to now."""
        person = next((one for one in self.notes["people"] if one["name"].startswith(name)), None)
        if person is None:
            raise FailedError(f"The demo has nobody called {name}.")
        phone = Phone(
            self.sandbox, self.narrator, self.notes["number_id"], person["name"], person["phone"], person["language"]
        )
        phone.catch_up()
        return phone

    def desk(self, username: str) -> Desk:
        login = next((one for one in self.notes["logins"] if one["username"] == username), None)
        if login is None:
            raise FailedError(f"The demo has no sign-in called {username}.")
        return Desk(self.notes["base_url"], self.narrator, login)

    def wind(self, hours: float, why: str) -> None:
        self.sandbox.wind(hours * 3600)
        self.narrator.tell(f"      (the demo's clock moves {hours:g} h forward: {why})")


def code_in(message: dict[str, Any], prefix: str) -> str:
    """The item's short code, like T-104."""
    found = re.search(rf"\b{prefix}-\d+\b", str(message["text"]))
    if found is None:
        raise FailedError(f"A message about {prefix}-… names no code.\n{_shown([message])}")
    return found[0]


def payload_of(message: dict[str, Any], title: str) -> str:
    """What is on the button called `title`."""
    return next(str(button["id"]) for button in message["buttons"] if button["title"] == title)


def _fits(message: dict[str, Any], patterns: Sequence[str], button: str) -> bool:
    titles = [one["title"] for one in [*message["buttons"], *message["rows"]]]
    if button and button not in titles:
        return False
    return all(re.search(pattern, str(message["text"]), re.IGNORECASE) for pattern in patterns)


def _shown(messages: Sequence[dict[str, Any]]) -> str:
    if not messages:
        return "  Nothing came at all."
    lines = []
    for message in messages[-6:]:
        titles = [one["title"] for one in [*message["buttons"], *message["rows"]]]
        lines.append(f"  - {message['kind']}: {message['text']!r} {titles or ''}")
    return "  What came instead:\n" + "\n".join(lines)


def _token(page: str) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return {"csrfmiddlewaretoken": found[1]} if found else {}


def _hidden(page: str) -> dict[str, str]:
    """Names and values of the hidden fields of a page's forms."""
    found = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        name, kind = re.search(r'\bname="([^"]+)"', tag), re.search(r'\btype="hidden"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag)
        if name and kind:
            found[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
    return found


def _chosen(page: str) -> dict[str, str]:
    """What is chosen in the lists of a page's forms."""
    found = {}
    for name, options in re.findall(r'(?s)<select\b[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', page):
        chosen = re.search(r'<option\b[^>]*\bvalue="([^"]*)"[^>]*\bselected', options)
        if chosen:
            found[html.unescape(name)] = html.unescape(chosen[1])
    return found


def _plain(page: str) -> str:
    without = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", without)))
