"""Late, twice, out of order: rows only climb."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.contacts.models import Contact
from apps.core import clock as business
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.outbox import opaque, services
from apps.outbox.machine import rank
from apps.outbox.models import Attempt, EarlyStatus, OutboundMessage
from apps.outbox.sending import dispatcher, statuses, sweeper
from apps.providers.models import Account, Number
from apps.providers.types import StatusChanged
from tests.conftest import Clock
from tests.outbox.conftest import YES_NO, Say, fresh, status, writer
from tests.outbox.graph import Graph

State = OutboundMessage.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(graph: Graph, ana: Contact, say: Say) -> OutboundMessage:
    message = say(ana, "a chair", kind="test.asked", buttons=YES_NO)
    dispatcher.run()
    return fresh(message)


def tell(message: OutboundMessage, *words: str, code: str = "") -> OutboundMessage:
    for word in words:
        event = status(message, word, error_code=code)
        services.apply_statuses(number=message.number, events=[event])
    return fresh(message)


def ends(message: OutboundMessage) -> list[str]:
    rows = Entry.objects.filter(subject_id=str(message.pk), name__startswith="outbound.").exclude(
        name="outbound.queued"
    )
    return list(rows.order_by("id").values_list("name", flat=True))


def test_late_delivered_does_not_undo_read(sent: OutboundMessage) -> None:
    row = tell(sent, "read", "delivered", "sent")
    assert row.state == State.READ
    assert None not in {row.sent_at, row.delivered_at, row.read_at}
    assert ends(sent) == ["outbound.delivered"]


def test_a_repeated_status_takes_effect_once(sent: OutboundMessage) -> None:
    first = tell(sent, "delivered")
    again = tell(sent, "delivered", "delivered")
    assert (again.state, again.delivered_at) == (State.DELIVERED, first.delivered_at)
    assert ends(sent) == ["outbound.delivered"]


def test_failed_then_delivered_was_delivered(sent: OutboundMessage) -> None:
    assert tell(sent, "failed", code="131009").state == State.FAILED
    assert tell(sent, "delivered").state == State.DELIVERED
    assert ends(sent) == ["outbound.failed", "outbound.delivered"]


def test_delivered_then_failed_stays_delivered(sent: OutboundMessage) -> None:
    assert tell(sent, "delivered", "failed", code="131009").state == State.DELIVERED


def test_a_failure_and_its_delivery_in_one_batch_set_nothing_in_motion(sent: OutboundMessage) -> None:
    events = [status(sent, "failed", error_code="190"), status(sent, "delivered")]
    services.apply_statuses(number=sent.number, events=events)
    assert fresh(sent).state == State.DELIVERED
    assert Account.objects.get().state == Account.State.ACTIVE


def test_a_word_nobody_knows_changes_nothing(sent: OutboundMessage) -> None:
    assert tell(sent, "deleted", "warmed up").state == State.SENT
    assert not EarlyStatus.objects.exists()


def test_a_status_for_another_number_is_not_ours(sent: OutboundMessage, number: Number) -> None:
    other = Number.objects.create(account=number.account, remote_id="other", phone="+1")
    services.apply_statuses(number=other, events=[status(sent, "read", opaque=opaque.mark(sent.pk))])
    assert fresh(sent).state == State.SENT


def test_a_forged_mark_settles_nothing(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    graph.lose_answers()
    message = say(ana)
    dispatcher.run()
    for mark in (f"o1.{message.pk}.0000000000000000000000", "o1..", "o1.zz", "ó1.1.1", "x" * 600):
        services.apply_statuses(number=number, events=[status(None, "read", wamid=f"w{mark}"[:200], opaque=mark)])
    assert fresh(message).state == State.UNSURE


# --- early ones -------------------------------------------------------------------------------------------------------


def test_an_early_status_waits_for_its_message(graph: Graph, ana: Contact, number: Number, say: Say) -> None:
    services.apply_statuses(number=number, events=[status(None, "delivered", wamid="wamid.0001")])
    services.apply_statuses(number=number, events=[status(None, "delivered", wamid="wamid.0001")])
    assert EarlyStatus.objects.count() == 1
    message = say(ana)
    dispatcher.run()
    assert fresh(message).state == State.DELIVERED
    assert not EarlyStatus.objects.exists()
    assert ends(message) == ["outbound.delivered"]


def test_a_status_and_an_answer_that_missed_each_other_are_matched_by_the_sweep(sent: OutboundMessage) -> None:
    EarlyStatus.objects.create(number=sent.number, remote_id=sent.remote_id, status="read", at=business.now())
    sweeper.sweep()
    assert fresh(sent).state == State.READ


def test_early_statuses_of_nobodys_messages_are_forgotten_after_a_month(number: Number, clock: Clock) -> None:
    services.apply_statuses(number=number, events=[status(None, "read", wamid="wamid.stranger")])
    sweeper.sweep()
    assert EarlyStatus.objects.count() == 1
    clock.wind(32 * 86400)
    sweeper.sweep()
    assert EarlyStatus.objects.count() == 0


# --- late failures ----------------------------------------------------------------------------------------------------


def test_a_late_closed_window_is_answered_with_the_template(graph: Graph, sent: OutboundMessage) -> None:
    assert graph.texts() == ["May we buy a chair?"]
    assert tell(sent, "failed", code="131047").state == State.QUEUED
    dispatcher.run()
    assert graph.texts()[1:] == ["template test_asked"]
    assert (fresh(sent).state, fresh(sent).how) == (State.SENT, "template")


def test_a_repeated_late_failure_does_not_hit_the_next_try(graph: Graph, sent: OutboundMessage) -> None:
    old = status(sent, "failed", error_code="131047", opaque=opaque.mark(sent.pk))
    for event in (old, old, status(None, "sent", wamid=old.remote_id, opaque=old.opaque)):
        services.apply_statuses(number=sent.number, events=[event])
    assert (fresh(sent).state, sent.tries.count()) == (State.QUEUED, 2)
    dispatcher.run()
    services.apply_statuses(
        number=sent.number, events=[old, status(None, "sent", wamid=old.remote_id, opaque=old.opaque)]
    )
    row = fresh(sent)
    assert (row.state, len(graph.accepted)) == (State.SENT, 2)
    assert row.remote_id != old.remote_id
    assert ends(sent) == []


def test_a_real_arrival_of_a_replaced_try_still_counts(graph: Graph, sent: OutboundMessage) -> None:
    tell(sent, "failed", code="131047")
    services.apply_statuses(number=sent.number, events=[status(sent, "delivered")])
    dispatcher.run()
    assert (fresh(sent).state, len(graph.accepted)) == (State.DELIVERED, 1)


def test_a_late_unreachable_is_tried_once_more_spaced_and_then_marked(
    graph: Graph, sent: OutboundMessage, clock: Clock
) -> None:
    tell(sent, "failed", code="131026")
    dispatcher.run()
    assert len(graph.accepted) == 1
    clock.wind(901)
    dispatcher.run()
    assert len(graph.accepted) == 2
    row = tell(fresh(sent), "failed", code="131026")
    assert row.state == State.FAILED
    assert Contact.objects.get(pk=row.contact_id).unreachable_since is not None


def test_a_late_refusal_fails_with_a_plain_sentence(sent: OutboundMessage) -> None:
    row = tell(sent, "failed", code="131009")
    assert (row.state, row.error_code) == (State.FAILED, "131009")
    assert row.error_text.endswith(".")
    assert row.remote_id == sent.remote_id
    assert ends(sent) == ["outbound.failed"]


def test_a_late_payment_problem_stops_the_account_and_keeps_the_message(sent: OutboundMessage) -> None:
    row = tell(sent, "failed", code="131042")
    assert row.state == State.QUEUED
    assert Account.objects.get().state == Account.State.BROKEN


def test_a_cancelled_message_is_not_brought_back_by_a_failure(
    graph: Graph, ana: Contact, number: Number, say: Say
) -> None:
    graph.lose_answers()
    message = say(ana)
    dispatcher.run()
    services.cancel(message=message, by=SYSTEM)
    event = status(None, "failed", wamid="wamid.0001", opaque=opaque.mark(message.pk), error_code="131047")
    services.apply_statuses(number=number, events=[event])
    assert fresh(message).state == State.CANCELLED


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_costs_no_more_reads_than_one(
    graph: Graph, number: Number, say: Say, django_assert_max_num_queries: Any
) -> None:
    rows = [say(writer(number)) for _ in range(30)]
    dispatcher.run()
    events = [status(fresh(row), "sent") for row in rows] + [status(fresh(row), "sent") for row in rows]
    with django_assert_max_num_queries(5):
        statuses.apply(number=number, events=events)


def test_a_batch_takes_effect_whole_or_not_at_all(graph: Graph, number: Number, say: Say) -> None:
    rows = [say(writer(number)) for _ in range(3)]
    dispatcher.run()
    Account.objects.update(kind="nobody")  # a failure asks the carrier's table, and there is none
    fine = [fresh(row) for row in rows]
    events = [status(fine[0], "read"), status(fine[1], "failed", error_code="131009"), status(fine[2], "read")]
    with pytest.raises(Exception, match="nobody"):
        services.apply_statuses(number=number, events=events)
    assert [fresh(row).state for row in rows] == [State.SENT, State.SENT, State.SENT]


words = st.sampled_from(["sent", "delivered", "read", "played", "failed", "deleted"])
codes = st.sampled_from(["131009", "131047", "131026", "131000", "130472", "", "nonsense"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(words, codes, st.booleans()), max_size=12), st.integers(1, 4))
def test_statuses_in_any_order_never_move_a_row_down(
    ana: Contact, number: Number, told: list[tuple[str, str, bool]], size: int
) -> None:
    message = OutboundMessage.objects.create(
        key=f"h:{OutboundMessage.objects.count()}", contact=ana, number=number, kind="test.chat", klass="my_requests",
        lane="reply", language="en", state=State.SENT, remote_id=f"wamid.h{OutboundMessage.objects.count()}",
        sent_at=business.now(),
    )  # fmt: skip
    Attempt.objects.create(message=message, outcome="accepted", remote_id=message.remote_id)
    events = [
        StatusChanged(message.remote_id, "", word, business.now(), opaque=opaque.mark(message.pk) if marked else "",
                      error_code=code)
        for word, code, marked in told
    ]  # fmt: skip
    best = rank(message.state)
    for start in range(0, len(events), size):
        before = fresh(message)
        services.apply_statuses(number=number, events=events[start : start + size])
        after = fresh(message)
        # Going back into the queue after a failure is our own move, and only from `sent`.
        if after.state in {State.QUEUED, State.HELD}:
            assert rank(before.state) <= rank(State.SENT)
        else:
            assert rank(after.state) >= rank(before.state)
        best = max(best, rank(after.state))
    assert best < rank(State.DELIVERED) or rank(fresh(message).state) == best
    arrived = {"read", "played", "delivered"} & {word for word, _code, _marked in told}
    assert bool(arrived) == (rank(fresh(message).state) >= rank(State.DELIVERED))
    assert len([name for name in ends(message) if name == "outbound.delivered"]) <= 1
