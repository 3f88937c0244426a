"""The difference between "never sent" and "nobody knows" decides whether a message may be sent again."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from apps.core.errors import LostAnswerError, TryLater
from apps.core.http import HttpClient

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
