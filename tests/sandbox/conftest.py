"""The process is started once per module and emptied before every test."""

import threading
from collections.abc import Iterator

import pytest

from tests.sandbox.rig import (
    ANA,
    BRUNO,
    NUMBER,
    SECRET,
    TOKEN,
    WABA,
    Receiver,
    Sandbox,
    answers,
    free_port,
    start,
    stop,
    until,
)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    port = free_port()
    started = start(tmp_path_factory.mktemp("sandbox"), port)
    sandbox = Sandbox(port)
    try:
        until(lambda: answers(sandbox), "the sandbox to start")
        yield sandbox
    finally:
        stop(started)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox(process: Sandbox, receiver: Receiver) -> Sandbox:
    """The process, emptied, with one account, one number and two people; no duplicates unless a test asks."""
    process.api("POST", "reset", {})
    process.api("PUT", "trouble", {"duplicates": 0})
    number = {"phone_number_id": NUMBER, "display_phone_number": "+5511900000000", "verified_name": "Acme"}
    account = {"name": "Acme", "token": TOKEN, "app_secret": SECRET, "verify_token": "verify-me", "numbers": [number]}
    process.api("PUT", f"accounts/{WABA}", {**account, "webhook_url": receiver.url, "auto_approve": False})
    process.api("PUT", f"phones/{ANA}", {"name": "Ana Souza", "language": "pt"})
    process.api("PUT", f"phones/{BRUNO}", {"name": "Bruno Lima", "language": "pt"})
    return process
