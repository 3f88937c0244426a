"""A campaign to very many people under a small tier, on a fast clock: run by test_campaign in a house of its own.

`python -m tests.chaos.campaign PEOPLE TIER CARRIER_URL` with DATABASE_URL, REDIS_URL, VAR_DIR and SANDBOX=1: the product's own
dispatcher sends in this process to a carrier that takes everything, and the clock is wound to the next promised moment
whenever nothing may leave. Meanwhile a second thread pages people on duty. Prints JSON: what happened, and when.
"""

import itertools
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")
django.setup()

from datetime import timedelta

from django.core.management import call_command
from django.db import connection

from apps.contacts.models import Consent, Contact
from apps.core import clock
from apps.outbox import budgets, services
from apps.outbox.models import OutboundMessage
from apps.outbox.sending import dispatcher
from apps.people.models import Employee
from apps.providers.models import Account, Approval, Number, Portfolio, Translation
from apps.sandbox.rates import Tier

ON_DUTY_PERCENT = 1
"""Of the tier: people who are paged outside their windows all along, and so take places of it, too."""
PAGE_EVERY = 0.4  # real seconds
RUN_SECONDS = 15.0
WOUND_PAST = 2.0
"""Seconds past the first promised moment: those promised just after it come along."""
LIVES = timedelta(days=180)
BATCH = 5000


@dataclass
class House:
    """The rows of the drill: one number, who is written to, who is on duty."""

    number: Number
    people: Sequence[int]
    duty: Sequence[int]


def build(people: int, tier: int, base_url: str) -> House:
    call_command("migrate", verbosity=0)
    portfolio = Portfolio.objects.create(name="Campaign", tier=tier, reserve_percent=10)
    account = Account.objects.create(portfolio=portfolio, name="Carrier", remote_id="1", base_url=base_url,
                                     access_token="token", app_secret="secret", verify_token="verify")  # fmt: skip
    number = Number.objects.create(
        account=account, remote_id="2", phone="+551130000000", is_default=True, per_second=1000
    )
    for row in Translation.objects.filter(template__kind__startswith="drill."):
        Approval.objects.create(translation=row, account=account, name=row.template.kind.replace(".", "_"), body=row.body,
                                remote_language=row.language, state=Approval.State.APPROVED, parameters=["text"])  # fmt: skip
    duty = max(2, tier * ON_DUTY_PERCENT // 100)
    ids = list(itertools.chain.from_iterable(_contacts(start, min(start + BATCH, people + duty))
                                             for start in range(0, people + duty, BATCH)))  # fmt: skip
    return House(number, ids[duty:], ids[:duty])


def _contacts(first: int, last: int) -> list[int]:
    numbers = range(first, last)
    staff = Employee.objects.bulk_create(
        Employee(number=f"K-{index}", name=f"Person {index}", phone=f"+55118{10_000_000 + index}", language="en")
        for index in numbers
    )
    contacts = Contact.objects.bulk_create(Contact(employee=one, phone=one.phone) for one in staff)
    Consent.objects.bulk_create(
        Consent(contact=one, klass="work", is_given=True, wording="drill", source="paper") for one in contacts
    )
    return [one.pk for one in contacts]


@dataclass
class Pager(threading.Thread):
    """Pages the people on duty in turn and measures, in real time, how long each page took until it was accepted."""

    house: House
    seconds: list[float] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        for turn in itertools.count():
            if self.is_over.wait(PAGE_EVERY):
                connection.close()
                return
            self.page(turn)

    def page(self, turn: int) -> None:
        contact = Contact.objects.get(pk=self.house.duty[turn % len(self.house.duty)])
        began = time.monotonic()
        row = services.enqueue(key=f"page:{turn}", contact=contact, kind="drill.urgent", data={"text": str(turn)})
        while time.monotonic() - began < 30 and not self.is_over.is_set():
            if OutboundMessage.objects.filter(pk=row.pk, sent_at__isnull=False).exists():
                self.seconds.append(time.monotonic() - began)
                return
            time.sleep(0.01)
        self.late.append(turn)


def letters(house: House) -> Iterator[services.Letter]:
    for index, contact in enumerate(house.people):
        yield services.Letter(key=f"news:{index}", contact_id=contact, data={"text": str(index)})


def send_all(pager: Pager, patience: float) -> tuple[int, list[str]]:
    """Run the dispatcher and wind the clock until the campaign is out; returns how often it was wound, and complaints.

    Between two runs nobody sends, and a page waits: so what is asked there is found by an index, however long the campaign.
    """
    waiting = OutboundMessage.objects.filter(key__startswith="news:").exclude(state="sent")
    parked = OutboundMessage.objects.filter(state="queued").exclude(held_reason="").order_by("not_before")
    until, winds = time.monotonic() + patience, 0
    while True:
        dispatcher.run(seconds=RUN_SECONDS)
        later = parked.values_list("not_before", flat=True).first()
        if later is None and not waiting.filter(state__in=["queued", "sending"]).exists():
            break
        ahead = (later - clock.now()).total_seconds() if later else 0.0
        if ahead > 0 and not OutboundMessage.objects.filter(state="queued", held_reason="").exists():
            clock.wind(ahead + WOUND_PAST)
            winds += 1
        if time.monotonic() > until:
            return winds, [f"{waiting.count()} were still waiting: {_why(waiting)}"]
    if waiting.exists():
        return winds, [f"some wait for nothing: {_why(waiting)}"]
    return winds, [f"pages {pager.late} were late"] if pager.late else []


def _why(rows: Any) -> dict[str, int]:
    return dict(Counter(f"{state} {reason}" for state, reason in rows.values_list("state", "held_reason")))


def judged(house: House, began: datetime) -> dict[str, Any]:
    """What the rows say: the last one out, the most people that any 24 hours saw (counted by the sandbox's own code), and the
    shortest time in which one more than a day's places of the campaign were taken, by the moments of acceptance.
    """
    portfolio = house.number.account.portfolio
    places = portfolio.tier - portfolio.tier * portfolio.reserve_percent // 100
    sent = OutboundMessage.objects.filter(sent_at__isnull=False, opens=True).order_by("sent_at")
    tier, news = Tier(), list[datetime]()
    for key, contact, at in sent.values_list("key", "contact", "sent_at").iterator():
        tier.take("all", str(contact), None, at.timestamp())
        if key.startswith("news:"):
            news.append(at)
    people = sent.filter(key__startswith="news:").values("contact").distinct().count()
    spans = [(later - first).total_seconds() for first, later in zip(news, news[places:], strict=False)]
    return {"people": people, "days": (news[-1] - began).total_seconds() / 86400, "most": tier.most["all"],
            "tightest": min(spans, default=0.0), "states": _why(OutboundMessage.objects.all())}  # fmt: skip


def main(people: int, tier: int, base_url: str, patience: float) -> dict[str, Any]:
    real = time.monotonic()
    house = build(people, tier, base_url)
    built = time.monotonic() - real
    began = clock.now()
    promised = budgets.forecast(house.number.account.portfolio, people, began)
    pager = Pager(house)
    for turn in range(len(house.duty)):
        services.enqueue(key=f"duty:{turn}", contact=Contact.objects.get(pk=house.duty[turn]), kind="drill.urgent",
                         data={"text": "first"})  # fmt: skip
    dispatcher.run(seconds=RUN_SECONDS)
    real = time.monotonic()
    services.enqueue_many(kind="drill.bulk", letters=letters(house), campaign="news", expires_at=began + LIVES)
    queued = time.monotonic() - real
    pager.start()
    real = time.monotonic()
    winds, complaints = send_all(pager, patience)
    pager.is_over.set()
    pager.join()
    pages = sorted(pager.seconds)
    # The last page may have left while nobody looked at it any more: what is compared with the carrier comes from the rows.
    paged = OutboundMessage.objects.filter(key__startswith="page:", sent_at__isnull=False).count()
    return {
        **judged(house, began), "duty": len(house.duty), "winds": winds, "complaints": complaints,
        "promised_days": (promised - began).total_seconds() / 86400 if promised else 0.0,
        "seconds": {"build": round(built, 1), "queue": round(queued, 1), "send": round(time.monotonic() - real, 1)},
        "pages": len(pages), "paged": paged, "page_median": pages[len(pages) // 2] if pages else 0.0,
        "page_p99": pages[int(len(pages) * 0.99)] if pages else 0.0, "page_worst": pages[-1] if pages else 0.0,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))))
