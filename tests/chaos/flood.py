"""Many people reporting at once, each patient: a prompt that comes twice is read once (by its opaque id)."""

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from portal.demo.sandbox import Sandbox, SandboxError

PATIENCE_SECONDS = 240.0


@dataclass
class Reporter:
    """One pretend person; `sent` counts the messages of theirs that WhatsApp took."""

    sandbox: Sandbox
    number_id: str
    phone: str
    seen: int = 0
    sent: int = 0
    read: set[str] = field(default_factory=set)

    def report(self, text: str) -> None:
        """The whole dialogue up to a ticket's code."""
        self._send(type="text", text="menu")
        self._tap_title(self._expect("Report a problem"), "Report a problem")
        self._tap_title(self._expect("Flood"), "Flood")
        self._expect("", words="what happened")
        self._send(type="text", text=text)
        self._tap_option(self._expect("", option="skip"), "skip")
        # A request for a location has no room for buttons: there one writes the word.
        self._expect("", words="where is it")
        self._send(type="text", text="skip")
        self._tap_option(self._expect("", option="send"), "send")
        self._expect("", words="t-")

    def _send(self, **spec: Any) -> None:
        self.sandbox.send(self.phone, number=self.number_id, **spec)
        self.sent += 1

    def _tap_title(self, message: dict[str, Any], title: str) -> None:
        self._send(type="tap", message_id=message["wamid"], title=title)

    def _tap_option(self, message: dict[str, Any], option: str) -> None:
        chosen = next(one for one in _choices(message) if one["id"].endswith(f".!{option}"))
        self._tap_title(message, chosen["title"])

    def _expect(self, title: str, *, words: str = "", option: str = "") -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for message in self.sandbox.messages(self.phone, number=self.number_id, after=self.seen, wait=5.0):
                self.seen = message["seq"]
                opaque = message["opaque"] or message["wamid"]
                if message["from"] != "business" or opaque in self.read:
                    continue
                self.read.add(opaque)
                if _fits(message, title, words, option):
                    return message
        raise AssertionError(f"{self.phone} waited in vain for {title or words or option}")


def _choices(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [*message["buttons"], *message["rows"]]


def _fits(message: dict[str, Any], title: str, words: str, option: str) -> bool:
    choices = _choices(message)
    if title and title not in [one["title"] for one in choices]:
        return False
    if option and not any(one["id"].endswith(f".!{option}") for one in choices):
        return False
    return words in str(message["text"]).lower()


class Flood:
    """Threads of reporters working through numbered incidents. `done` and `problems` grow while it runs."""

    def __init__(
        self, sandbox_url: str, number_id: str, phones: list[str], *, incidents: int, threads: int = 10
    ) -> None:
        self.done: list[str] = []
        self.problems: list[str] = []
        self.reporters = [Reporter(Sandbox(sandbox_url), number_id, phone) for phone in phones]
        self._work: queue.SimpleQueue[tuple[Reporter, list[str]]] = queue.SimpleQueue()
        for index, reporter in enumerate(self.reporters):
            texts = [f"Flood {number:04d}" for number in range(index, incidents, len(phones))]
            self._work.put((reporter, texts))
        self._threads = [threading.Thread(target=self._run, daemon=True) for _number in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def is_running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while not self.problems:
            try:
                reporter, texts = self._work.get_nowait()
            except queue.Empty:
                return
            for text in texts:
                try:
                    reporter.report(text)
                except (AssertionError, SandboxError, requests.RequestException) as error:
                    self.problems.append(f"{text}: {error}")
                    return
                self.done.append(text)
