"""A relay on the loopback: passes each request on and notes what was asked and answered, whatever HTTP client we use."""

import http.client
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Exchange:
    """One request as it left us, and the status that came back."""

    method: str
    path: str
    body: bytes
    status: int
    answer: bytes


class Relay(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str, without: Collection[str] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target.rstrip("/"))
        self.without = frozenset(without)
        self.exchanges: list[Exchange] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{self.target.path}"

    def lessened(self, body: bytes, content_type: str) -> bytes:
        """The JSON body without the fields that are to be left out, at its top level."""
        if not self.without or "json" not in content_type:
            return body
        values = json.loads(body)
        return json.dumps({key: value for key, value in values.items() if key not in self.without}).encode()


class _Handler(BaseHTTPRequestHandler):
    server: Relay
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = self.server.lessened(body, self.headers.get("Content-Type", ""))
        kept = {"content-type", "authorization", "accept"}
        headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
        connection = http.client.HTTPConnection(self.server.target.netloc, timeout=30)
        try:
            connection.request(self.command, self.path, sent or None, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        self.server.exchanges.append(Exchange(self.command, self.path, body, response.status, answer))
        self.send_response(response.status)
        self.send_header("Content-Type", response.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def relaying(target: str, without: Collection[str] = ()) -> Iterator[Relay]:
    """A running relay to `target`; `without` names top-level JSON fields that it drops on the way."""
    relay = Relay(target, without)
    thread = threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.shutdown()
        thread.join()
        relay.server_close()
