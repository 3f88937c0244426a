"""Servers of one's own: a PostgreSQL cluster and a Valkey that drills may kill and benchmarks may count.

Nothing here touches the machine's servers. A root runs PostgreSQL as the user `postgres` or `nobody`, since it refuses root.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import psycopg
import redis

from portal import valkey

START_SECONDS = 30.0
NEWEST_FIRST = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgresql_programs() -> Path:
    """The folder with initdb and postgres. Raises LookupError with a sentence when this machine has none."""
    places = [path for pattern in NEWEST_FIRST for path in Path("/").glob(pattern.lstrip("/"))]
    places.sort(key=lambda path: float("".join(filter(str.isdigit, path.parent.name)) or 0), reverse=True)
    found = shutil.which("initdb")
    for place in [*places, *([Path(found).parent] if found else [])]:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise LookupError("PostgreSQL's own programs (initdb, postgres) are not here: install its server package.")


def _unprivileged() -> dict[str, Any]:
    """How a root starts a process as somebody else; empty for everybody else."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise LookupError("PostgreSQL refuses to run as root, and there is no user postgres or nobody.")


class _Server:
    """One child process in a folder of its own."""

    process: subprocess.Popen[bytes]

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="recado-server-", dir="/tmp"))  # a socket needs a short path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        raise NotImplementedError

    def stop(self, number: int = signal.SIGINT) -> None:
        """Ask it to end (SIGINT: PostgreSQL's fast shutdown) and wait."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(START_SECONDS)

    def kill(self) -> None:
        """As a machine that loses its power: nothing is said, nothing is finished."""
        for process in self.processes():
            with_suppressed_kill(process)
        self.process.wait(START_SECONDS)

    def restart(self, *, seconds_away: float = 0.0) -> None:
        """Stop, stay away, come back with what was kept."""
        self.stop()
        time.sleep(seconds_away)
        self.start()

    def processes(self) -> list[psutil.Process]:
        try:
            head = psutil.Process(self.process.pid)
            return [head, *head.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def with_suppressed_kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


class PostgreSQL(_Server):
    """`with PostgreSQL() as server: server.create("name")` gives a URL. fsync stays on: a promise is measured as it is kept."""

    def __init__(self, **options: str) -> None:
        super().__init__()
        self.port = free_port()
        self.options = options
        self._as = _unprivileged()

    def __enter__(self) -> "PostgreSQL":
        programs, data = postgresql_programs(), self.folder / "data"
        if self._as:
            shutil.chown(self.folder, self._as["user"], self._as["group"])
        made = subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"],
            capture_output=True, check=False, cwd=self.folder, **self._as,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(made.stderr.decode())
        self.start()
        return self

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": str(self.folder),
            "max_connections": "200", "shared_buffers": "512MB", **self.options,
        }  # fmt: skip
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [postgresql_programs() / "postgres", "-D", self.folder / "data", *flags],
                stdout=log, stderr=log, cwd=self.folder, **self._as,
            )  # fmt: skip
        _wait_for(lambda: self.connect("postgres").close(), self.process, self.folder / "log")

    def connect(self, database: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database, as a copy of `template` when one is named; returns its URL."""
        with self.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')  # type: ignore[call-overload]
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')  # type: ignore[call-overload]
        return self.url(database)


class Valkey(_Server):
    """The same server as the demo's, on a port of its own; everything written is kept within a second."""

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()

    def __enter__(self) -> "Valkey":
        self.start()
        return self

    def start(self) -> None:
        command = valkey.command(self.folder, self.folder / "socket")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--bind", "127.0.0.1"], stdout=log, stderr=log, cwd=self.folder
            )
        _wait_for(self.flushless_ping, self.process, self.folder / "log")

    def flushless_ping(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.ping()

    def flush(self) -> None:
        """Lose everything, as an operator's FLUSHALL does."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def servers() -> Iterator[tuple[PostgreSQL, Valkey]]:
    """Both, for one run."""
    with PostgreSQL() as database, Valkey() as broker:
        yield database, broker


def _wait_for(ask: Any, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            ask()
        except (psycopg.OperationalError, redis.RedisError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}") from error
            time.sleep(0.05)
        else:
            return
