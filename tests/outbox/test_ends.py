"""However many messages come to their end together, the journal gets each once, and all in one statement."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.core import clock as core_clock
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import holding
from apps.outbox.sending import claims
from apps.outbox.sending.preparing import prepare
from apps.outbox.sending.saving import Done, save
from apps.people.models import Employee
from apps.providers.base import Reaction, SendFailed
from apps.providers.models import Number
from apps.providers.types import MediaMessage
from tests.factories import make_contact, make_employee
from tests.outbox.conftest import Say, writer
from tests.outbox.test_planner_rows import queries_of

State = OutboundMessage.State
pytestmark = pytest.mark.django_db
End = Callable[[Number, Say, int], Callable[[], object]]


def held_ones_expire(number: Number, say: Say, count: int) -> Callable[[], object]:
    for _row in range(count):
        say(make_contact(make_employee()))
    past = core_clock.now() - timedelta(minutes=1)
    OutboundMessage.objects.filter(state=State.HELD).update(expires_at=past, not_before=past)
    return holding.sweep


def claimed_ones_are_to_leavers(number: Number, say: Say, count: int) -> Callable[[], object]:
    for _row in range(count):
        say(writer(number), kind="test.asked")
    Employee.objects.update(state=Employee.State.LEFT)
    rows = claims.claim(count).rows
    return lambda: prepare(rows)


def files_are_gone(number: Number, say: Say, count: int) -> Callable[[], object]:
    for _row in range(count):
        say(writer(number), content=MediaMessage("image", 987654))
    rows = claims.claim(count).rows
    return lambda: prepare(rows)


def sends_are_refused(number: Number, say: Say, count: int) -> Callable[[], object]:
    for _row in range(count):
        say(writer(number))
    error = SendFailed("no", reaction=Reaction.MESSAGE, code="131009")
    dones = [Done(row.pk, row.lease_token, error=error) for row in claims.claim(count).rows]
    return lambda: save(dones)


@pytest.mark.parametrize(
    "end",
    [held_ones_expire, claimed_ones_are_to_leavers, sends_are_refused, files_are_gone],
    ids=lambda end: end.__name__,
)
def test_the_journal_takes_many_ends_in_one_statement(number: Number, say: Say, end: End) -> None:
    queries = queries_of(end(number, say, 6))
    written = [sql for sql in queries if sql.startswith("INSERT") and "journal_entry" in sql]
    assert len(written) == 1
    ends = Entry.objects.filter(name__in=["outbound.expired", "outbound.cancelled", "outbound.failed"])
    assert len(set(ends.values_list("subject_id", flat=True))) == ends.count() == 6
