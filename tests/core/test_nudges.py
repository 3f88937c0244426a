"""Many commits, one call; and never a commit that nobody looks at."""

from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.db import transaction

from apps.core import store
from apps.core.tasks import nudge
from apps.inbox import tasks as inbox
from apps.journal import tasks as journal

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(queue: str) -> int:
    return int(store.client().llen(queue))  # type: ignore[arg-type]


def commit(times: int = 1, a_task: Any = journal.advance, **kwargs: Any) -> None:
    for _time in range(times):
        with transaction.atomic():
            nudge(a_task, **kwargs)


def test_many_commits_are_one_call() -> None:
    commit(50)
    commit(50, inbox.process)
    assert (waiting("journal"), waiting("inbox")) == (1, 1)


def test_a_commit_after_the_start_of_the_run_calls_again() -> None:
    commit()
    journal.advance.before_start("an id", (), {})
    commit(3)
    assert waiting("journal") == 2


def test_a_call_that_nobody_takes_stands_for_the_others_only_shortly() -> None:
    commit()
    assert 0 < int(store.client().pttl("{recado}:nudged:journal.advance")) <= 2000  # type: ignore[arg-type]


def test_calls_about_one_thing_are_never_taken_together() -> None:
    commit(2, receipt_id=1)
    assert waiting("journal") == 2


def test_nothing_is_called_for_what_was_rolled_back() -> None:
    with transaction.atomic():
        nudge(journal.advance)
        transaction.set_rollback(True)
    assert waiting("journal") == 0


def test_a_broker_that_is_away_undoes_no_commit(settings: LazySettings, tmp_path: Any) -> None:
    settings.REDIS_URL = f"redis+socket://{tmp_path}/nobody.sock"
    commit()
    with pytest.raises(redis.ConnectionError):
        store.client().ping()
