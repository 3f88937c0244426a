"""The difference between "never sent" and "nobody knows" decides whether a message may be sent again."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from apps.core import http
from apps.core.errors import LostAnswerError, TryLater
from apps.core.http import Answer, HttpClient, HttpFlights, HttpRequest, Landed

Behaviour = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Callable[[Behaviour], str]]:
    listeners: list[socket.socket] = []

    def start(behave: Behaviour) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            peer, _address = listener.accept()
            with peer:
                peer.recv(65536)
                behave(peer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.close()


def test_an_answer_is_read_whole(server: Callable[[Behaviour], str]) -> None:
    url = server(lambda peer: peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}'))
    answer = HttpClient().request("POST", url, json={})
    assert (answer.status, answer.json()) == (200, {"a": 1})


def test_a_page_instead_of_json_is_no_answer_we_can_read(server: Callable[[Behaviour], str]) -> None:
    url = server(lambda peer: peer.sendall(b"HTTP/1.1 502 Bad\r\nContent-Length: 6\r\n\r\n<html>"))
    assert HttpClient().request("GET", url).json() is None


def test_nobody_listening_means_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TryLater):
        HttpClient().request("POST", f"http://127.0.0.1:{port}/", json={})


def test_a_connection_cut_before_the_answer_means_nobody_knows(server: Callable[[Behaviour], str]) -> None:
    url = server(lambda peer: None)
    with pytest.raises(LostAnswerError):
        HttpClient().request("POST", url, json={})


def test_a_connection_cut_inside_the_answer_means_nobody_knows(server: Callable[[Behaviour], str]) -> None:
    url = server(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n{"))
    with pytest.raises(LostAnswerError):
        HttpClient().request("POST", url, json={})


def test_silence_means_nobody_knows(server: Callable[[Behaviour], str]) -> None:
    stop = threading.Event()
    url = server(lambda peer: stop.wait(5) and None)
    with pytest.raises(LostAnswerError):
        HttpClient().request("POST", url, json={}, timeout=(1, 0.2))
    stop.set()


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.fixture
def flights() -> Iterator[HttpFlights]:
    made = HttpFlights(most=8)
    yield made
    made.close()


def post(url: str, body: bytes = b"{}") -> HttpRequest:
    return HttpRequest("POST", url, {"Authorization": "Bearer very-secret", "Content-Type": "application/json"}, body)


def fly(flights: HttpFlights, *requests: HttpRequest) -> dict[object, object]:
    for token, request in enumerate(requests):
        flights.start(request, token)
    landed: list[Landed] = []
    while len(flights):
        landed += flights.land(5)
    return {one.token: one.outcome for one in landed}


class Town:
    """A server of connections in the test's hand: `answers` are taken in turn, None hangs up. Keeps what it read."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers, self.requests, self.connections = list(answers), [], 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/messages"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while self.answers:
            peer, _address = self._listener.accept()
            self.connections += 1
            with peer:
                self._talk(peer)
        self._listener.close()

    def _talk(self, peer: socket.socket) -> None:
        while self.answers:
            request = _read(peer)
            if not request:
                return
            self.requests.append(request)
            answer = self.answers.pop(0)
            if answer is None:
                return
            peer.sendall(answer)


def _read(peer: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        piece = peer.recv(65536)
        if not piece:
            return b""
        got += piece
    head, _end, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRetry-After: 7\r\nContent-Length: 8\r\n\r\n{"a": 1}'


def test_a_flight_lands_with_status_headers_and_body(flights: HttpFlights) -> None:
    town = Town(OK)
    answer = fly(flights, post(town.url, b'{"hello": "world"}'))[0]
    assert isinstance(answer, Answer)
    assert (answer.status, answer.json(), answer.headers["retry-after"]) == (200, {"a": 1}, "7")
    head, _end, body = town.requests[0].partition(b"\r\n\r\n")
    assert body == b'{"hello": "world"}'
    assert head.startswith(b"POST /v1/messages HTTP/1.1")
    assert b"Bearer very-secret" in head
    assert b"Expect" not in head


def test_a_connection_is_kept_for_the_next_flight(flights: HttpFlights) -> None:
    town = Town(OK, OK, OK)
    for _turn in range(3):
        fly(flights, post(town.url))
    assert (len(town.requests), town.connections) == (3, 1)


def test_what_is_pushed_arrives_while_we_do_something_else(flights: HttpFlights) -> None:
    town = Town(OK, OK)
    fly(flights, post(town.url))  # the connection stands
    flights.start(post(town.url, b'{"second": true}'), 2)
    flights.push()
    deadline = time.monotonic() + 5
    while len(town.requests) < 2 and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    assert b"second" in town.requests[1], "it waits on the ground for somebody to look"
    assert [one.token for one in flights.land(5)] == [2]


def test_what_a_broken_kept_connection_took_is_never_sent_again_by_itself(flights: HttpFlights) -> None:
    town = Town(OK, None, OK)
    fly(flights, post(town.url))
    lost = fly(flights, post(town.url, b'{"pay": "once"}'))[0]
    assert isinstance(lost, LostAnswerError)
    assert sum(b"once" in request for request in town.requests) == 1


def test_nobody_listening_or_no_such_name_means_the_flight_never_left(flights: HttpFlights) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcomes = fly(flights, post(f"http://127.0.0.1:{port}/"), post("http://nobody.invalid/"))
    assert [type(outcome) for outcome in outcomes.values()] == [TryLater, TryLater]


def test_a_server_that_speaks_no_tls_means_the_flight_never_left(
    flights: HttpFlights, server: Callable[[Behaviour], str]
) -> None:
    url = server(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")).replace("http://", "https://")
    assert isinstance(fly(flights, post(url))[0], TryLater)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n{", b"garbage\r\n\r\n"],
    ids=["hangs up", "breaks off", "no HTTP"],
)  # fmt: skip
def test_a_flight_without_a_whole_answer_means_nobody_knows(
    flights: HttpFlights, server: Callable[[Behaviour], str], answer: bytes
) -> None:
    assert isinstance(fly(flights, post(server(lambda peer: peer.sendall(answer))))[0], LostAnswerError)


def test_an_endless_answer_is_cut_and_means_nobody_knows(
    flights: HttpFlights, server: Callable[[Behaviour], str]
) -> None:
    def pour(peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (4 * 1024 * 1024))

    assert isinstance(fly(flights, post(server(pour)))[0], LostAnswerError)


def test_silence_after_the_request_means_nobody_knows(
    flights: HttpFlights, server: Callable[[Behaviour], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(http, "READ_SECONDS", 0.1)
    stop = threading.Event()
    outcome = fly(flights, post(server(lambda peer: stop.wait(5) and None)))[0]
    stop.set()
    assert isinstance(outcome, LostAnswerError)


def test_a_redirect_is_an_answer_and_is_not_followed(flights: HttpFlights) -> None:
    town = Town(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    answer = fly(flights, post(town.url))[0]
    assert isinstance(answer, Answer)
    assert answer.status == 302


def test_a_proxy_of_the_host_never_sees_a_token(flights: HttpFlights, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, town = Town(OK), Town(OK)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    fly(flights, post(town.url))
    assert (len(proxy.requests), len(town.requests)) == (0, 1)


def test_many_fly_together(flights: HttpFlights) -> None:
    meeting = threading.Barrier(8, timeout=10)

    class Together(Town):
        def _talk(self, peer: socket.socket) -> None:
            threading.Thread(target=self._meet, args=(peer.dup(),), daemon=True).start()

        def _meet(self, peer: socket.socket) -> None:
            with peer:
                _read(peer)
                meeting.wait()  # breaks unless eight are in the air together
                peer.sendall(OK)

    town = Together(OK)
    outcomes = fly(flights, *[post(town.url) for _ in range(8)])
    town.answers.clear()
    assert {type(outcome) for outcome in outcomes.values()} == {Answer}


def test_a_prepared_request_shows_neither_token_nor_words() -> None:
    request = post("http://127.0.0.1/", b"what somebody wrote")
    assert "very-secret" not in repr(request)
    assert "somebody" not in repr(request)


def test_closing_names_what_was_still_in_the_air(server: Callable[[Behaviour], str]) -> None:
    stop = threading.Event()
    flights = HttpFlights()
    flights.start(post(server(lambda peer: stop.wait(5) and None)), "mine")
    flights.land(0.05)
    assert flights.close() == ["mine"]
    stop.set()
