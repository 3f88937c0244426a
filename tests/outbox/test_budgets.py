"""No limit is ever passed, whatever comes when; what waits is told an honest moment; a lost Redis knows it again."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import redis
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.outbox import budgets, budgets_rows, reasons
from apps.outbox.budgets import Grant, Want
from apps.outbox.models import OutboundMessage
from apps.providers.kinds import Lane
from apps.providers.models import Account, Number
from tests.factories import make_account
from tests.outbox.conftest import Say, writer

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(hours=24)
TIER_DAY = DAY + 120 * SECOND
State = OutboundMessage.State


def want(message: int = 1, **values: object) -> Want:
    fields: dict[str, object] = {"number_id": 1, "contact_id": message, "portfolio_id": 1, "lane": "bulk", **values}
    return Want(message_id=message, **fields)  # type: ignore[arg-type]


def one(now: datetime, message: int = 1, **values: object) -> Grant:
    return budgets.reserve([want(message, **values)], now=now)[0]


@pytest.fixture
def empty(redis_server: redis.Redis) -> redis.Redis:
    return redis_server


def start_over(store: redis.Redis) -> None:
    """Hypothesis keeps fixtures between its examples."""
    epoch = store.get("{recado}:budget:epoch")
    store.flushdb()
    store.set("{recado}:budget:epoch", epoch or b"")


def at_most(moments: list[datetime], length: timedelta, limit: int) -> bool:
    """Whether no span of `length`, wherever it begins, holds more than `limit` of these."""
    moments = sorted(moments)
    return all(later - first >= length for first, later in zip(moments, moments[limit:], strict=False))


any_steps = st.lists(
    st.tuples(st.integers(0, 2500), st.integers(1, 12), st.sampled_from(["bulk", "urgent"])), min_size=1, max_size=40
)
relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip


# --- a number's second ------------------------------------------------------------------------------------------------


@relaxed
@given(steps=any_steps, limit=st.integers(1, 20))
def test_no_second_ever_holds_more_than_the_number_may(
    empty: redis.Redis, steps: list[tuple[int, int, str]], limit: int
) -> None:
    start_over(empty)
    now, left, message = START, [], 0
    for wait, count, lane in steps:
        now += timedelta(milliseconds=wait)
        wants = [want(message + n, lane=lane, per_second=limit) for n in range(1, count + 1)]
        message += count
        left += [now for grant in budgets.reserve(wants, now=now) if grant.is_free]
    assert left
    assert at_most(left, SECOND, limit)


def test_a_number_is_used_almost_whole_and_says_when_there_is_more(empty: redis.Redis) -> None:
    left, now = 0, START
    for step in range(200):
        now = START + timedelta(milliseconds=50 * step)
        wants = [want(1000 * step + n, per_second=80, lane="urgent") for n in range(20)]
        grants = budgets.reserve(wants, now=now)
        left += sum(grant.is_free for grant in grants)
    assert left >= 0.93 * 80 * 10
    refused = next(grant for grant in grants if not grant.is_free)
    assert refused.reason == reasons.SLOW_NUMBER
    assert refused.until is not None
    assert now < refused.until <= now + 1.1 * SECOND


def test_a_campaign_leaves_room_for_a_page_in_every_second(empty: redis.Redis) -> None:
    bulk = budgets.reserve([want(n, per_second=80) for n in range(100)], now=START)
    assert sum(grant.is_free for grant in bulk) == 72
    assert one(START, 1000, lane="urgent").is_free


def test_what_comes_in_counts_against_the_second(empty: redis.Redis) -> None:
    budgets.note_inbound(1, 75, START)
    grants = budgets.reserve([want(n, lane="reply", per_second=80) for n in range(10)], now=START)
    assert sum(grant.is_free for grant in grants) == 5


def rate(now: datetime) -> int:
    """How many of a hundred at once."""
    return sum(g.is_free for g in budgets.reserve([want(n, lane="urgent", per_second=80) for n in range(100)], now=now))


def test_a_complaint_halves_the_rate_once_per_burst_and_it_creeps_back(empty: redis.Redis) -> None:
    assert budgets.throttled(1, now=START) == 0.5
    assert budgets.throttled(1, now=START + 0.3 * SECOND) == pytest.approx(0.505, abs=0.001)  # the same burst
    assert rate(START + SECOND) == 41
    assert budgets.throttled(1, now=START + 2 * SECOND) == pytest.approx(0.2667, abs=0.001)
    rates = [rate(START + (4 + 10 * step) * SECOND) for step in range(6)]
    assert rates == sorted(rates)
    assert rates[0] < 30
    assert rates[-1] == 80


def test_a_number_that_is_never_believed_still_sends_a_little(empty: redis.Redis) -> None:
    now = START
    for _complaint in range(20):
        now += 1.5 * SECOND
        budgets.throttled(1, now=now)
    assert rate(now + 2 * SECOND) >= 1


# --- a person ---------------------------------------------------------------------------------------------------------


@relaxed
@given(steps=any_steps)
def test_no_person_ever_gets_more_than_the_pair_may(empty: redis.Redis, steps: list[tuple[int, int, str]]) -> None:
    start_over(empty)
    now, left, message = START, [], 0
    for wait, count, _lane in steps:
        now += timedelta(milliseconds=wait * 4)
        wants = [want(message + n, contact_id=7, lane="urgent", per_second=1000) for n in range(count)]
        message += count
        left += [now for grant in budgets.reserve(wants, now=now) if grant.is_free]
    for seconds in (6, 60, 270):
        assert at_most(left, seconds * SECOND, 45 + seconds // 6)


def test_a_person_over_the_pair_limit_waits_alone_and_exactly_long_enough(empty: redis.Redis) -> None:
    grants = budgets.reserve([want(n, contact_id=7, per_second=1000) for n in range(46)], now=START)
    assert [grant.is_free for grant in grants] == [True] * 45 + [False]
    assert (grants[-1].reason, grants[-1].until) == (reasons.SLOW_PERSON, START + 6 * SECOND)
    assert one(START, 100).is_free
    assert not one(START + 5.9 * SECOND, 46, contact_id=7).is_free
    assert one(START + 6 * SECOND, 46, contact_id=7).is_free


def test_a_person_whom_the_carrier_complained_about_is_parked_alone(empty: redis.Redis) -> None:
    budgets.park_person(1, 7, until=START + 64 * SECOND, now=START)
    refused = one(START + SECOND, 1, contact_id=7)
    assert (refused.is_free, refused.reason, refused.until) == (False, reasons.SLOW_PERSON, START + 64 * SECOND)
    assert one(START + SECOND, 2).is_free
    assert one(START + 64 * SECOND, 3, contact_id=7).is_free


def test_a_person_has_had_enough_for_one_day_but_pages_arrive(empty: redis.Redis) -> None:
    for n in range(django_settings.OUTBOX_PERSON_PER_DAY):
        assert one(START + n * 60 * SECOND, n, contact_id=7, counts_for_day=True).is_free
    later = START + 3600 * SECOND
    refused = one(later, 1000, contact_id=7, counts_for_day=True)
    assert (refused.reason, refused.until) == (reasons.PERSON_DAY, START + DAY)
    assert one(later, 1001, contact_id=7, lane="urgent").is_free
    assert one(later, 3, contact_id=7, counts_for_day=True).is_free  # the same message once more is no new one
    assert one(START + DAY, 1000, contact_id=7, counts_for_day=True).is_free


# --- the tier ---------------------------------------------------------------------------------------------------------


@relaxed
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 8 * 3600), st.integers(1, 10), st.sampled_from(["bulk", "approval"])), max_size=30
    ),
    limit=st.integers(0, 12), reserve=st.integers(0, 90),
)  # fmt: skip
def test_no_24_hours_ever_hold_more_people_than_the_tier(
    empty: redis.Redis, steps: list[tuple[int, int, str]], limit: int, reserve: int
) -> None:
    start_over(empty)
    now, message = START, 0
    left: list[tuple[datetime, int]] = []
    for wait, count, lane in steps:
        now += wait * SECOND
        wants = [
            want(message + n, contact_id=(message + n) % 17, opens=True, tier=limit, reserve_percent=reserve, lane=lane)
            for n in range(count)
        ]
        message += count
        grants = budgets.reserve(wants, now=now)
        left += [(now, w.contact_id) for w, grant in zip(wants, grants, strict=True) if grant.is_free]
    for moment, _contact in left:
        assert len({contact for at, contact in left if moment - DAY < at <= moment}) <= limit


def opening(message: int, **values: object) -> Want:
    return want(message, **{"opens": True, "tier": 10, "per_second": 1000, **values})


def test_the_reserve_of_the_tier_is_for_who_hurries(empty: redis.Redis) -> None:
    wants = [opening(n, reserve_percent=20) for n in range(10)]
    assert sum(grant.is_free for grant in budgets.reserve(wants, now=START)) == 8
    hurried = [
        opening(100 + n, reserve_percent=20, lane=lane) for n, lane in enumerate(["urgent", "approval", "reply"])
    ]
    assert [grant.is_free for grant in budgets.reserve(hurried, now=START)] == [True, True, False]


def test_an_answer_inside_the_window_and_a_person_already_written_to_cost_no_place(empty: redis.Redis) -> None:
    budgets.reserve([opening(n, contact_id=n) for n in range(10)], now=START)
    assert one(START, 50, tier=10, contact_id=50, opens=False).is_free
    assert budgets.reserve([opening(51, contact_id=3)], now=START)[0].is_free
    assert not budgets.reserve([opening(52, contact_id=52)], now=START)[0].is_free


def test_the_kth_that_waits_is_told_the_kth_freed_place_days_ahead_and_that_is_when_it_leaves(
    empty: redis.Redis,
) -> None:
    for n in range(10):
        budgets.reserve([opening(n)], now=START + n * 60 * SECOND)
    refused = budgets.reserve([opening(100 + n) for n in range(25)], now=START + 3600 * SECOND)
    wanted = [START + TIER_DAY * (1 + k // 10) + (k % 10) * 60 * SECOND for k in range(25)]
    assert [grant.until for grant in refused] == wanted
    for grant in refused:
        assert grant.until is not None
        assert not budgets.reserve([opening(grant.message_id)], now=grant.until - SECOND)[0].is_free
        assert budgets.reserve([opening(grant.message_id)], now=grant.until)[0].is_free


def test_who_asks_twice_keeps_the_place_and_who_comes_later_goes_behind(empty: redis.Redis) -> None:
    budgets.reserve([opening(n) for n in range(10)], now=START)
    first = budgets.reserve([opening(100), opening(101)], now=START + SECOND)
    again = budgets.reserve([opening(100)], now=START + 2 * SECOND)
    assert again[0].until == first[0].until
    freed = START + TIER_DAY + SECOND
    # Ten places are free now, and two of them are promised.
    late = budgets.reserve([opening(200 + n) for n in range(10)], now=freed)
    assert sum(grant.is_free for grant in late) == 8
    assert all(grant.is_free for grant in budgets.reserve([opening(100), opening(101)], now=freed))


def test_a_promise_that_nobody_comes_for_lapses(empty: redis.Redis) -> None:
    budgets.reserve([opening(n) for n in range(10)], now=START)
    budgets.reserve([opening(100)], now=START)
    late = budgets.reserve([opening(200 + n) for n in range(10)], now=START + TIER_DAY + 601 * SECOND)
    assert all(grant.is_free for grant in late)


def test_a_raised_tier_lets_them_through_at_once(empty: redis.Redis) -> None:
    budgets.reserve([opening(n) for n in range(10)], now=START)
    budgets.reserve([opening(100 + n) for n in range(5)], now=START)
    raised = budgets.reserve([opening(100 + n, tier=20) for n in range(5)], now=START + SECOND)
    assert all(grant.is_free for grant in raised)


def test_a_clock_wound_forward_frees_what_is_over_and_nothing_breaks_when_it_steps_back(empty: redis.Redis) -> None:
    budgets.reserve([opening(n) for n in range(10)], now=START)
    assert one(START - 5 * SECOND, 50, opens=True, tier=10).is_free is False
    assert one(START + 30 * DAY, 51, opens=True, tier=10).is_free


# --- calls ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_calls_about_an_account_are_counted_over_a_rolling_hour(empty: redis.Redis) -> None:
    account = make_account(api_calls_per_hour=10)
    spent = [budgets.spend_call(account, now=START + n * 60 * SECOND) for n in range(12)]
    assert [grant.is_free for grant in spent] == [True] * 10 + [False] * 2
    until = spent[-1].until
    assert until is not None
    assert START + 3600 * SECOND <= until <= START + 3660 * SECOND
    assert budgets.usage(account, START + 700 * SECOND).used == 10
    assert budgets.spend_call(account, now=until).is_free


# --- looking, losing, counting again ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_desk_reads_use_limit_and_when_more_is_free(number: Number) -> None:
    portfolio = number.account.portfolio
    portfolio.tier, portfolio.reserve_percent = 10, 0
    wants = [opening(n, number_id=number.pk, portfolio_id=portfolio.pk) for n in range(14)]
    budgets.reserve(wants, now=START)
    budgets.throttled(number.pk, now=START)
    tier, second = budgets.usage(portfolio, START), budgets.usage(number, START)
    assert (tier.used, tier.limit, tier.waiting, tier.until) == (10, 10, 4, START + TIER_DAY)
    assert (second.used, second.limit, second.factor) == (10, number.per_second // 2, 0.5)
    assert budgets.forecast(portfolio, 6, START) == START + TIER_DAY
    assert budgets.forecast(portfolio, 7, START) == START + 2 * TIER_DAY
    portfolio.tier = 30
    assert budgets.forecast(portfolio, 6, START) is None
    portfolio.tier = None
    assert budgets.forecast(portfolio, 10**6, START) is None


def limits_after(store: redis.Redis, number: Number, now: datetime) -> dict[str, object]:
    portfolio = number.account.portfolio
    base = want(10**9, number_id=number.pk, contact_id=10**9, portfolio_id=portfolio.pk, per_second=1000)
    opened = [replace(base, message_id=10**9 + n, contact_id=10**9 + n, opens=True, tier=5) for n in range(1, 6)]
    return {"free places": sum(grant.is_free for grant in budgets.reserve(opened, now=now))}


@pytest.mark.django_db
def test_a_flushed_redis_is_filled_from_the_rows(number: Number, say: Say, empty: redis.Redis) -> None:
    now = START
    for n in range(3):
        row = say(writer(number))
        OutboundMessage.objects.filter(pk=row.pk).update(opens=True, state=State.SENT, sent_at=now - n * 3600 * SECOND)
    unsure = say(writer(number))
    OutboundMessage.objects.filter(pk=unsure.pk).update(opens=True, state=State.UNSURE, not_before=now)
    old = say(writer(number))
    OutboundMessage.objects.filter(pk=old.pk).update(opens=True, state=State.READ, sent_at=now - TIER_DAY)
    empty.flushdb()
    assert limits_after(empty, number, now + 10 * SECOND) == {"free places": 1}
    assert budgets_rows.count_opened(number.account.portfolio_id, now) == 4


@pytest.mark.django_db
def test_who_was_only_claimed_when_redis_was_lost_takes_a_place_and_is_not_let_through(
    number: Number, say: Say, empty: redis.Redis
) -> None:
    """Ten are claimed under a tier of three, Redis is flushed before they ask: all three places may be taken, so nobody goes."""
    claimed = [say(writer(number)) for _ in range(10)]
    OutboundMessage.objects.filter(pk__in=[row.pk for row in claimed]).update(opens=True, state=State.SENDING)
    empty.flushdb()
    assert budgets.usage(number.account.portfolio, START).used == 10
    wants = [
        want(row.pk, number_id=number.pk, contact_id=row.contact_id, portfolio_id=number.account.portfolio_id, opens=True, tier=3)
        for row in claimed
    ]  # fmt: skip
    assert {grant.reason for grant in budgets.reserve(wants, now=START + 10 * SECOND)} == {reasons.TIER}
    assert not any(grant.is_free for grant in budgets.reserve(wants, now=START + TIER_DAY - SECOND))
    assert sum(grant.is_free for grant in budgets.reserve(wants, now=START + TIER_DAY + 11 * SECOND)) == 3


@pytest.mark.django_db
def test_a_second_a_pair_a_day_and_promises_are_known_again(
    number: Number, say: Say, empty: redis.Redis, settings: object
) -> None:
    person = writer(number)
    rows = [say(person, kind="test.asked") for _ in range(45)]
    OutboundMessage.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.SENT, sent_at=START)
    waiting = say(writer(number))
    OutboundMessage.objects.filter(pk=waiting.pk).update(held_reason=reasons.TIER, not_before=START + 3600 * SECOND)
    parked = say(writer(number))
    OutboundMessage.objects.filter(pk=parked.pk).update(held_reason=reasons.SLOW_PERSON, not_before=START + 99 * SECOND)
    empty.flushdb()
    same = {"number_id": number.pk, "lane": "reply"}
    assert one(START, 10**8, **same).reason == reasons.SLOW_NUMBER
    later = START + 3 * SECOND
    assert one(later, 10**8, **same).is_free
    assert one(later, 10**8, contact_id=person.pk, **same).reason == reasons.SLOW_PERSON
    assert one(later, 10**8, contact_id=parked.contact_id, **same).until == START + 99 * SECOND
    much_later = START + 300 * SECOND
    assert one(much_later, 10**8, contact_id=person.pk, counts_for_day=True, **same).reason == reasons.PERSON_DAY
    assert budgets.usage(number.account.portfolio, much_later).waiting == 1


@pytest.mark.django_db
def test_a_restarted_redis_is_counted_again_although_it_kept_its_file(
    number: Number, say: Say, empty: redis.Redis
) -> None:
    assert one(START, 1, number_id=number.pk).is_free
    row = say(writer(number))
    OutboundMessage.objects.filter(pk=row.pk).update(opens=True, state=State.SENT, sent_at=START)
    # Another server process answers at the same address: its last second may be missing from the file.
    empty.set("{recado}:budget:epoch", b"the run id of a server before")
    budgets._store.cache_clear()
    assert budgets.usage(number.account.portfolio, START).used == 1


@pytest.mark.django_db
def test_a_redis_that_is_restarted_again_and_again_spends_half_an_hour_s_calls_once(
    number: Number, say: Say, empty: redis.Redis
) -> None:
    say(writer(number))
    limit = number.account.api_calls_per_hour
    for minute in range(4):
        empty.set("{recado}:budget:epoch", b"another server process")
        budgets._store.cache_clear()
        assert budgets.usage(number.account, START + minute * 60 * SECOND).used == limit // 2
    assert budgets.spend_call(number.account, now=START + 300 * SECOND).is_free


@pytest.mark.django_db
def test_while_one_fills_the_others_wait(number: Number, empty: redis.Redis) -> None:
    empty.flushdb()
    empty.set("{recado}:budget:filling", b"somebody", ex=100)
    with pytest.raises(budgets.BudgetsLostError):
        one(START)
    empty.delete("{recado}:budget:filling")
    assert one(START).is_free


@pytest.mark.django_db
def test_while_redis_is_away_nothing_leaves_and_the_desk_counts_rows(
    number: Number, say: Say, settings: object, tmp_path: object
) -> None:
    row = say(writer(number))
    OutboundMessage.objects.filter(pk=row.pk).update(opens=True, state=State.SENT, sent_at=START)
    settings.REDIS_URL = f"redis+socket://{tmp_path}/nobody.sock"  # type: ignore[attr-defined]
    with pytest.raises(budgets.BudgetsLostError):
        one(START)
    portfolio, account = number.account.portfolio, Account.objects.get()
    assert budgets.usage(portfolio, START) == budgets.Usage(1, 250, is_counted=False)
    assert not budgets.usage(number, START).is_counted
    assert budgets.spend_call(account, now=START).is_free
    budgets.note_inbound(number.pk, 3, START)
    assert budgets.throttled(number.pk, now=START) == 0.5
    assert budgets.forecast(portfolio, 300, START) == START + DAY


def test_many_wants_keep_their_order(empty: redis.Redis) -> None:
    wants = [want(n, lane=Lane.BULK if n % 2 else Lane.URGENT) for n in range(300)]
    assert [grant.message_id for grant in budgets.reserve(wants, now=START)] == list(range(300))
    by_reason: dict[str, int] = defaultdict(int)
    for first, second in pairwise(budgets.reserve(wants, now=START + 2 * SECOND)):
        by_reason[first.reason] += 1
        assert first.message_id < second.message_id
    assert set(by_reason) == {"", reasons.SLOW_NUMBER}
