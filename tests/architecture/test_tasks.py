"""Tasks are named for their app and travel in its queue; beat ticks only tasks that exist."""

import re

import pytest
from celery import Task
from django.conf import settings

from portal.celery import app

LABELS = {name.removeprefix("apps.") for name in settings.HOUSE}


@pytest.fixture(scope="module")
def tasks() -> dict[str, Task]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_a_task_is_named_app_dot_verb(tasks: dict[str, Task]) -> None:
    assert tasks
    assert [name for name in tasks if not re.fullmatch(rf"({'|'.join(LABELS)})\.[a-z_]+", name)] == []


def test_a_task_lives_in_the_tasks_of_its_app(tasks: dict[str, Task]) -> None:
    wrong = {
        name: task.__module__ for name, task in tasks.items() if task.__module__ != f"apps.{name.split('.')[0]}.tasks"
    }
    assert wrong == {}


def test_a_task_travels_in_the_queue_of_its_app_but_for_sending(tasks: dict[str, Task]) -> None:
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in tasks}
    assert {name: queue for name, queue in queues.items() if queue != name.split(".")[0]} == {
        "outbox.dispatch": "sending"
    }
    assert set(queues.values()) <= {queue.name for queue in settings.CELERY_TASK_QUEUES}


def test_beat_ticks_only_tasks_that_exist(tasks: dict[str, Task]) -> None:
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert wanted - set(tasks) == set()
