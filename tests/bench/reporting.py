"""Messages that were sent, the carrier's reports on them, and one worker: `python -m tests.bench.reporting MESSAGES PER_RECEIPT`."""

import json
import random
import sys
import time

import django

django.setup()

from django.db import transaction  # noqa: E402

from apps.core import clock  # noqa: E402
from apps.inbox import tasks  # noqa: E402
from apps.inbox.models import InboundEvent, Receipt  # noqa: E402
from apps.outbox import opaque  # noqa: E402
from apps.outbox import services as outbox  # noqa: E402
from apps.outbox.models import Attempt, OutboundMessage  # noqa: E402
from apps.providers.models import Number  # noqa: E402
from tests import webhooks  # noqa: E402
from tests.bench import world  # noqa: E402

KIND = "ticket.taken"
DATA = {"ticket": "T-104", "summary": "The lift is stuck", "name": "Bia Lima"}
WARM = 200
SEED = 7


def sent(number: Number, count: int) -> list[OutboundMessage]:
    """Messages that the carrier took."""
    contacts = world.people(number, 1000)
    with transaction.atomic():
        rows = [outbox.enqueue(key=f"s:{n}", contact=contacts[n % 1000], kind=KIND, data=DATA) for n in range(count)]
        for row in rows:
            row.state, row.remote_id, row.sent_at, row.attempts = "sent", f"wamid.S{row.pk}", clock.now(), 1
        OutboundMessage.objects.bulk_update(rows, ["state", "remote_id", "sent_at", "attempts"], batch_size=500)
        Attempt.objects.bulk_create(Attempt(message=row, outcome="accepted", remote_id=row.remote_id) for row in rows)
    return rows


def reports(rows: list[OutboundMessage]) -> list[dict[str, str]]:
    """Sent, delivered and read of every message, some twice, some out of order."""
    dice, said = random.Random(SEED), []
    for row in rows:
        words = ["sent", "delivered", "read"]
        if dice.random() < 0.1:
            dice.shuffle(words)
        if dice.random() < 0.1:
            words.append(dice.choice(words))
        said += [(word, row) for word in words]
    # The reports of one message do not come in a row: everybody's are mixed, as on a busy day.
    order = sorted(range(len(said)), key=lambda place: place // 3 % 50 + dice.random() * 200)
    return [
        {"id": row.remote_id, "status": word, "timestamp": str(int(time.time())),
         "recipient_id": row.contact.phone.lstrip("+"), "biz_opaque_callback_data": opaque.mark(row.pk)}
        for word, row in (said[place] for place in order)
    ]  # fmt: skip


def store(number: Number, said: list[dict[str, str]], per_receipt: int, name: str) -> None:
    Receipt.objects.bulk_create(
        (Receipt(account=number.account, key=f"{name}:{start}",
                 body=json.dumps(webhooks.envelope(number, statuses=said[start : start + per_receipt])).encode())
         for start in range(0, len(said), per_receipt)), batch_size=500,
    )  # fmt: skip


def main(messages: int, per_receipt: int) -> None:
    number = world.account("http://127.0.0.1:9/v23.0")
    rows = sent(number, messages + WARM)
    store(number, reports(rows[:WARM]), per_receipt, "warm")
    tasks.process()
    said = reports(rows[WARM:])
    store(number, said, per_receipt, "s")
    cpu, began = time.process_time(), time.perf_counter()
    tasks.process()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    left = OutboundMessage.objects.exclude(state="read").count()
    undone = InboundEvent.objects.exclude(state="done").count() + Receipt.objects.exclude(state="parsed").count()
    if left or undone:
        raise SystemExit(f"{left} messages are not read, {undone} events or receipts not done")
    print(json.dumps({"rate": len(said) / seconds, "worker_ms": 1000 * cpu / len(said)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
