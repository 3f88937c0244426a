"""verify_journal finds every change, insertion, removal and reorder up to the last anchor."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from apps.core import clock
from apps.journal import sealer, verify
from apps.journal.actors import SYSTEM
from apps.journal.models import Body, Entry, Seal
from apps.journal.services import erase_body, record
from apps.journal.testing import unguarded

pytestmark = pytest.mark.django_db


def write(count: int = 5) -> list[Entry]:
    with transaction.atomic():
        entries = [record("thing.happened", after={"n": n}, body={"text": f"words {n}"}) for n in range(count)]
    sealer.seal_pending()
    return entries


def test_an_untouched_journal_is_whole() -> None:
    write()
    report = verify.verify(anchors=[sealer.newest_anchor()])
    assert report.is_sound, report.faults
    assert (report.entries, report.unsealed, report.anchors) == (5, 0, 1)


def test_sealing_twice_seals_nothing_twice() -> None:
    write()
    assert sealer.seal_pending() == 0
    assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("values", [{"name": "thing.denied"}, {"after": {"n": 99}}, {"actor_label": "Somebody else"}])
def test_a_changed_entry_is_found(values: dict[str, object]) -> None:
    third = write()[2]
    with unguarded():
        Entry.objects.filter(pk=third.pk).update(**values)
    assert any(str(third.pk) in fault for fault in verify.verify().faults)


def test_a_moved_moment_is_found() -> None:
    third = write()[2]
    with unguarded():
        Entry.objects.filter(pk=third.pk).update(at=third.at - timedelta(microseconds=1))
    assert not verify.verify().is_sound


def test_a_removed_entry_is_found() -> None:
    third = write()[2]
    with unguarded():
        Seal.objects.filter(entry=third).delete()
        Body.objects.filter(entry=third).delete()
        Entry.objects.filter(pk=third.pk).delete()
    assert not verify.verify().is_sound


def test_a_cut_end_is_found_by_its_anchor_and_only_by_it() -> None:
    last = write()[-1]
    anchor = sealer.newest_anchor()
    with unguarded():
        Seal.objects.filter(entry=last).delete()
        Body.objects.filter(entry=last).delete()
        Entry.objects.filter(pk=last.pk).delete()
    assert verify.verify().is_sound
    assert not verify.verify(anchors=[anchor]).is_sound


def test_two_entries_that_changed_places_are_found() -> None:
    first, second, *_rest = write()
    with unguarded():
        one, two = Seal.objects.get(entry=first), Seal.objects.get(entry=second)
        Seal.objects.filter(pk__in=[one.pk, two.pk]).delete()
        Seal.objects.create(position=one.position, entry=second, hash=one.hash)
        Seal.objects.create(position=two.position, entry=first, hash=two.hash)
    assert not verify.verify().is_sound


def test_a_chain_that_was_rewritten_whole_does_not_fit_a_kept_anchor() -> None:
    third = write()[2]
    anchor = sealer.newest_anchor()
    with unguarded():
        Entry.objects.filter(pk=third.pk).update(name="thing.denied")
        Seal.objects.all().delete()
    sealer.seal_pending(look_back=None)
    assert verify.verify().is_sound
    assert not verify.verify(anchors=[anchor]).is_sound


def test_a_changed_body_is_found_and_a_lawful_erasure_is_not_a_fault() -> None:
    first, second, *_rest = write()
    erase_body(first, by=SYSTEM, reason="asked for")
    sealer.seal_pending()
    report = verify.verify()
    assert (report.is_sound, report.erased) == (True, 1)
    with unguarded():
        Body.objects.filter(entry=second).update(content='{"text": "other words"}')
    assert not verify.verify().is_sound


def test_an_entry_slipped_in_behind_the_sealer_is_found() -> None:
    write()
    Entry.objects.create(
        name="thing.invented", actor_kind="system", actor_label="x", at=clock.now() - timedelta(minutes=1)
    )
    report = verify.verify()
    assert report.unsealed == 1
    assert not report.is_sound


def test_an_entry_that_commits_after_a_larger_id_was_sealed_is_still_sealed() -> None:
    entries = write(3)
    with unguarded():
        Seal.objects.filter(entry=entries[1]).delete()
        Seal.objects.filter(entry=entries[2]).delete()
        sealer_last = Seal.objects.get(entry=entries[0])
        Seal.objects.filter(pk=sealer_last.pk).delete()
        Seal.objects.create(position=1, entry=entries[2], hash="x")
    assert sealer.seal_pending() == 2
    assert set(Seal.objects.values_list("entry_id", flat=True)) == {entry.pk for entry in entries}


def test_the_command_prints_the_anchor_and_fails_on_a_fault() -> None:
    third = write()[2]
    out = StringIO()
    call_command("verify_journal", stdout=out)
    assert f"anchor {sealer.newest_anchor()}" in out.getvalue()
    with unguarded():
        Entry.objects.filter(pk=third.pk).update(name="thing.denied")
    with pytest.raises(CommandError, match="tampered"):
        call_command("verify_journal", stdout=StringIO())


def test_a_record_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record("thing.happened")
