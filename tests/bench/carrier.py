"""A carrier that outruns the product: takes every message after a fixed delay, and reports on it when it is told where.

`python -m tests.bench.carrier --delay 0.05 [--hook URL --secret APP_SECRET]` prints {"port": N} and runs until its standard
input closes. GET /counts tells what it took and what it reported. One process, no framework: some 10,000 requests a second.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

STATUSES = (("sent", 0.05), ("delivered", 0.3), ("read", 1.0))
"""What becomes of a message, and how many seconds after it was taken."""
POSTERS = 16
"""Connections that statuses travel on; Meta calls concurrently, too."""


@dataclass
class Books:
    """What was really taken and said."""

    taken: Counter[str] = field(default_factory=Counter)
    """our own mark (biz_opaque_callback_data) -> how often"""
    taken_at: dict[str, float] = field(default_factory=dict)
    reported: int = 0
    refused: int = 0
    """statuses that our door did not answer with 200"""
    slowest: float = 0.0

    def summary(self) -> dict[str, Any]:
        total = sum(self.taken.values())
        return {
            "taken": total, "unique": len(self.taken), "twice": total - len(self.taken), "reported": self.reported,
            "refused": self.refused, "slowest_report": round(self.slowest, 3),
        }  # fmt: skip


class Carrier(asyncio.Protocol):
    """One kept-alive connection: requests are answered in the order they came."""

    def __init__(self, city: "City") -> None:
        self.city = city
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            lower = head.lower()
            length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
            if b"expect: 100-continue" in lower and len(rest) < length:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            self.answer(head.partition(b"\r\n")[0], rest[:length])

    def answer(self, line: bytes, body: bytes) -> None:
        if line.startswith(b"GET"):
            self.say(json.dumps(self.city.books.summary()).encode())
        else:
            found = self.city.take(json.loads(body))
            asyncio.get_running_loop().call_later(self.city.delay, self.say, found)

    def say(self, body: bytes) -> None:
        if not self.transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            self.transport.write(head + body)


class City:
    """Everybody's phones."""

    def __init__(self, *, delay: float, hook: str, secret: str) -> None:
        self.delay, self.hook, self.secret = delay, urlsplit(hook), secret.encode()
        self.books = Books()
        self.number = 0
        self.outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def take(self, message: dict[str, Any]) -> bytes:
        self.number += 1
        wamid, mark = f"wamid.BENCH{self.number:010d}", str(message.get("biz_opaque_callback_data", self.number))
        self.books.taken[mark] += 1
        self.books.taken_at.setdefault(mark, time.time())
        phone = str(message.get("to", "")).lstrip("+")
        if self.hook.netloc and message.get("type"):
            loop = asyncio.get_running_loop()
            for status, after in STATUSES:
                said = {"id": wamid, "status": status, "recipient_id": phone, "biz_opaque_callback_data": mark}
                loop.call_later(self.delay + after, self.outbox.put_nowait, said)
        return (
            b'{"messaging_product":"whatsapp","contacts":[{"input":"+%s","wa_id":"%s"}],"messages":[{"id":"%s"}]}'
            % (phone.encode(), phone.encode(), wamid.encode())
        )

    async def report(self, number_id: str, waba: str) -> None:
        """Post statuses, one per request as Meta mostly does, over one connection."""
        said = await self.outbox.get()  # our door opens after the carrier does
        reader, writer = await asyncio.open_connection(self.hook.hostname, self.hook.port)
        while True:
            said["timestamp"] = str(int(time.time()))
            value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number_id}, "statuses": [said]}
            entry = {"id": waba, "changes": [{"field": "messages", "value": value}]}
            body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
            began = time.monotonic()
            writer.write(self.request(body))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0"))
            status = head.split(b" ", 2)[1]
            self.books.slowest = max(self.books.slowest, time.monotonic() - began)
            self.books.reported += status == b"200"
            self.books.refused += status != b"200"
            said = await self.outbox.get()

    def request(self, body: bytes) -> bytes:
        digest = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        head = (
            f"POST {self.hook.path} HTTP/1.1\r\nHost: {self.hook.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nX-Hub-Signature-256: sha256={digest}\r\n\r\n"
        )
        return head.encode() + body


async def serve(arguments: argparse.Namespace) -> None:
    city = City(delay=arguments.delay, hook=arguments.hook, secret=arguments.secret)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Carrier(city), "127.0.0.1", arguments.port)
    posters = [
        loop.create_task(city.report(arguments.number, arguments.waba)) for _ in range(POSTERS) if arguments.hook
    ]
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for poster in posters:
        poster.cancel()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds between a request and its answer")
    parser.add_argument("--hook", default="", help="where statuses are posted; nowhere when empty")
    parser.add_argument("--secret", default="", help="signs them")
    parser.add_argument("--number", default="100000000000001", help="our phone number id")
    parser.add_argument("--waba", default="200000000000001")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
