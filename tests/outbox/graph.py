"""A tiny Graph API on loopback: takes sends, answers as told, remembers everything it really accepted."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], tuple[int, dict[str, Any]] | None]


class Graph:
    """`answers` maps a recipient's phone (or "*") to a function of the body: (status, JSON), or None to hang up."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.answers: dict[str, Answer] = {}
        self.requests: list[dict[str, Any]] = []
        self.accepted: list[dict[str, Any]] = []
        self.uploads: list[bytes] = []
        self.on_upload: Callable[[], object] = lambda: None
        """Called while a file is being taken, which lasts as long as this does."""
        self.headers: dict[str, str] = {}
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def refuse(
        self, code: int, *, to: str = "*", status: int = 400, times: int | None = None, words: str = "details"
    ) -> None:
        """Answer with Meta's error `code`; `times` counts down to taking messages again."""
        left = [times]

        def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    return self.take(body)
            return status, {"error": {"code": code, "message": f"(#{code})", "error_data": {"details": words}}}

        self.answers[to] = answer

    def lose_answers(self, to: str = "*") -> None:
        """Take the message and hang up: nobody knows."""

        def answer(body: dict[str, Any]) -> None:
            self.take(body)

        self.answers[to] = answer

    def heal(self) -> None:
        self.answers.clear()

    def take(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            return self.take_unlocked(body)

    def take_unlocked(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.accepted.append(body)
        wamid = f"wamid.{len(self.accepted):04}"
        body["wamid"] = wamid
        return 200, {"messaging_product": "whatsapp", "contacts": [{"wa_id": "1"}], "messages": [{"id": wamid}]}

    def handle(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        with self._lock:
            self.requests.append(body)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = self.answers.get(body.get("to", "")) or self.answers.get("*") or self.take
            return answer(body)
        finally:
            with self._lock:
                self._at_once -= 1

    def texts(self) -> list[str]:
        """What was really accepted, in order, as people would read it (a template by its name)."""
        return [text_of(body) for body in self.accepted]


def text_of(body: dict[str, Any]) -> str:
    if body["type"] == "template":
        return f"template {body['template']['name']}"
    if body["type"] == "interactive":
        return str(body["interactive"]["body"]["text"])
    return str(body[body["type"]].get("body") or body[body["type"]].get("caption"))


@contextmanager
def running() -> Iterator[Graph]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/media"):
                graph.uploads.append(raw)
                graph.on_upload()
                answer: tuple[int, dict[str, Any]] | None = 200, {"id": f"media-{len(graph.uploads)}"}
            else:
                answer = graph.handle(json.loads(raw))
            if answer is None:
                self.close_connection = True
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in graph.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # of 5 the kernel drops what a dispatcher opens at once

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    graph = Graph(f"http://127.0.0.1:{server.server_port}/v23.0")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
