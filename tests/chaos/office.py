"""The people round a drill: who hands messages in, who enters a new token, who looks at what is unsure."""

import itertools
import json
import secrets
import threading
import time
from typing import Any

from portal.demo.sandbox import Sandbox
from tests.stack import Stack

SCRIPT = "tests/chaos/post.py"
SLICES = 8
PATIENCE = 60


class Office:
    """`ask` runs tests/chaos/post.py in the stack's environment and gives what it printed."""

    def __init__(self, stack: Stack, sandbox: Sandbox, crowd: int) -> None:
        self.stack, self.sandbox, self.crowd = stack, sandbox, crowd
        self.phones: list[str] = [f"+55119{20_000_000 + index}" for index in range(crowd)]
        self.poured = 0
        self.problems: list[str] = []
        self.new_tokens = 0
        self.waba = ""

    def ask(self, *arguments: object, seconds: float = 600.0) -> dict[str, Any]:
        said = self.stack.run(SCRIPT, *map(str, arguments), seconds=seconds)
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        return found

    def gather(self) -> dict[str, Any]:
        found = self.ask("people", self.crowd)
        self.waba = str(found["waba"])
        return found

    def insist(self, *arguments: object) -> dict[str, Any]:
        """Ask until it succeeds: the database may be away, and every question here may be asked twice."""
        for attempt in range(PATIENCE):
            try:
                return self.ask(*arguments)
            except AssertionError as error:
                if attempt == PATIENCE - 1:
                    self.problems.append(str(error)[-2000:])
                    raise
                time.sleep(1)
        raise AssertionError("unreachable")

    def pour(self, messages: int) -> threading.Thread:
        """Hand messages in, slice by slice, in the background; a slice that broke off is handed in again by its keys."""

        def run() -> None:
            edges = [messages * number // SLICES for number in range(SLICES + 1)]
            for first, last in itertools.pairwise(edges):
                self.insist("pour", first, last, self.crowd)
                self.poured = last

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def new_token(self) -> None:
        """The operator sees the red line, makes a new token at Meta, enters it and presses Resume."""
        token = secrets.token_hex(12)
        self.sandbox.put_account(self.waba, token=token)
        self.sandbox.ask("PUT", "/api/trouble", {"bad_token": False, "revoke_after": 0})
        self.insist("mend", token)
        self.new_tokens += 1
