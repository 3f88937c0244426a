"""What a bad day does to sending: storms, limits, lost stores, signals, broken accounts. Nothing lost, nothing uncounted."""

import json
import os
import signal
import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, transaction

from apps.contacts.models import Contact
from apps.core import clock as core_clock
from apps.files import services as files
from apps.outbox import budgets, reasons
from apps.outbox.models import OutboundMessage
from apps.outbox.sending import claims, dispatcher, stopping, sweeper
from apps.outbox.sending.preparing import prepare
from apps.outbox.sending.saving import Done, save
from apps.providers.base import Reaction, SendFailed
from apps.providers.models import Account, Number, Portfolio
from apps.providers.types import MediaMessage, SendResult
from tests.conftest import Clock
from tests.factories import make_contact, make_employee
from tests.outbox.conftest import Say, alone, fresh, write_in, writer
from tests.outbox.graph import Graph

State = OutboundMessage.State
pytestmark = pytest.mark.django_db
needs_postgresql = pytest.mark.skipif(
    "sqlite" in django_settings.DATABASES["default"]["ENGINE"], reason="SQLite counts no buffers"
)


def states() -> dict[str, int]:
    return dict(Counter(OutboundMessage.objects.values_list("state", flat=True)))


def stranger(name: str = "") -> Contact:
    """An employee who has not written: only a template reaches them."""
    return make_contact(make_employee(name))


@pytest.fixture
def small_tier(number: Number) -> Portfolio:
    portfolio = number.account.portfolio
    portfolio.tier, portfolio.reserve_percent = 10, 20
    portfolio.save()
    return portfolio


# --- storms -----------------------------------------------------------------------------------------------------------


def test_a_storm_of_429_halves_the_rate_step_by_step_and_it_creeps_back(
    graph: Graph, number: Number, say: Say, clock: Clock
) -> None:
    rows = [say(writer(number)) for _ in range(30)]
    graph.refuse(130429, status=429)
    factors = []
    for _round in range(4):
        dispatcher.run()
        factors.append(budgets.usage(number, core_clock.now()).factor)
        number.refresh_from_db()
        assert number.slow_until is not None
        clock.wind((number.slow_until - core_clock.now()).total_seconds() + 0.1)
    assert factors == sorted(factors, reverse=True)
    assert factors[0] == pytest.approx(0.5, abs=0.02)
    assert factors[-1] < 0.2
    graph.heal()
    for _round in range(30):
        dispatcher.run()
        clock.wind(2.5)
    assert {fresh(row).state for row in rows} == {State.SENT}
    assert {fresh(row).attempts for row in rows} == {1}  # a complaint about speed is no try of theirs
    assert budgets.usage(number, core_clock.now()).factor == 1


def test_retry_after_is_kept_to_by_the_whole_number(
    graph: Graph, number: Number, ana: Contact, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.refuse(130429, status=429)
    graph.headers["Retry-After"] = "90"
    message = say(ana)
    dispatcher.run()
    number.refresh_from_db()
    assert number.slow_until == fresh(message).not_before
    assert fresh(message).not_before > core_clock.now() + timedelta(seconds=80)


def too_fast(number: Number, say: Say, *seconds: float | None) -> list[Done]:
    """As many sends, answered with “too fast” and these Retry-After."""
    for _one in seconds:
        say(writer(number))
    errors = [SendFailed("slow down", reaction=Reaction.SLOW_NUMBER, code="130429", after=after) for after in seconds]
    rows = claims.claim(len(seconds)).rows
    return [Done(row.pk, row.lease_token, error=error) for row, error in zip(rows, errors, strict=True)]


def test_of_several_answers_the_longest_wait_counts(number: Number, say: Say, clock: Clock) -> None:
    now = clock.stand("2026-03-02T12:00:00")
    save(too_fast(number, say, None, 90, 20))
    number.refresh_from_db()
    assert number.slow_until == now + timedelta(seconds=90)


def test_a_later_and_milder_answer_shortens_no_wait(number: Number, say: Say, clock: Clock) -> None:
    now = clock.stand("2026-03-02T12:00:00")
    for done in too_fast(number, say, 600, 5):
        save([done])
    number.refresh_from_db()
    assert number.slow_until == now + timedelta(seconds=600)


def test_one_person_in_many_who_gets_too_much_holds_nobody_up(graph: Graph, number: Number, say: Say) -> None:
    people = [writer(number) for _ in range(40)]
    graph.refuse(131056, to=people[3].phone)
    for person in people:
        say(person)
    dispatcher.run()
    assert states() == {State.SENT: 39, State.QUEUED: 1}
    assert OutboundMessage.objects.get(state=State.QUEUED).held_reason == reasons.SLOW_PERSON


def test_a_person_with_a_hundred_messages_holds_nobody_up_and_is_not_looked_at_again_and_again(
    graph: Graph, number: Number, ana: Contact, say: Say
) -> None:
    for n in range(100):
        say(ana, str(n))
    other = say(writer(number))
    first = claims.claim(10).rows
    assert [row.contact_id for row in first] == [ana.pk]
    while not claims.claim(10).rows:
        pass  # each look parks those it met
    assert fresh(other).state == State.SENDING
    behind = OutboundMessage.objects.filter(contact=ana, held_reason=reasons.TURN).count()
    assert behind >= 90


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_tier_that_is_reached_half_way_parks_each_with_its_own_honest_moment(
    graph: Graph, small_tier: Portfolio, say: Say, clock: Clock
) -> None:
    rows = [say(stranger(), kind="test.news", campaign="all") for _ in range(20)]
    dispatcher.run()
    assert len(graph.accepted) == 8
    waiting = [fresh(row) for row in rows if fresh(row).state == State.QUEUED]
    assert {row.held_reason for row in waiting} == {reasons.TIER}
    assert all(row.opens for row in waiting)
    dispatcher.run()
    sweeper.sweep()
    assert len(graph.accepted) == 8
    days = sorted(round((row.not_before - core_clock.now()) / timedelta(days=1)) for row in waiting)
    assert days == [1] * 8 + [2] * 4
    last = max(row.not_before for row in waiting)
    while State.QUEUED in states() and core_clock.now() < last + timedelta(minutes=2):
        soonest = min(OutboundMessage.objects.filter(state=State.QUEUED).values_list("not_before", flat=True))
        clock.wind((soonest - core_clock.now()).total_seconds() + 2)
        dispatcher.run()
    assert {fresh(row).state for row in rows} == {State.SENT}
    assert core_clock.now() < last + timedelta(minutes=1)  # each leaves a moment late, and frees its place so


def test_pages_and_answers_pass_a_tier_that_a_campaign_has_used_up(
    graph: Graph, small_tier: Portfolio, number: Number, say: Say
) -> None:
    for _person in range(15):
        say(stranger(), kind="test.news", campaign="all")
    dispatcher.run()
    page, answer = say(stranger(), kind="test.page"), say(writer(number))
    dispatcher.run()
    assert {fresh(page).state, fresh(answer).state} == {State.SENT}
    assert budgets.usage(small_tier, core_clock.now()).used == 9


def test_a_person_who_writes_while_waiting_for_a_place_is_answered_at_once(
    graph: Graph, small_tier: Portfolio, number: Number, say: Say
) -> None:
    rows = [say(stranger(), kind="test.news") for _ in range(12)]
    dispatcher.run()
    waiting = next(fresh(row) for row in rows if fresh(row).state == State.QUEUED)
    write_in(waiting.contact, number)
    dispatcher.run()
    assert (fresh(waiting).state, fresh(waiting).how) == (State.SENT, "free")


# --- the store of the budgets -----------------------------------------------------------------------------------------


def test_a_redis_flushed_half_way_through_a_campaign_lets_nobody_past_the_tier(
    graph: Graph, small_tier: Portfolio, say: Say, redis_server: redis.Redis, clock: Clock
) -> None:
    for _person in range(6):
        say(stranger(), kind="test.news")
    dispatcher.run()
    redis_server.flushdb()
    for _person in range(12):
        say(stranger(), kind="test.news")
    dispatcher.run()
    clock.wind(3)
    dispatcher.run()
    assert len(graph.accepted) == 8
    assert states() == {State.SENT: 8, State.QUEUED: 10}


def test_while_redis_is_gone_nothing_leaves_and_afterwards_everything_does(
    graph: Graph, number: Number, say: Say, settings: Any
) -> None:
    rows = [say(writer(number)) for _ in range(5)]
    there = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    dispatcher.run()
    assert graph.requests == []
    assert states() == {State.QUEUED: 5}
    settings.REDIS_URL = there
    dispatcher.run()
    assert {fresh(row).state for row in rows} == {State.SENT}


def test_a_redis_that_goes_between_claim_and_reservation_gives_every_row_back(
    graph: Graph, number: Number, say: Say, settings: Any
) -> None:
    for _row in range(3):
        say(writer(number))
    claimed = claims.claim(10).rows
    there, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    assert dispatcher.prepare(claimed) == []
    settings.REDIS_URL = there
    assert set(OutboundMessage.objects.values_list("state", "held_reason", "lease_token")) == {(State.QUEUED, "", "")}


# --- stops and breaks -------------------------------------------------------------------------------------------------


def test_sigterm_in_the_middle_saves_what_is_in_the_air_and_hands_back_the_rest(
    graph: Graph, number: Number, say: Say, settings: Any
) -> None:
    settings.OUTBOX_IN_FLIGHT = 4
    rows = [say(writer(number)) for _ in range(30)]

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if len(graph.accepted) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return graph.take(body)

    graph.answers["*"] = answer
    before = signal.getsignal(signal.SIGTERM)
    dispatcher.run()
    assert signal.getsignal(signal.SIGTERM) == before
    found = states()
    assert found[State.SENT] == len(graph.accepted)
    assert found[State.SENT] + found[State.QUEUED] == 30
    assert found[State.QUEUED] >= 15
    graph.heal()
    dispatcher.run()
    assert {fresh(row).state for row in rows} == {State.SENT}
    assert len(graph.accepted) == 30


def test_what_was_stopped_while_its_file_went_up_has_certainly_not_left(
    graph: Graph, number: Number, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "STOP_SECONDS", 0.0)
    file = files.store(content=b"\x89PNG\r\n\x1a\n" + b"0" * 64, name="plan.png", owner=None)
    message = say(writer(number), content=MediaMessage("image", file.pk))
    slow = threading.Event()

    def stop() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        slow.wait(0.5)

    graph.on_upload = stop
    dispatcher.run()
    assert graph.accepted == []
    assert (fresh(message).state, fresh(message).attempts) == (State.QUEUED, 0)


def test_a_shutdown_of_the_worker_reaches_the_dispatcher(graph: Graph, number: Number, say: Say) -> None:
    say(writer(number))
    try:
        stopping.tell_everybody()
        dispatcher.run()
        assert states() == {State.QUEUED: 1}
    finally:
        stopping._begin()
    dispatcher.run()
    assert states() == {State.SENT: 1}


def test_a_token_revoked_half_way_stops_the_account_within_what_is_in_the_air(
    graph: Graph, number: Number, say: Say, settings: Any
) -> None:
    settings.OUTBOX_IN_FLIGHT = 4
    rows = [say(writer(number)) for _ in range(40)]
    lock = threading.Lock()

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with lock:
            if len(graph.accepted) < 10:
                return graph.take_unlocked(body)
        return 401, {"error": {"code": 190, "message": "(#190)"}}

    graph.answers["*"] = answer
    dispatcher.run()
    assert Account.objects.get().state == Account.State.BROKEN
    assert len(graph.accepted) == 10
    assert len(graph.requests) <= 10 + 2 * dispatcher.places()
    assert states() == {State.SENT: 10, State.QUEUED: 30}
    assert {fresh(row).attempts for row in rows if fresh(row).state == State.QUEUED} == {0}


def test_answers_lost_half_way_leave_those_unsure_and_nobody_twice(
    graph: Graph, number: Number, say: Say, clock: Clock
) -> None:
    people = [writer(number) for _ in range(12)]
    for person in people[::3]:
        graph.lose_answers(to=person.phone)
    for person in people:
        say(person, kind="test.news")
    dispatcher.run()
    clock.wind(7200)
    sweeper.sweep()
    dispatcher.run()
    assert states() == {State.SENT: 8, State.UNSURE: 4}
    assert Counter(body["to"] for body in graph.accepted) == {person.phone: 1 for person in people}


def test_words_that_no_database_keeps_cost_neither_their_message_nor_the_others_their_outcome(
    graph: Graph, number: Number, say: Say, clock: Clock
) -> None:
    """Half a character in a carrier's answer: what is not saved is unsure, and what is unsure may be sent twice."""
    graph.refuse(131009, to=(odd := writer(number)).phone, words="half \ud800, none \0")
    refused, others = say(odd), [say(writer(number)) for _ in range(5)]
    dispatcher.run()
    assert {fresh(row).state for row in others} == {State.SENT}
    assert fresh(refused).state == State.FAILED
    clock.wind(200)
    sweeper.sweep()
    assert states() == {State.SENT: 5, State.FAILED: 1}


def test_an_outcome_that_cannot_be_saved_takes_no_other_with_it(graph: Graph, number: Number, say: Say) -> None:
    rows = [say(writer(number)) for _ in range(4)]
    dones = [alone(job) for job in prepare(claims.claim(4).rows)]
    dones[1] = replace(dones[1], result=SendResult("wamid.\ud800"))
    assert save(dones) == {"accepted": 3}
    assert [fresh(row).state for row in rows] == [State.SENT, State.SENDING, State.SENT, State.SENT]


def test_what_was_prepared_ahead_of_a_carrier_that_turned_slow_goes_back_and_is_planned_afresh(
    graph: Graph, number: Number, say: Say, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOX_IN_FLIGHT = 1
    monkeypatch.setattr(dispatcher, "STALE", 0.1)
    rows = [say(writer(number)) for _ in range(2)]
    is_back, hand_back = threading.Event(), dispatcher.hand_back

    def seen(jobs: Any) -> None:
        hand_back(jobs)
        if jobs:
            assert {job.message_id for job in jobs} == {rows[1].pk}
            assert fresh(rows[1]).state == State.QUEUED
            is_back.set()

    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return graph.take(body) if is_back.wait(5) else (500, {})

    monkeypatch.setattr(dispatcher, "hand_back", seen)
    graph.answers["*"] = answer
    dispatcher.run()
    assert is_back.is_set()
    assert states() == {State.SENT: 2}
    assert len(graph.accepted) == 2


# --- fairness and cost ------------------------------------------------------------------------------------------------


def test_a_small_campaign_takes_turns_with_a_large_one(number: Number, say: Say) -> None:
    for _row in range(30):
        say(writer(number), kind="test.news", campaign="large")
    small = [say(writer(number), kind="test.news", campaign="small").pk for _ in range(3)]
    taken = [row.campaign for row in claims.claim(8).rows]
    assert Counter(taken) == {"large": 5, "small": 3}
    assert {row.state for row in OutboundMessage.objects.filter(pk__in=small)} == {State.SENDING}


def test_one_place_at_a_time_still_goes_round(number: Number, say: Say) -> None:
    for name in "abc":
        for _row in range(3):
            say(writer(number), kind="test.news", campaign=name)
    taken = [row.campaign for _turn in range(9) for row in claims.claim(1).rows]
    assert [sorted(taken[start : start + 3]) for start in (0, 3, 6)] == [["a", "b", "c"]] * 3


def test_lanes_that_do_not_hurry_never_fill_every_place(number: Number, say: Say) -> None:
    for _row in range(20):
        say(writer(number), kind="test.news")
    page = say(writer(number), kind="test.page")
    taken = claims.claim(10, patient=6).rows
    assert len(taken) == 7
    assert taken[0].pk == page.pk


def heap(number: Number, contact: Contact, count: int, moment: datetime) -> None:
    """Very many rows of other times and of other people's campaigns, by the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH e AS (
                INSERT INTO contacts_contact (phone, profile_name, language, state_reason, is_shared, state, created_at)
                SELECT '+5599' || lpad(i::text, 8, '0'), '', '', '', false, 'active', %s FROM generate_series(1, %s) i RETURNING id
            ), n AS (SELECT id, row_number() OVER () AS i FROM e)
            INSERT INTO outbox_outboundmessage (key, contact_id, number_id, kind, klass, lane, lane_rank, language, data,
                content, given, text, how, subject_type, subject_id, in_reply_to, campaign, opens, is_reply, state,
                held_reason, not_before, attempts, lease_token, remote_id, error_code, error_text, is_resend,
                correlation_id, created_at)
            SELECT 'heap:' || i, id, %s, 'test.news', 'announcement', 'bulk', 4, 'en', '{}', '{}', '{}', '', 'free', '', '',
                '', 'c' || i %% 5, false, false, CASE WHEN i %% 4 = 0 THEN 'sent' ELSE 'queued' END,
                CASE WHEN i %% 4 = 1 THEN 'tier' ELSE '' END, %s + (i %% 4 = 1)::int * interval '1 day',
                0, '', '', '', '', false, '', %s FROM n
            """,
            [moment, count, number.pk, moment, moment],
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_outboundmessage")


def touched(limit: int) -> int:
    """Buffers that the statements of one claim touch."""
    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "outbox_outboundmessage" in sql:
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(note):
        assert len(claims.claim(limit).rows) == limit
        transaction.set_rollback(True)
    total = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0]
            top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
            total += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
        transaction.set_rollback(True)
    return total


@needs_postgresql
def test_the_cost_of_a_claim_does_not_grow_with_what_waits_or_was_sent(number: Number, ana: Contact) -> None:
    moment = core_clock.now()
    with transaction.atomic():
        heap(number, ana, 10_000, moment)
        few = touched(50)
        transaction.set_rollback(True)
    with transaction.atomic():
        heap(number, ana, 200_000, moment)
        many = touched(50)
        transaction.set_rollback(True)
    # Not the rows but the indexes grow by a level: every entry of a claimed row in them costs one page more.
    assert many <= 1.5 * few
