"""One piece of work in a process of its own: `plant BASE_URL`, `prepare OP ROUND`, `work OP`. Prints one line of JSON."""

import io
import json
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.db import connections, transaction  # noqa: E402

from apps.contacts.models import Contact  # noqa: E402
from apps.conversations.models import Conversation, Message  # noqa: E402
from apps.core import clock  # noqa: E402
from apps.inbox import parsing, processing  # noqa: E402
from apps.inbox.models import InboundEvent, Receipt  # noqa: E402
from apps.journal import services as journal  # noqa: E402
from apps.journal import tasks as journal_tasks  # noqa: E402
from apps.outbox import opaque  # noqa: E402
from apps.outbox import services as outbox  # noqa: E402
from apps.outbox.models import Attempt, Button, OutboundMessage  # noqa: E402
from apps.outbox.sending import claims, dispatcher  # noqa: E402
from apps.providers.models import Number  # noqa: E402
from portal.wsgi import application  # noqa: E402
from tests import webhooks  # noqa: E402
from tests.bench import world  # noqa: E402

KIND, BULK = "ticket.taken", "ticket.taken"
DATA = {"ticket": "T-104", "summary": "The lift is stuck", "name": "Bia Lima"}
PEOPLE = 1000
DELIVERIES, STATUSES, TAPS, SENDS, ENTRIES = 100, 200, 50, 200, 300


def plant(base_url: str) -> None:
    """The company, and one ended row of everything that grows."""
    number = world.account(base_url)
    contact = world.people(number, PEOPLE)[-1]
    message = outbox.enqueue(key="old", contact=contact, kind=KIND, data=DATA)
    OutboundMessage.objects.filter(pk=message.pk).update(
        state="read", remote_id="wamid.OLD", sent_at=clock.now(), delivered_at=clock.now(), read_at=clock.now()
    )
    Attempt.objects.create(message=message, outcome="accepted", remote_id="wamid.OLD")
    Button.objects.create(action="take", target="incidents.take", contact=contact, message=message, nonce="old",
                          expires_at=clock.now(), used_at=clock.now())  # fmt: skip
    receipt = Receipt.objects.create(account=number.account, key="old", body=b"{}", state="parsed")
    InboundEvent.objects.create(
        receipt=receipt, account=number.account, key="old", name="MessageReceived", state="done"
    )
    Message.objects.create(conversation=Conversation.objects.get(contact=contact), remote_id="wamid.OLD", kind="text",
                           sent_at=clock.now())  # fmt: skip
    journal_tasks.advance()


def _people(count: int, number: str) -> list[Contact]:
    """Others in each round, so that nobody's own limits are what is measured."""
    first = int(number) * count % (PEOPLE - count + 1)
    rows = Contact.objects.filter(employee__number__startswith="B").select_related("employee").order_by("id")
    return list(rows[first : first + count])


def _store(number: Number, name: str, bodies: list[bytes]) -> None:
    Receipt.objects.bulk_create(
        Receipt(account=number.account, key=f"{name}:{index}", body=body) for index, body in enumerate(bodies)
    )


# --- preparing --------------------------------------------------------------------------------------------------------


def prepare_statuses(number: str) -> None:
    sender, messages = Number.objects.get(), []
    with transaction.atomic():
        for index, contact in enumerate(_people(STATUSES, number)):
            messages.append(outbox.enqueue(key=f"s:{number}:{index}", contact=contact, kind=KIND, data=DATA))
        for message in messages:
            message.state, message.remote_id, message.sent_at = "sent", f"wamid.S{message.pk}", clock.now()
        OutboundMessage.objects.bulk_update(messages, ["state", "remote_id", "sent_at"])
        Attempt.objects.bulk_create(Attempt(message=m, outcome="accepted", remote_id=m.remote_id) for m in messages)
    _store(sender, f"s:{number}", [json.dumps(webhooks.envelope(sender, statuses=[{
        "id": m.remote_id, "status": "delivered", "timestamp": str(int(time.time())),
        "recipient_id": m.contact.phone.lstrip("+"), "biz_opaque_callback_data": opaque.mark(m.pk),
    }])).encode() for m in messages])  # fmt: skip


def prepare_taps(number: str) -> None:
    sender = Number.objects.get()
    said = [webhooks.text(contact.phone, "menu", remote_id=f"wamid.T{number}.{index}")
            for index, contact in enumerate(_people(TAPS, number))]  # fmt: skip
    _store(sender, f"t:{number}", [json.dumps(webhooks.envelope(sender, messages=[one])).encode() for one in said])


def prepare_sending(number: str) -> None:
    OutboundMessage.objects.filter(state="queued").update(state="cancelled")
    with transaction.atomic():
        for index, contact in enumerate(_people(SENDS, number)):
            outbox.enqueue(key=f"o:{number}:{index}", contact=contact, kind=KIND, data=DATA)


def prepare_journal(number: str) -> None:
    journal_tasks.advance()
    sender = Number.objects.get()
    with transaction.atomic():
        for index in range(ENTRIES):
            journal.record("bench.measured", subject=sender, after={"round": number, "index": index})


def prepare_urgent(number: str) -> None:
    """One message that hurries behind all that waits; what the round before claimed waits again."""
    OutboundMessage.objects.filter(state="sending").update(state="queued", lease_token="", held_reason="")
    OutboundMessage.objects.filter(lane="urgent").update(state="cancelled")
    contact = _people(1, number)[0]
    message = outbox.enqueue(key=f"u:{number}", contact=contact, kind=KIND, data=DATA)
    OutboundMessage.objects.filter(pk=message.pk).update(lane="urgent", lane_rank=0)


# --- working ----------------------------------------------------------------------------------------------------------


def door() -> int:
    number = Number.objects.select_related("account").get()
    path = f"/hooks/{number.account.kind}/{number.account.hook_key}/"
    statuses: list[str] = []
    for index in range(DELIVERIES):
        said = webhooks.text("+5511999999999", "hello", remote_id=f"wamid.D{time.time_ns()}.{index}")
        body = json.dumps(webhooks.envelope(number, messages=[said])).encode()
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "x",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.version": (1, 0),
            "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True, "HTTP_HOST": "127.0.0.1",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1",
            "HTTP_X_HUB_SIGNATURE_256": webhooks.sign(number.account.app_secret, body),
        }  # fmt: skip
        b"".join(application(environ, lambda status, _headers: statuses.append(status)))
    assert {one[:3] for one in statuses} == {"200"}, statuses
    return len(statuses)


def statuses() -> int:
    while parsing.parse_waiting() or processing.take_up():
        pass
    return STATUSES


def sending() -> int:
    counts = dispatcher.run()
    assert counts.get("accepted") == SENDS, counts
    return SENDS


def journal_work() -> int:
    return int(journal_tasks.advance()["sealed"])


def urgent() -> int:
    claimed = claims.claim(100).rows
    assert any(message.lane == "urgent" for message in claimed)
    return len(claimed)


PREPARE: dict[str, Callable[[str], None]] = {
    "statuses": prepare_statuses, "taps": prepare_taps, "sending": prepare_sending, "journal": prepare_journal,
    "urgent": prepare_urgent,
}  # fmt: skip
WORK: dict[str, Callable[[], int]] = {
    "nothing": Number.objects.count, "door": door, "statuses": statuses, "taps": statuses, "sending": sending,
    "journal": journal_work, "urgent": urgent,
}  # fmt: skip


def _yardstick() -> float:
    """Seconds of CPU that a fixed piece of Python takes here and now: the cores of a shared machine change their speed."""
    began = time.process_time()
    for _ in range(4000):
        json.loads(json.dumps(_SAMPLE))
    return time.process_time() - began


_SAMPLE = {"text": "R-12", "numbers": list(range(40)), "deep": {"more": ["a", "b", {"c": 1.5}] * 5}}


def main(what: str, *arguments: str) -> None:
    cpu = 0.0
    if what == "plant":
        plant(arguments[0])
    elif what == "prepare":
        PREPARE.get(arguments[0], lambda _number: None)(arguments[1])
    else:
        Number.objects.count()
        measure = _yardstick()
        cpu = -time.process_time()
        WORK[arguments[0]]()
        cpu += time.process_time()
        cpu /= measure + _yardstick()
    connections.close_all()
    print(json.dumps({"cpu": cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
