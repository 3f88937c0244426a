"""Many entries in one statement are the same entries as one by one."""

from typing import Any

import pytest
from django.db import transaction

from apps.journal import sealer, verify
from apps.journal.actors import Actor
from apps.journal.models import Body, Entry
from apps.journal.services import Happened, correlation, record, record_many
from tests.factories import make_number

pytestmark = pytest.mark.django_db

COLUMNS = (
    "name", "subject_type", "subject_id", "subject_label", "actor_kind", "actor_id", "actor_label", "before", "after",
    "correlation_id",
)  # fmt: skip


def test_many_are_written_as_one_by_one() -> None:
    number, by = make_number(), Actor("user", "7", "Ana")
    with transaction.atomic(), correlation("one webhook"):
        single = record("thing.moved", subject=number, by=by, before={"n": 1}, after={"n": 2}, body={"text": "olá"})
        many = record_many([Happened("thing.moved", number, by, {"n": 1}, {"n": 2}, {"text": "olá"}), Happened("a.b")])
    rows = list(Entry.objects.filter(pk__in=[single.pk, many[0].pk]).order_by("pk").values(*COLUMNS))
    assert rows[0] == rows[1]
    assert Body.objects.get(entry=many[0]).content == Body.objects.get(entry=single).content
    assert not Body.objects.filter(entry=many[1]).exists()
    sealer.seal_pending()
    assert verify.verify().is_sound


def test_they_keep_their_order_and_their_own_correlation() -> None:
    with transaction.atomic(), correlation("present"):
        entries = record_many(Happened("thing.counted", after={"n": n}, correlation=f"c{n}") for n in range(5))
        inherited, none = record_many([Happened("thing.counted"), Happened("thing.counted", correlation="")])
    assert [entry.pk for entry in entries] == sorted(entry.pk for entry in entries)
    assert [Entry.objects.get(pk=entry.pk).correlation_id for entry in entries] == [f"c{n}" for n in range(5)]
    assert (inherited.correlation_id, none.correlation_id) == ("present", "")


def test_many_cost_one_statement(django_assert_num_queries: Any) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        record_many(Happened("thing.counted", after={"n": n}) for n in range(60))
        record_many([])
    assert Entry.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_outside_a_transaction() -> None:
    for happened in ([], [Happened("thing.happened")]):
        with pytest.raises(RuntimeError, match="inside the transaction"):
            record_many(happened)
    assert not Entry.objects.exists()
