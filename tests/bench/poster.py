"""Posts signed webhooks faster than the product can take them: kept-alive raw connections in a process of its own.

`python -m tests.bench.poster '{"port": 8000, "path": "/hooks/...", ...}'` (the fields of `Order`) prints one line of JSON:
answers by status, seconds, latencies. One asyncio loop, no framework: more than 10,000 requests a second of one core.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from tests.bench.frame import percentile

GRACE_SECONDS = 20.0
PERSONS = 1000


@dataclass(frozen=True)
class Order:
    """What to post, where and how fast. `rate` 0: each connection posts again as soon as it is answered."""

    port: int
    path: str
    secret: str
    number_id: str = "100"
    connections: int = 16
    seconds: float = 5.0
    rate: float = 0.0


@dataclass
class Books:
    """What came of it."""

    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    """Seconds; at a fixed rate counted from the moment it was due, not from when a connection was free."""


class Bodies:
    """Text messages like Meta's, each one different from all others."""

    def __init__(self, order: Order) -> None:
        self._mac = hmac.new(order.secret.encode(), digestmod=hashlib.sha256)
        self._run, self._number = uuid.uuid4().hex[:8].encode(), 0
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550001111", "phone_number_id": order.number_id},
            "contacts": [{"profile": {"name": "Somebody"}, "wa_id": "PHONE"}],
            "messages": [{"from": "PHONE", "id": "wamid.MARK", "timestamp": str(int(time.time())),
                          "type": "text", "text": {"body": "The lamp in the corridor is broken again."}}],
        }  # fmt: skip
        envelope = {"object": "whatsapp_business_account",
                    "entry": [{"id": "1234567890", "changes": [{"value": value, "field": "messages"}]}]}  # fmt: skip
        body = json.dumps(envelope).replace("%", "%%").replace("MARK", "%b%012d").replace("PHONE", "55119%08d")
        self._body = body.encode()
        self._head = (
            f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\nContent-Type: application/json\r\n"
            "User-Agent: facebookexternalua\r\nAccept: */*\r\n"
        ).encode()

    def request(self) -> bytes:
        self._number += 1
        person = self._number % PERSONS
        body = self._body % (person, person, self._run, self._number)
        mac = self._mac.copy()
        mac.update(body)
        signature = mac.hexdigest().encode()
        return b"%bContent-Length: %d\r\nX-Hub-Signature-256: sha256=%b\r\n\r\n%b" % (
            self._head, len(body), signature, body,
        )  # fmt: skip


class Line(asyncio.Protocol):
    """One kept-alive connection with at most one request under way."""

    def __init__(self, rounds: "Rounds") -> None:
        self.rounds, self.buffer, self.due = rounds, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def post(self, due: float) -> None:
        self.due = due
        self.transport.write(self.rounds.bodies.request())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _length(head)
        if len(rest) >= length:
            self.buffer = rest[length:]
            self.rounds.answered(self, head[9:12].decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.rounds.lost(self)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _colon, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class Rounds:
    """One run: closed (as fast as answers come) or open (a fixed rate, whatever the answers do)."""

    def __init__(self, order: Order) -> None:
        self.order, self.bodies, self.books = order, Bodies(order), Books()
        self.free: deque[Line] = deque()
        self.due: deque[float] = deque()
        self.busy = 0
        self.is_over = False

    def answered(self, line: Line, status: str) -> None:
        now = time.perf_counter()
        self.books.statuses[status] += 1
        self.books.latencies.append(now - line.due)
        self._next(line, now)

    def _next(self, line: Line, now: float) -> None:
        if self.due:
            line.post(self.due.popleft())
        elif self.order.rate or self.is_over:
            self.busy -= 1
            self.free.append(line)
        else:
            line.post(now)

    def lost(self, line: Line) -> None:
        if not self.is_over or self.busy:
            self.books.statuses["lost"] += 1
            self.busy -= 1

    def want(self, due: float) -> None:
        if self.free:
            self.busy += 1
            self.free.popleft().post(due)
        else:
            self.due.append(due)

    async def run(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        for _n in range(self.order.connections):
            _transport, line = await loop.create_connection(lambda: Line(self), "127.0.0.1", self.order.port)
            self.free.append(line)
        began = time.perf_counter()
        if self.order.rate:
            await self._paced(began)
        else:
            for _n in range(self.order.connections):
                self.want(began)
            await asyncio.sleep(self.order.seconds)
        self.is_over = True
        seconds = time.perf_counter() - began
        answered = sum(self.books.statuses.values())
        deadline = time.perf_counter() + GRACE_SECONDS
        while (self.busy or self.due) and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)
        return self._summary(answered if not self.order.rate else sum(self.books.statuses.values()), seconds)

    async def _paced(self, began: float) -> None:
        count = int(self.order.rate * self.order.seconds)
        for number in range(count):
            due = began + number / self.order.rate
            while (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self.want(due)
            if number % 16 == 0:
                await asyncio.sleep(0)

    def _summary(self, answered: int, seconds: float) -> dict[str, Any]:
        latencies = self.books.latencies or [0.0]
        return {
            "statuses": dict(self.books.statuses), "unanswered": self.busy + len(self.due), "seconds": seconds,
            "per_second": answered / seconds, "p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99),
            "slowest": max(latencies), "sent": sum(self.books.statuses.values()),
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Rounds(Order(**json.loads(sys.argv[1]))).run())))
