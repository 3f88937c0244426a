"""Writes messages as the product does. `prepare BASE_URL PEOPLE` makes the company; `feed N` keeps N messages on their way."""

import sys
import time

import django

django.setup()

from apps.contacts.models import Contact  # noqa: E402
from apps.outbox import services as outbox  # noqa: E402
from apps.outbox.models import OutboundMessage  # noqa: E402
from tests.bench import world  # noqa: E402

State = OutboundMessage.State
ENDED = (State.READ, State.FAILED, State.CANCELLED, State.EXPIRED)
KIND = "ticket.taken"
DATA = {"ticket": "T-104", "summary": "The lift is stuck", "name": "Bia Lima"}
LOOK_EVERY = 0.25  # seconds
MOST_AT_ONCE = 300


def prepare(base_url: str, people: str) -> None:
    number = world.account(base_url, secret="secret")
    world.people(number, int(people), open_share=0.5)


def feed(on_the_way: str) -> None:
    contacts = list(Contact.objects.order_by("id").values_list("pk", flat=True))
    written = 0
    while True:
        waiting = written - OutboundMessage.objects.filter(state__in=ENDED).count()
        count = max(0, min(int(on_the_way) - waiting, MOST_AT_ONCE))
        # Steps of a prime number walk over everybody, people with and without an open window mixed.
        outbox.enqueue_many(
            kind=KIND, data=DATA, campaign="loop",
            letters=[outbox.Letter(key=f"loop:{n}", contact_id=contacts[n * 1597 % len(contacts)])
                     for n in range(written, written + count)],
        )  # fmt: skip
        written += count
        time.sleep(LOOK_EVERY)


if __name__ == "__main__":
    {"prepare": prepare, "feed": feed}[sys.argv[1]](*sys.argv[2:])
