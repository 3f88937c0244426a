"""Several workers at once: never two winners, never two messages in flight to one person."""

import threading
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from apps.contacts.models import Contact
from apps.core import clock
from apps.outbox.models import OutboundMessage
from apps.outbox.sending import claims, dispatcher
from apps.providers.models import Number
from tests.outbox.conftest import Say, writer
from tests.outbox.graph import Graph
from tests.racing import race

State = OutboundMessage.State


@pytest.mark.django_db
def test_of_two_dispatchers_that_saw_the_same_rows_one_wins_each(number: Number, say: Say) -> None:
    for _person in range(5):
        say(writer(number))
    found = claims.heads(claims.queues(), 5, 5, clock.now())
    seen_by_one, seen_by_other = claims.choose(found, 3, 5), claims.choose(found, 5, 5)
    won = [row.pk for row in claims.hold(seen_by_one, clock.now())]
    rest = [row.pk for row in claims.hold(seen_by_other, clock.now())]
    assert sorted(won) == sorted(seen_by_one)
    assert sorted(won + rest) == sorted(seen_by_other)


@pytest.mark.django_db
def test_a_person_with_one_in_flight_is_passed_over_whatever_the_lane(ana: Contact, say: Say) -> None:
    say(ana)
    assert len(claims.claim(10).rows) == 1
    say(ana, kind="test.page")
    assert claims.claim(10).rows == []


needs_postgresql = pytest.mark.skipif(
    "sqlite" in settings.DATABASES["default"]["ENGINE"],
    reason="SQLite in memory is one connection; a file serialises writers by its lock",
)


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_three_dispatchers_send_everything_once_and_in_order(graph: Graph, number: Number, say: Say) -> None:
    people = [writer(number) for _ in range(10)]
    for n in range(6):
        for person in people:
            say(person, f"{n}")
    overlaps: list[str] = []
    flying: Counter[str] = Counter()
    lock = threading.Lock()

    def answer(body: dict[str, object]) -> tuple[int, dict[str, object]]:
        to = str(body["to"])
        with lock:
            flying[to] += 1
            if flying[to] > 1:
                overlaps.append(to)
        result = graph.take(body)
        with lock:
            flying[to] -= 1
        return result

    graph.answers["*"] = answer
    race(dispatcher.run, dispatcher.run, dispatcher.run)
    dispatcher.run()
    assert overlaps == []
    assert len(graph.accepted) == 60
    for person in people:
        assert [body["text"]["body"] for body in graph.accepted if body["to"] == person.phone] == list("012345")
    assert set(OutboundMessage.objects.values_list("state", flat=True)) == {State.SENT}


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_one_key_enqueued_by_many_at_once_is_one_message(ana: Contact, say: Say) -> None:
    rows: list[OutboundMessage] = []
    rows = race(*[lambda: say(ana, key="same")] * 8)
    assert len({row.pk for row in rows}) == 1
    assert OutboundMessage.objects.count() == 1
    assert connection.vendor == "postgresql"
