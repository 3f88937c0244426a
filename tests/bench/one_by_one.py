"""The usual way, to compare with: Celery with gevent 100, one task per message, `requests`, a row read and saved by the ORM.

It decides nothing: no plan, no budgets, no lanes, no tries, no journal; and it is helped with kept connections to database
and carrier, where Django under gevent would open one per task. `celery -A tests.bench.one_by_one worker -P gevent` is the
worker; `python -m tests.bench.one_by_one COUNT` hands the messages in and waits until all have left.
"""

import json
import os
import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

import requests  # noqa: E402
from celery import Celery  # noqa: E402
from django.db import connections  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402

from apps.core import clock  # noqa: E402
from apps.outbox.models import OutboundMessage  # noqa: E402

CONCURRENCY = 100
CONNECTIONS = 20
PATIENCE = 100  # seconds

app = Celery("one_by_one", broker=os.environ.get("REDIS_URL", "memory://"))
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=4, broker_transport_options={"max_connections": 1000}
)


@cache
def http() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=CONCURRENCY, pool_block=True))
    return session


kept: "queue.LifoQueue[Any]" = queue.LifoQueue()
for _each in range(CONNECTIONS):
    kept.put(None)


@contextmanager
def database() -> Iterator[None]:
    """One of a few kept connections for as long as it is needed."""
    connection = kept.get()
    if connection is None:
        connection = connections.create_connection("default")
        connection.inc_thread_sharing()
    connections["default"] = connection
    try:
        yield
    finally:
        del connections["default"]
        kept.put(connection)


@app.task(name="bench.send")
def send(pk: int) -> None:
    with database():
        row = OutboundMessage.objects.select_related("contact", "number__account").get(pk=pk)
    account = row.number.account
    answer = http().post(
        f"{account.base_url}/{row.number.remote_id}/messages", timeout=25,
        headers={"Authorization": f"Bearer {account.access_token}"},
        json={"messaging_product": "whatsapp", "to": row.contact.phone, "type": "text", "text": {"body": row.text},
              "biz_opaque_callback_data": str(pk)},
    )  # fmt: skip
    row.state, row.remote_id, row.sent_at = row.State.SENT, answer.json()["messages"][0]["id"], clock.now()
    with database():
        row.save()


def hand_in(count: int) -> None:
    began = time.perf_counter()
    for pk in OutboundMessage.objects.order_by("pk").values_list("pk", flat=True)[:count]:
        send.delay(pk)
    while (sent := OutboundMessage.objects.filter(state="sent").count()) < count:
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit(f"only {sent} of {count} left")
        time.sleep(0.1)
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    hand_in(int(sys.argv[1]))
