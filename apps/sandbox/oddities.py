"""Wrong answers to a send, each by name: some after WhatsApp took the message, some before. Plain of any state.

`Odd.takes`: the message is really accepted, whatever the answer says. `Odd.answer` gets the right answer (None when
nothing was taken) and gives (status, content type, body), or None to cut the connection.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.sandbox.graph_errors import GraphError

Wire = tuple[int, str, bytes]
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=utf-8"
PAGE = b"<!doctype html><html><head><title>Error</title></head><body><h1>Something is in the way</h1></body></html>"


@dataclass(frozen=True)
class Odd:
    takes: bool
    answer: Callable[[bytes], Wire | None]


def _refusing(code: int, status: int, details: str) -> Callable[[bytes], Wire | None]:
    def answer(_right: bytes) -> Wire:
        return status, JSON, json.dumps(GraphError(code, details).body()).encode()

    return answer


def _saying(status: int, kind: str, body: bytes) -> Callable[[bytes], Wire | None]:
    return lambda _right: (status, kind, body)


ODDITIES: Mapping[str, Odd] = {
    # Taken, and nobody is told so.
    "lost": Odd(True, lambda _right: None),
    "lost_html": Odd(True, _saying(502, HTML, PAGE)),
    "lost_empty": Odd(True, _saying(200, JSON, b"")),
    "lost_half": Odd(True, lambda right: (200, JSON, right[: len(right) // 2])),
    "lost_error": Odd(True, _refusing(131000, 500, "Something went wrong, after all.")),
    # Not taken.
    "cut": Odd(False, lambda _right: None),
    "error_500": Odd(False, _refusing(131000, 500, "Something went wrong.")),
    "error_503": Odd(False, _refusing(2, 503, "The service is temporarily unavailable.")),
    "html_502": Odd(False, _saying(502, HTML, PAGE)),
    "html_200": Odd(False, _saying(200, HTML, PAGE)),
    "garbage": Odd(False, _saying(200, JSON, b'\x00\xff{"messages":[{"id"')),
    "error_in_200": Odd(False, _refusing(131000, 200, "Something went wrong, said with a 200.")),
    "throttled": Odd(False, _refusing(130429, 429, "Cloud API message throughput has been reached.")),
    "throttled_unlisted": Odd(False, _refusing(99, 429, "Application request limit reached.")),
    "too_many_to_person": Odd(False, _refusing(131056, 400, "Too many messages to the same recipient.")),
}
"""`lost_error` is what real servers do too: an error answered for a message that arrives all the same."""
