"""The web server of the Procfile with the door behind it: what arrives on a socket, whatever it looks like."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.supervisor import read_procfile
from tests.servers import free_port
from tests.stack import BASE_DIR, NOT_INHERITED
from tests.webhooks import sign

TABLES = """
import django; django.setup()
from django.db import connection
from apps.inbox.models import Receipt
from apps.providers.models import Account, Portfolio
with connection.schema_editor() as editor:
    for model in (Portfolio, Account, Receipt):
        editor.create_model(model)
portfolio = Portfolio.objects.create(name="P")
Account.objects.create(portfolio=portfolio, kind="meta_cloud", name="A", hook_key="key", app_secret="secret")
"""
PATH = "/hooks/meta_cloud/key/"


class Server:
    """Starts in `folder`; `ask` speaks raw bytes."""

    def __init__(self, folder: Path) -> None:
        self.port, self.database = free_port(), folder / "recado.sqlite3"
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.env = {
            **kept, "VAR_DIR": str(folder), "SECRET_KEY": "for tests only, long enough to please the check, and more so",
            "ENCRYPTION_KEYS": "dGVzdHMtb25seS0tdGVzdHMtb25seS0tdGVzdHMtb28=", "PYTHONPATH": str(BASE_DIR),
            "DJANGO_SETTINGS_MODULE": "tests.inbox.served_settings", "PORT": str(self.port),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        subprocess.run([sys.executable, "-c", TABLES], cwd=BASE_DIR, env=self.env, check=True)
        line = read_procfile(BASE_DIR / "Procfile")["web"]
        self.process = subprocess.Popen(["sh", "-c", f"exec {line}"], cwd=BASE_DIR, env=self.env)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                self.ask(b"GET /livez HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the web server did not start")

    def ask(self, *pieces: bytes, answers: int = 1, is_half: bool = False) -> list[int]:
        """Send pieces on one connection; the statuses of so many answers."""
        with socket.create_connection(("127.0.0.1", self.port), 20) as line:
            for piece in pieces:
                line.sendall(piece)
            if is_half:
                line.shutdown(socket.SHUT_WR)
            said = b""
            while said.count(b"HTTP/1.") < answers:
                more = line.recv(65536)
                if not more:
                    break
                said += more
        if not said:
            raise ConnectionError("no answer")
        return [int(part[2:5]) for part in said.split(b"HTTP/1.")[1:]]

    def receipts(self) -> list[bytes]:
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            return [row[0] for row in connection.execute("SELECT body FROM inbox_receipt ORDER BY id")]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("served"))
    yield started
    assert started.stop() == 0


def request(body: bytes, *, headers: bytes = b"", length: bytes | None = b"") -> bytes:
    """A signed delivery. `length`: b"" says the truth, None says nothing."""
    said = b"" if length is None else b"Content-Length: %b\r\n" % (length or b"%d" % len(body))
    signature = sign("secret", body).encode()
    return b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Hub-Signature-256: %b\r\n%b%b\r\n" % (
        PATH.encode(), signature, said, headers,
    )  # fmt: skip


def test_whole_slow_chunked_and_pipelined_deliveries_are_stored(server: Server) -> None:
    before = len(server.receipts())
    assert server.ask(request(b"whole") + b"whole") == [200]
    assert server.ask(request(b"slow"), b"sl", b"ow") == [200]
    chunks = b"4\r\nin c\r\n5\r\nhunks\r\n0\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    assert server.ask(request(b"in chunks", headers=chunked, length=None) + chunks) == [200]
    line = b"".join(request(b"in line %d" % n) + b"in line %d" % n for n in range(3))
    assert server.ask(line, answers=3) == [200] * 3
    stored = server.receipts()[before:]
    assert stored[:3] == [b"whole", b"slow", b"in chunks"]
    assert sorted(stored[3:]) == [b"in line 0", b"in line 1", b"in line 2"]


@pytest.mark.parametrize("length", [b"99", b"-1", b"x", b"5\r\nContent-Length: 6"])
def test_a_wrong_length_is_refused(server: Server, length: bytes) -> None:
    before = server.receipts()
    assert server.ask(request(b"wrong", length=length) + b"wrong", is_half=True) == [400]
    assert server.receipts() == before


def test_huge_headers_and_bodies_are_refused_and_the_next_one_is_served(server: Server) -> None:
    before = server.receipts()
    assert server.ask(request(b"x", headers=b"X-Much: %b\r\n" % (b"y" * 1_000_000))[:600_000]) == [431]
    assert server.ask(request(b"x", length=b"3145729")) == [413]
    assert server.ask(request(b"forged").replace(b"sha256=", b"sha256=0") + b"forged") == [403]
    assert server.receipts() == before
    assert server.ask(request(b"next") + b"next") == [200]


def test_a_locked_database_is_waited_for_and_then_said(server: Server) -> None:
    before = server.receipts()
    holder = sqlite3.connect(server.database, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert server.ask(request(b"locked out") + b"locked out") == [503]
        assert time.monotonic() - began >= 0.5
        holder.execute("ROLLBACK")
    finally:
        holder.close()
    assert server.receipts() == before
    assert server.ask(request(b"locked out") + b"locked out") == [200]


def test_other_pages_come_from_the_same_server(server: Server) -> None:
    assert server.ask(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n") == [200]
