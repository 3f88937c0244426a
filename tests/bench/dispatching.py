"""Many messages and who sends them: `python -m tests.bench.dispatching plant BASE_URL COUNT`, `send COUNT`, `serve COUNT`.

`send` is one worker process of ours until everything has left, and prints one line of JSON; `serve` keeps one going as the
worker does, until its standard input closes.
"""

import json
import os
import sys
import threading
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.db import connection  # noqa: E402

from apps.contacts.models import Contact  # noqa: E402
from apps.outbox import services  # noqa: E402
from apps.outbox.models import OutboundMessage  # noqa: E402
from apps.outbox.sending import dispatcher  # noqa: E402
from apps.outbox.services import Letter  # noqa: E402
from apps.outbox.tasks import LINGER  # noqa: E402
from apps.providers.kinds import Kind, Klass, Lane, declare  # noqa: E402
from apps.providers.models import Number  # noqa: E402
from tests.bench import world  # noqa: E402

State = OutboundMessage.State
KIND = "ticket.taken"
PAGE = declare(Kind(name="bench.page", klass=Klass.SAFETY, lane=Lane.URGENT, samples={"summary": "Fire"},
                    bodies={"en": "Alarm: {{summary}}"}))  # fmt: skip
DATA = {"ticket": "T-104", "summary": "The lift is stuck", "name": "Bia Lima"}
CAMPAIGNS = 4
PAGE_EVERY = 0.03  # seconds


def plant(base_url: str, count: str, per_second: str = "100000") -> None:
    """One message to each of `count` people, half of them in an open window, of four campaigns; statistics up to date."""
    number = world.account(base_url, per_second=int(per_second))
    contacts = world.people(number, int(count), open_share=0.5)
    for name in range(CAMPAIGNS):
        letters = [Letter(key=f"bench:{one.pk}", contact_id=one.pk) for one in contacts[name::CAMPAIGNS]]
        services.enqueue_many(kind=KIND, letters=letters, campaign=f"c{name}", data=DATA)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def send(count: str) -> None:
    """Time what a worker process of ours needs for all of them."""
    sent, began, cpu = 0, time.perf_counter(), time.process_time()
    while sent < int(count):
        ended = dispatcher.run()
        sent += ended["accepted"]
        if not ended:
            raise SystemExit(f"only {sent} of {count} left: {list(OutboundMessage.objects.values_list('state')[:3])}")
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    left = OutboundMessage.objects.exclude(state=State.SENT).count()
    print(json.dumps({"seconds": seconds, "worker_cpu": cpu, "left": left}))


def serve() -> None:
    """What the worker `sender` does, without a broker in between."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.is_set():
        dispatcher.run(linger=LINGER)


def page(count: str) -> None:
    """Write pages one by one, as an incident does, to people who have nothing waiting."""
    number = Number.objects.get()
    people = world.people(number, int(count), first=9_000_000)
    contacts = Contact.objects.select_related("employee").in_bulk([one.pk for one in people])
    for contact in contacts.values():
        services.enqueue(key=f"page:{contact.pk}", contact=contact, kind=PAGE.name, data=DATA)
        time.sleep(PAGE_EVERY)
    print(json.dumps({"pages": count}))


if __name__ == "__main__":
    {"plant": plant, "send": send, "serve": serve, "page": page}[sys.argv[1]](*sys.argv[2:])
