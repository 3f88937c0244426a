"""A whole Recado for tests: `manage.py up` as a person starts it, in a folder and on ports of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

BASE_DIR = Path(__file__).resolve().parents[1]
# What tests/settings.py sets for unit tests must not reach a real stack.
NOT_INHERITED = {
    "VAR_DIR", "SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "SANDBOX", "PORT", "SANDBOX_PORT",
    "BASE_URL", "SANDBOX_URL", "DJANGO_SETTINGS_MODULE", "RESET",
}  # fmt: skip
START_SECONDS = 180.0


class Stack:
    """Use as a context manager. `DATABASE_URL` (a PostgreSQL server) and `REDIS_URL` of the caller are honoured.

    `env` is added to the processes' environment; a DATABASE_URL in it is used as it is, made and dropped by its owner.
    """

    def __init__(self, folder: Path, *, is_demo: bool = True, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.is_demo = is_demo
        self.log = folder.parent / f"{folder.name}.log"
        self.env = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.env["VAR_DIR"] = str(folder)
        self._database = ""
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            self._database = f"recado_{uuid.uuid4().hex[:12]}"
            self.env["DATABASE_URL"] = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self._database}").geturl()
        if os.environ.get("REDIS_URL"):
            self.env["REDIS_URL"] = os.environ["REDIS_URL"]
        self.env |= env or {}
        if "DATABASE_URL" in (env or {}):
            self._database = ""

    # --- life ---------------------------------------------------------------------------------------------------------
    def __enter__(self) -> "Stack":
        self.make_database()
        try:
            self.start()
        except BaseException:  # nobody calls __exit__ then, and a whole stack would go on
            self.stop(seconds=60)
            self.drop_database()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        code = self.stop()
        self.drop_database()
        if error is None:
            assert code == 0, f"the supervisor ended with {code}:\n{self.tail()}"
        else:
            print(self.tail())

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *(["--demo"] if self.is_demo else [])],
                cwd=BASE_DIR, env=self.env, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the stack did not start:\n{self.tail()}")
            time.sleep(0.2)

    def is_ready(self) -> bool:
        if self.is_demo:
            return bool(self.notes().get("is_ready"))
        return "Recado runs" in self.log.read_text()

    def stop(self, number: int = signal.SIGTERM, *, seconds: float = 20.0) -> int:
        """Send the supervisor a signal and wait; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def tail(self, lines: int = 80) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def make_database(self) -> None:
        """One of its own on the caller's PostgreSQL server; SQLite needs none."""
        self._on_server("CREATE")

    def drop_database(self) -> None:
        self._on_server("DROP")

    def _on_server(self, verb: str) -> None:
        if self._database:
            server = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
            with psycopg.connect(server.replace("postgres://", "postgresql://", 1), autocommit=True) as connection:
                connection.execute(f"{verb} DATABASE {self._database}{' WITH (FORCE)' if verb == 'DROP' else ''}")

    # --- looking in ---------------------------------------------------------------------------------------------------
    def notes(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def run(self, *arguments: str, seconds: float = 120.0) -> str:
        """A Python script or module in the stack's own environment; its standard output."""
        env = {**self.env, **self._secrets(), "SANDBOX": "1"}
        env.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        env["PYTHONPATH"] = str(BASE_DIR)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=BASE_DIR,
            env=env,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _secrets(self) -> dict[str, str]:
        lines = (self.folder / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def wait_until(what: str, is_so: Any, *, seconds: float) -> None:
    """Raises AssertionError naming `what` when it does not become true."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)
