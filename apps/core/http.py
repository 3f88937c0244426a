"""The shared HTTP layer of every adapter: kept-alive connections, timeouts always, typed failures. Plain Python."""

import json
import selectors
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pycurl
import requests
from requests.adapters import HTTPAdapter

from apps.core.errors import LostAnswerError, TryLater

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
LARGEST_ANSWER = 110 * 1024 * 1024  # bytes; Meta's largest media is 100 MB


@dataclass(frozen=True)
class Answer:
    """What came back, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body, or None when it is not JSON (a proxy's HTML page, say)."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class HttpRequest:
    """A request that is ready to leave. Its headers carry a token, its body what somebody wrote: neither is ever shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False, default=b"")


class HttpClient:
    """One session per adapter; safe to share between threads for plain requests."""

    def __init__(self, *, pool_size: int = 16) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy variable of the host must not see bearer tokens
        adapter = HTTPAdapter(pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """Send and read the answer whole.

        Raises TryLater when the request certainly never arrived (no connection), LostAnswerError when it left and
        nothing usable came back (time-out, connection cut): the caller cannot know what happened over there.
        """
        options.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        options.setdefault("allow_redirects", False)
        try:
            with self._session.request(method, url, stream=True, **options) as answer:
                body = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
                if len(body) > LARGEST_ANSWER:
                    raise LostAnswerError("The answer is larger than we accept.", detail=url)
                return Answer(answer.status_code, answer.headers, body)
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise TryLater("No connection could be made.", code="no_connection", detail=repr(error)) from error
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise TryLater("No connection could be made.", code="no_connection", detail=repr(error)) from error
            raise LostAnswerError("The connection broke before an answer came.", detail=repr(error)) from error
        except (requests.RequestException, OSError) as error:
            raise LostAnswerError("No answer came.", detail=repr(error)) from error
        except Exception as error:
            # urllib3 raises its own classes while the body is read, outside requests' wrapping.
            if type(error).__module__.startswith("urllib3"):
                raise LostAnswerError("The answer broke off.", detail=repr(error)) from error
            raise

    def fly(self, request: HttpRequest) -> "Answer | TryLater | LostAnswerError":
        """One prepared request, alone; the error comes back instead of being raised, as from `HttpFlights`."""
        try:
            return self.request(request.method, request.url, data=request.body, headers=dict(request.headers))
        except (TryLater, LostAnswerError) as error:
            return error


def _never_connected(error: requests.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


# --- many at once -----------------------------------------------------------------------------------------------------

FLIGHT_SECONDS = CONNECT_SECONDS + READ_SECONDS
"""No flight lasts longer."""
LARGEST_FLIGHT_ANSWER = 1024 * 1024  # bytes; what a send is answered with is below 1 kB

_NEVER_SENT = frozenset({
    pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_COULDNT_RESOLVE_PROXY, pycurl.E_COULDNT_CONNECT, pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CIPHER, pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_ISSUER_ERROR, pycurl.E_NO_CONNECTION_AVAILABLE,
})  # fmt: skip
"""Errors of libcurl that end a request before its first byte has left."""


@dataclass(frozen=True)
class Landed:
    """How one flight ended: an answer, or the error that HttpClient would have raised, and how long it took."""

    token: Any
    outcome: Answer | TryLater | LostAnswerError
    seconds: float


@dataclass
class _Flight:
    token: Any
    body: BytesIO
    headers: list[bytes]
    began: float


class HttpFlights:
    """Many requests in the air at once, from one thread, over kept-alive connections (libcurl multi, HTTP/1.1).

    HTTP/1.1 on purpose: a connection that breaks takes one message's answer with it and not a hundred. Not for several
    threads. `start` as many as you like, `land` what has ended; `close` gives up what is still in the air.
    """

    def __init__(self, *, most: int = 100) -> None:
        self._flying: dict[pycurl.Curl, _Flight] = {}
        self._idle: list[pycurl.Curl] = []
        self._due: float | None = None
        self._selector = selectors.DefaultSelector()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, most)
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._remind)

    def __len__(self) -> int:
        return len(self._flying)

    def start(self, request: HttpRequest, token: Any) -> None:
        """Line one request up; `token` comes back with its outcome. It leaves with the next `push` or `land`."""
        curl = self._idle.pop() if self._idle else _new_curl()
        flight = _Flight(token, BytesIO(), [], time.monotonic())
        curl.setopt(pycurl.URL, request.url)
        curl.setopt(pycurl.CUSTOMREQUEST, request.method)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in request.headers.items()] + ["Expect:"])
        curl.setopt(pycurl.POSTFIELDSIZE, len(request.body))
        curl.setopt(pycurl.READFUNCTION, BytesIO(request.body).read)
        curl.setopt(pycurl.WRITEFUNCTION, flight.body.write)
        curl.setopt(pycurl.HEADERFUNCTION, flight.headers.append)
        self._flying[curl] = flight
        self._multi.add_handle(curl)

    def push(self) -> None:
        """Let what was started leave now: whoever has other work first would else keep it on the ground meanwhile."""
        self._due = None
        self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def land(self, seconds: float) -> list[Landed]:
        """Move everything on, for up to `seconds` or until something has landed; returns what has."""
        until = time.monotonic() + seconds
        if landed := self._landed():  # a push may have ended some already
            return landed
        while True:
            now = time.monotonic()
            wait = max(0.0, min(until, self._due if self._due is not None else until) - now)
            for key, mask in self._selector.select(wait):
                bits = (pycurl.CSELECT_IN if mask & selectors.EVENT_READ else 0) | (
                    pycurl.CSELECT_OUT if mask & selectors.EVENT_WRITE else 0
                )
                self._multi.socket_action(key.fd, bits)
            if self._due is not None and self._due <= time.monotonic():
                self.push()
            landed = self._landed()
            if landed or time.monotonic() >= until:
                return landed

    def close(self) -> list[Any]:
        """Drop every connection; returns the tokens of what was still in the air: nobody knows what became of it."""
        left = [flight.token for flight in self._flying.values()]
        for curl in list(self._flying):
            self._multi.remove_handle(curl)
        for curl in [*self._flying, *self._idle]:
            curl.close()
        self._flying.clear()
        self._idle.clear()
        self._multi.close()
        self._selector.close()
        return left

    def _landed(self) -> list[Landed]:
        found = []
        more = 1
        while more:
            more, good, bad = self._multi.info_read()
            found += [self._take_down(curl, 0, "") for curl in good]
            found += [self._take_down(curl, code, words) for curl, code, words in bad]
        return found

    def _take_down(self, curl: pycurl.Curl, code: int, words: str) -> Landed:
        flight = self._flying.pop(curl)
        outcome: Answer | TryLater | LostAnswerError
        if code == 0:
            headers = _headers_of(flight.headers)
            outcome = Answer(curl.getinfo(pycurl.RESPONSE_CODE), headers, flight.body.getvalue())
        elif code in _NEVER_SENT or (
            code == pycurl.E_OPERATION_TIMEDOUT and curl.getinfo(pycurl.PRETRANSFER_TIME) == 0
        ):
            outcome = TryLater("No connection could be made.", code="no_connection", detail=f"libcurl {code}: {words}")
        else:
            outcome = LostAnswerError("The connection broke before an answer came.", detail=f"libcurl {code}: {words}")
        self._multi.remove_handle(curl)
        self._idle.append(curl)
        return Landed(flight.token, outcome, time.monotonic() - flight.began)

    def _watch(self, what: int, socket: int, _multi: Any, _data: Any) -> None:
        events = (selectors.EVENT_READ if what & pycurl.POLL_IN else 0) | (
            selectors.EVENT_WRITE if what & pycurl.POLL_OUT else 0
        )
        known = socket in self._selector.get_map()
        if what == pycurl.POLL_REMOVE or not events:
            if known:
                self._selector.unregister(socket)
        elif known:
            self._selector.modify(socket, events)
        else:
            self._selector.register(socket, events)

    def _remind(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


def _new_curl() -> pycurl.Curl:
    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROXY, "")  # a proxy variable of the host must not see bearer tokens
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, int(CONNECT_SECONDS * 1000))
    curl.setopt(pycurl.TIMEOUT_MS, int(FLIGHT_SECONDS * 1000))
    curl.setopt(pycurl.MAXFILESIZE, LARGEST_FLIGHT_ANSWER)
    curl.setopt(pycurl.CAINFO, requests.utils.DEFAULT_CA_BUNDLE_PATH)
    curl.setopt(pycurl.TCP_NODELAY, 1)
    curl.setopt(pycurl.POST, 1)
    # When a kept-alive connection breaks before the first byte of an answer, libcurl sends again by itself, even a POST
    # that was taken. It cannot without rewinding the body, which we refuse: nobody knows, and we say so.
    curl.setopt(pycurl.SEEKFUNCTION, lambda _offset, _origin: pycurl.SEEKFUNC_FAIL)
    return curl


def _headers_of(lines: list[bytes]) -> dict[str, str]:
    """Of the last answer (100 Continue comes before it), names in lower case."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
        elif line.startswith(b"HTTP/"):
            found.clear()
    return found
