"""The one door for every webhook: verify on raw bytes, store, answer. Nothing else happens in the request.

`Door` stands in front of Django: what is for /hooks/<kind>/<key>/ never walks through middleware, sessions or forms, which
cost more than the work itself (docs/decisions/0009). `answer` is the whole of it; Django's view calls the same function.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.http.request import split_domain_port, validate_host

from apps.inbox import doorkeeper, refusals, services
from apps.providers import queries as providers
from apps.providers.base import SignatureError
from apps.providers.registry import provider_for
from apps.providers.types import RawRequest

log = logging.getLogger("recado.inbox")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

ADDRESS = re.compile(r"/hooks/([-a-zA-Z0-9_]+)/([^/]+)/", re.ASCII)
PIECE = 1 << 16  # bytes; what is read at once from a server that does not say how much comes
REASONS = {
    200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    413: "Content Too Large", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
PLAIN = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))


@dataclass(frozen=True)
class Answer:
    """What the sender is told; an empty text is an empty body."""

    status: int
    text: str = ""

    @property
    def headers(self) -> list[tuple[str, str]]:
        allow = [("Allow", "GET, POST")] if self.status == 405 else []
        return [*PLAIN, *allow, ("Content-Length", str(len(self.text.encode())))]


class _Broken(Exception):  # noqa: N818 - an answer in the making
    """The request itself cannot be taken: `answer` says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.answer = Answer(status, text)


def answer(environ: Environ, *, kind: str, hook_key: str) -> Answer:
    """GET: the carrier's handshake. POST: one delivery.

    200 stored (again or for the first time) · 403 not signed by whom we know · 404 no such address · 405 · 413 larger
    than INBOX_LARGEST_BODY bytes · 400 the body broke off · 503 could not be stored: please send it again.
    """
    try:
        if environ["REQUEST_METHOD"] == "POST":
            return _delivery(environ, kind, hook_key)
        if environ["REQUEST_METHOD"] == "GET":
            return _handshake(environ, kind, hook_key)
        return Answer(405, "Send GET (handshake) or POST (events).")
    except SignatureError as error:
        log.warning("refused a webhook at %s/%s: %s", kind, hook_key, error)
        return Answer(403, str(error) or "The signature does not fit: check the app secret.")
    except _Broken as broken:
        return broken.answer
    except (DatabaseError, InterfaceError):
        log.exception("a webhook could not be stored")
        close_old_connections()  # no request of Django's does it here: a dead one would fail for ever
        return Answer(503, "Could not be stored just now: please send it again.")


def _delivery(environ: Environ, kind: str, hook_key: str) -> Answer:
    """Whoever is remembered as the account may be out of date: what does not fit is judged again by the row itself."""
    request = _read(environ)
    caller = doorkeeper.remembered(kind, hook_key)
    if caller is not None and caller.is_known(request) and services.accept(caller=caller, request=request):
        return Answer(200)
    for _try in range(3):  # the account may change between our reading it and the insert that insists on what we read
        caller = doorkeeper.read(kind, hook_key)
        if caller is None:
            return Answer(404, "No account listens at this address: copy it again from the account's page.")
        try:
            caller.provider.verify(request)
        except SignatureError:
            refusals.note(caller.account_id)
            raise
        if services.accept(caller=caller, request=request):
            return Answer(200)
    return Answer(503, "The account is being changed just now: please send it again.")


def _handshake(environ: Environ, kind: str, hook_key: str) -> Answer:
    account = providers.account_at(kind=kind, hook_key=hook_key)
    if account is None:
        return Answer(404, "No account listens at this address: copy it again from the account's page.")
    challenge = provider_for(account).handshake(_raw(environ, b""))
    return Answer(400, "This is no handshake.") if challenge is None else Answer(200, challenge)


# --- the request ------------------------------------------------------------------------------------------------------


class _Headers(Mapping[str, str]):
    """The request's headers by lower-case name, looked up where the server put them."""

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_variable(name)]
        return value

    def __iter__(self) -> Iterator[str]:
        for name in self._environ:
            if name.startswith("HTTP_"):
                yield name[5:].replace("_", "-").lower()

    def __len__(self) -> int:
        return sum(1 for _name in self)


@lru_cache(maxsize=64)
def _variable(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"


def _read(environ: Environ) -> RawRequest:
    return _raw(environ, _body(environ))


def _raw(environ: Environ, body: bytes) -> RawRequest:
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    return RawRequest(
        method=environ["REQUEST_METHOD"],
        url=f"{settings.BASE_URL}{quote(path, encoding='latin-1')}{f'?{query}' if query else ''}",
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers=_Headers(environ),
        body=body,
    )


def _body(environ: Environ) -> bytes:
    """Exactly as many bytes as announced; of a chunked body all of them, as long as they are not too many."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if not announced.isdecimal():
        if announced:
            raise _Broken(400, "The length of the body is no number; nothing was stored.")
        # No length and no chunks is no body. A server that does not mark its end would let us wait for ever.
        is_chunked = "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated")
        return _all(environ, settings.INBOX_LARGEST_BODY + 1) if is_chunked else b""
    length = int(announced)
    if length > settings.INBOX_LARGEST_BODY:
        raise _Broken(413, "The body is too large; nothing was stored.")
    body = _all(environ, length)
    if len(body) != length:
        raise _Broken(400, "The body broke off; nothing was stored.")
    return body


def _all(environ: Environ, most: int) -> bytes:
    pieces, left = [], most
    try:
        while left > 0 and (piece := environ["wsgi.input"].read(left)):
            pieces.append(piece)
            left -= len(piece)
    except OSError as error:
        raise _Broken(400, "The body broke off; nothing was stored.") from error
    body = b"".join(pieces)
    if len(body) > settings.INBOX_LARGEST_BODY:
        raise _Broken(413, "The body is too large; nothing was stored.")
    return body


# --- in front of Django -----------------------------------------------------------------------------------------------


class Door:
    """A WSGI application that keeps what is for the door to itself and passes everything else on to `house`."""

    def __init__(self, house: Application) -> None:
        self.house = house

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = ADDRESS.fullmatch(environ["PATH_INFO"])
        if address is None or not _is_welcome(environ):
            return self.house(environ, start_response)
        try:
            said = answer(environ, kind=address[1], hook_key=address[2])
        except Exception:  # the edge of the process: the trace is for the log, never for the sender
            log.exception("a webhook made the door fall")
            said = Answer(500, "Something is wrong on our side: please send it again.")
        start_response(f"{said.status} {REASONS[said.status]}", said.headers)
        return [said.text.encode()]


def _is_welcome(environ: Environ) -> bool:
    """What Django would redirect to https, or refuse for its host, is Django's to answer."""
    if settings.SECURE_SSL_REDIRECT and not _is_secure(environ):
        return False
    return _is_our_host(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""), tuple(settings.ALLOWED_HOSTS))


def _is_secure(environ: Environ) -> bool:
    if environ.get("wsgi.url_scheme") == "https":
        return True
    name, wanted = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return bool(name) and environ.get(name, "").split(",")[0].strip() == wanted


@lru_cache(maxsize=256)
def _is_our_host(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)
