"""The sandbox over HTTP, as anybody outside may use it: the demo's seed and the tour speak to it through this."""

from typing import Any
from urllib.parse import quote

import requests


class SandboxError(RuntimeError):
    """The sandbox said no; the text is its own sentence."""


class Sandbox:
    """The control API of one running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float = 40.0) -> Any:
        """One call; the decoded answer. Raises SandboxError with the sandbox's sentence."""
        try:
            answer = self._session.request(method, f"{self.url}{path}", json=body, timeout=seconds)
        except requests.RequestException as error:
            raise SandboxError(f"The pretend phones at {self.url} do not answer: {type(error).__name__}.") from error
        if answer.status_code >= 400:
            raise SandboxError(f"The pretend phones refused {method} {path}: {answer.text[:300]}")
        return answer.json()

    def put_account(self, waba_id: str, **values: Any) -> None:
        self.ask("PUT", f"/api/accounts/{waba_id}", values)

    def put_phone(self, number: str, **values: Any) -> None:
        self.ask("PUT", f"/api/phones/{quote(number)}", values)

    def send(self, phone: str, **values: Any) -> str:
        """Say something from a phone; returns its wamid."""
        return str(self.ask("POST", f"/api/phones/{quote(phone)}/send", values)["wamid"])

    def messages(self, phone: str, *, number: str, after: int, wait: float = 0.0) -> list[dict[str, Any]]:
        """What a phone holds after `after`; waits up to `wait` seconds for something new."""
        query = f"number={number}&after={after}&wait={wait}"
        found: list[dict[str, Any]] = self.ask("GET", f"/api/phones/{quote(phone)}/messages?{query}")["messages"]
        return found

    def wind(self, seconds: float) -> None:
        self.ask("POST", "/api/clock/wind", {"seconds": seconds})

    def trouble(self, **what: Any) -> None:
        """Switch some trouble on, or off again with its zero."""
        self.ask("PUT", "/api/trouble", what)

    def counts(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/api/counts")
        return found
