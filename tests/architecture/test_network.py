"""Unit tests reach nobody but this machine."""

import socket
import tempfile
import threading
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")
def test_a_test_cannot_reach_another_machine() -> None:
    with socket.socket() as connection, pytest.raises(SocketConnectBlockedError):
        connection.connect(("192.0.2.1", 80))


def test_a_test_may_talk_to_itself_over_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as connection:
        connection.connect(server.getsockname())


def test_a_test_may_use_a_unix_socket() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder) / "s")
        server.bind(path)
        server.listen()

        def accept() -> None:
            server.accept()[0].close()

        accepting = threading.Thread(target=accept)
        accepting.start()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
        accepting.join()
