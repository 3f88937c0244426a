"""A file goes up once and is sent by its id; an id that the carrier lost costs one more try, and no more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest

from apps.contacts.models import Contact, Window
from apps.core import clock as core_clock
from apps.files import services as files
from apps.files import storage
from apps.files.models import File, RemoteCopy
from apps.outbox import reasons, services, uploads
from apps.outbox.models import OutboundMessage
from apps.outbox.sending import claims, dispatcher
from apps.outbox.sending.preparing import prepare
from apps.providers.models import Number
from apps.providers.types import MediaMessage
from tests.conftest import Clock
from tests.factories import make_number, unique
from tests.outbox.conftest import Say, fresh, write_in, writer
from tests.outbox.graph import Graph

pytestmark = pytest.mark.django_db
State = OutboundMessage.State


def receipt() -> File:
    return files.store(content=b"\x89PNG\r\n\x1a\n" + str(unique()).encode() * 20, name="receipt.png", owner=None)


def ids(graph: Graph) -> list[str]:
    return [body["image"]["id"] for body in graph.accepted]


def run_again() -> None:
    OutboundMessage.objects.filter(state=State.QUEUED).update(not_before=core_clock.now())
    dispatcher.run()


def test_the_same_bytes_to_many_people_go_up_once(graph: Graph, number: Number, say: Say) -> None:
    file = receipt()
    for _n in range(5):
        say(writer(number), content=MediaMessage("image", file.pk))
    dispatcher.run()
    say(writer(number), content=MediaMessage("image", file.pk))
    dispatcher.run()
    assert len(graph.uploads) == 1
    assert ids(graph) == ["media-1"] * 6


def test_another_row_with_the_same_bytes_uses_the_same_upload(graph: Graph, ana: Contact, say: Say) -> None:
    content = b"\x89PNG\r\n\x1a\n" + str(unique()).encode() * 20
    for name in ("a.png", "b.png"):
        say(ana, content=MediaMessage("image", files.store(content=content, name=name).pk))
        run_again()
    assert ids(graph) == ["media-1", "media-1"]


def test_another_number_gets_its_own_upload(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    file, other = receipt(), make_number(number.account)
    say(ana, content=MediaMessage("image", file.pk))
    dispatcher.run()
    write_in(ana, other)
    services.enqueue(key="other", contact=ana, kind="test.chat", content=MediaMessage("image", file.pk), number=other)
    run_again()
    assert ids(graph) == ["media-1", "media-2"]


def test_a_copy_in_its_last_day_is_not_relied_upon(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    file = receipt()
    files.remember_copy(sha256=file.sha256, place=uploads.place_of(number), remote_id="old", lasts=timedelta(days=30))
    RemoteCopy.objects.update(expires_at=core_clock.now() - timedelta(seconds=1))
    say(ana, content=MediaMessage("image", file.pk))
    dispatcher.run()
    assert ids(graph) == ["media-1"]
    kept = RemoteCopy.objects.get()
    assert kept.remote_id == "media-1"
    assert timedelta(days=28) < kept.expires_at - core_clock.now() < timedelta(days=30)


def test_an_id_that_the_carrier_lost_is_uploaded_again(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    file = receipt()
    files.remember_copy(sha256=file.sha256, place=uploads.place_of(number), remote_id="lost", lasts=timedelta(days=30))

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body["image"]["id"] == "lost":
            return 400, {"error": {"code": 100, "message": "media id does not exist"}}
        return graph.take(body)

    graph.answers["*"] = answer
    message = say(ana, content=MediaMessage("image", file.pk))
    dispatcher.run()
    assert fresh(message).state == State.QUEUED
    run_again()
    assert fresh(message).state == State.SENT
    assert ids(graph) == ["media-1"]


def test_a_fresh_upload_that_is_refused_too_is_final(graph: Graph, ana: Contact, say: Say) -> None:
    graph.refuse(100)
    message = say(ana, content=MediaMessage("image", receipt().pk))
    dispatcher.run()
    run_again()
    assert fresh(message).state == State.FAILED
    assert len(graph.uploads) == 2


def test_a_file_that_went_up_slowly_is_planned_afresh_and_needs_no_second_upload(
    graph: Graph, ana: Contact, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "STALE", 0.2)
    monkeypatch.setattr(uploads, "REMEMBERED_SECONDS", 0.0)  # as another process sees it
    hand_back, went_back = dispatcher.hand_back, []
    monkeypatch.setattr(dispatcher, "hand_back", lambda jobs: (went_back.extend(jobs), hand_back(jobs)))
    slow = Event()
    graph.on_upload = lambda: slow.wait(0.5)
    message = say(ana, content=MediaMessage("image", receipt().pk))
    dispatcher.run()
    assert [job.message_id for job in went_back] == [message.pk]
    assert (len(graph.uploads), ids(graph)) == (1, ["media-1"])
    assert fresh(message).state == State.SENT


def test_a_file_that_whatsapp_does_not_take_fails_its_message_with_a_sentence(
    graph: Graph, ana: Contact, say: Say
) -> None:
    archive = files.store(content=b"PK\x05\x06" + b"\0" * 18, name="all.zip")
    message = say(ana, content=MediaMessage("document", archive.pk))
    dispatcher.run()
    assert fresh(message).state == State.FAILED
    assert "takes no files of the type" in fresh(message).error_text
    assert not graph.uploads


def test_a_file_is_read_when_it_goes_up_and_not_while_rows_are_locked(
    graph: Graph, number: Number, say: Say, clock: Clock
) -> None:
    file = receipt()
    messages = [say(writer(number), content=MediaMessage("image", file.pk)) for _n in range(3)]
    there = storage.path_of(file.sha256)
    away = there.rename(there.with_suffix(".away"))
    assert [job.message_id for job in prepare(claims.claim(1).rows)] == [messages[0].pk]
    dispatcher.run()  # finds no bytes for the others, whose turn comes again
    assert [fresh(message).state for message in messages[1:]] == [State.QUEUED, State.QUEUED]
    assert "FileNotFoundError" in messages[1].tries.get().detail
    away.rename(there)
    clock.wind(10)
    dispatcher.run()
    assert [fresh(message).state for message in messages[1:]] == [State.SENT, State.SENT]


def test_many_threads_hand_one_file_over_once() -> None:
    key, count, start = ("test", f"sha{unique()}"), [], Barrier(8)

    def upload() -> str:
        count.append(1)
        return "media"

    def ask(_n: int) -> str:
        start.wait(5)
        return uploads.hand_over(key, upload)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"media"}
    assert len(count) == 1


def test_an_upload_that_fails_is_tried_by_the_next_who_wants_it() -> None:
    key = ("test", f"sha{unique()}")

    def fail() -> str:
        raise OSError("down")

    with pytest.raises(OSError, match="down"):
        uploads.hand_over(key, fail)
    assert uploads.hand_over(key, lambda: "media") == "media"


def test_a_message_whose_lease_is_over_after_its_upload_is_planned_anew_and_not_sent(
    graph: Graph, ana: Contact, number: Number, say: Say, clock: Clock
) -> None:
    """By then somebody else may have it; and what was true when it was prepared, like an open window, need not be."""
    closes_soon = core_clock.now() - timedelta(hours=24) + timedelta(seconds=60)
    Window.objects.filter(contact=ana, number=number).update(last_inbound_at=closes_soon)
    message = say(ana, content=MediaMessage("image", receipt().pk))
    graph.on_upload = lambda: clock.wind(100)
    dispatcher.run()
    assert graph.accepted == []
    assert (fresh(message).state, fresh(message).held_reason) == (State.HELD, reasons.WINDOW_CLOSED)
    assert fresh(message).lease_token == ""
