"""A sandbox process on a free port, its control API as methods, and a webhook receiver of the standard library."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WABA, NUMBER, ANA, BRUNO = "100", "200", "+5511988887777", "+5511966665555"
TOKEN, SECRET = "toy-token", "toy-secret"
PATIENCE = 20.0

Answer = tuple[int, Any]


class Receiver(ThreadingHTTPServer):
    """What the product would be: keeps every webhook, answers `status`, answers the handshake."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.seen: list[tuple[bytes, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks"

    def messages(self) -> list[dict[str, Any]]:
        return [one for value in self._values() for one in value.get("messages", [])]

    def statuses(self) -> list[dict[str, Any]]:
        return [one for value in self._values() for one in value.get("statuses", [])]

    def _values(self) -> list[dict[str, Any]]:
        bodies = [json.loads(raw) for raw, _ in list(self.seen)]
        return [
            change["value"]
            for body in bodies
            if "entry" in body
            for entry in body["entry"]
            for change in entry["changes"]
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.seen.append((raw, self.headers.get("X-Hub-Signature-256", "")))
        self._answer(self.server.status, b"")

    def do_GET(self) -> None:
        fits = "hub.verify_token=verify-me" in self.path
        challenge = self.path.split("hub.challenge=")[1].split("&")[0]
        self._answer(200 if fits else 403, challenge.encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class Sandbox:
    def __init__(self, port: int) -> None:
        self.port = port

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            raw = response.read()
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        return response.status, json.loads(raw) if is_json else raw

    def api(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.call(method, f"/api/{path}", body)
        assert status == 200, answer
        return answer

    def say(self, phone: str = ANA, **spec: Any) -> str:
        return str(self.api("POST", f"phones/{phone}/send", {"number": NUMBER, **spec})["wamid"])

    def graph(self, kind: str, part: Any, to: str = ANA, token: str = TOKEN, **more: Any) -> Answer:
        body = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: part, **more}
        return self.call("POST", f"/graph/v23.0/{NUMBER}/messages", body, token)

    def code(self, answer: Answer) -> int:
        return int(answer[1]["error"]["code"])

    def transcript(self, phone: str = ANA) -> list[dict[str, Any]]:
        return list(self.api("GET", f"phones/{phone}/messages?number={NUMBER}")["messages"])


def until(check: Callable[[], Any], what: str) -> Any:
    """Poll until `check` gives something true; fails after a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"waited {PATIENCE:g} s in vain for: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int, **more: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "VAR_DIR": str(folder), "SANDBOX": "1", **more}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "apps.sandbox", "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    if process.stdout:
        process.stdout.close()


def answers(sandbox: Sandbox) -> bool:
    with contextlib.suppress(OSError):
        return sandbox.call("GET", "/healthz")[0] == 200
    return False
