"""Two ways to the same door: Django's own handler, and the WSGI callable that the web server calls."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode
from wsgiref.validate import validator

from django.core import signals
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client

from apps.inbox.door import Application
from apps.providers.models import Account
from portal.wsgi import application
from tests.webhooks import encoded, sign

WAYS = ("django", "wsgi")


class Caller:
    """Sends requests one of the two `WAYS`; answers are HttpResponses both times."""

    def __init__(self, way: str) -> None:
        self.way = way

    def post(self, account: Account, body: bytes | dict[str, Any], *, signature: str | None = "right") -> HttpResponse:
        """As `webhooks.post`."""
        raw = encoded(body)
        headers = {}
        if signature is not None:
            headers["X-Hub-Signature-256"] = sign(account.app_secret, raw) if signature == "right" else signature
        return self.call("POST", f"/hooks/{account.kind}/{account.hook_key}/", raw, headers)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> HttpResponse:
        return self.call("GET", path, query=urlencode(query or {}))

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, *, query: str = "",
        **environ: Any,
    ) -> HttpResponse:  # fmt: skip
        """`environ` is put over what the request says: half bodies, wrong lengths, no length."""
        if self.way == "django":
            extra = {**({"wsgi.input": io.BytesIO(body)} if environ else {}), **environ}
            return Client().generic(  # type: ignore[return-value]
                method, f"{path}?{query}", body, content_type="application/json", headers=headers, **extra
            )
        return called(method, path, body, headers, query=query, **environ)


@contextmanager
def _connection_kept() -> Iterator[None]:
    """As Django's test client: a request must not close the connection of the test's own transaction."""
    ends = (signals.request_started, signals.request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    try:
        yield
    finally:
        for end in ends:
            end.connect(close_old_connections)


def called(
    method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, *, query: str = "",
    to: Application = application, **environ: Any,
) -> HttpResponse:  # fmt: skip
    """One call of what the web server calls, under the eyes of the standard library's WSGI validator."""
    given = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": True,
        "wsgi.multiprocess": True, "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}, **environ,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    said: list[Any] = []
    with _connection_kept():
        pieces = validator(to)(given, lambda *args: said.extend(args) or (lambda data: None))
        content = b"".join(pieces)
        pieces.close()
    return HttpResponse(content, status=int(said[0].split()[0]), headers=dict(said[1]))
