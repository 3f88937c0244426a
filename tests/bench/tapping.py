"""The company whose taps are measured, and one worker that takes them up: `python -m tests.bench.tapping menu 600`.

Plants people with open windows and buttons in their chats, stores one signed-looking Receipt per tap as the door would, and
then times what a worker does with them: read, route, decide, queue the reply, commit. Prints one line of JSON.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

import psutil
from django.db import connection

from apps.approvals import services as approvals
from apps.contacts.models import Contact, Preference
from apps.conversations.models import MenuItem
from apps.core import clock
from apps.inbox import parsing, processing
from apps.inbox.models import InboundEvent, Receipt
from apps.incidents import services as incidents
from apps.outbox import buttons
from apps.outbox.models import Button, OutboundMessage
from apps.providers.models import Number
from tests import webhooks
from tests.factories import (
    expense_form,
    make_category,
    make_contact,
    make_conversation,
    make_employee,
    make_flow,
    make_identity,
    make_number,
    make_submission,
    make_team,
    report_form,
)

PEOPLE = 200
TEAMS = 50
KINDS = ("menu", "row", "take", "approve")
MIX = ("menu", "row", "take", "row", "approve")
"""Two of five taps decide something; the others look around."""

Taps = list[dict[str, Any]]


class Company:
    """People who have all just written, so that every reply may leave at once."""

    def __init__(self) -> None:
        self.number: Number = make_number(is_default=True, phone="+551130000100")
        boss = make_employee("Boss")
        self.bosses = [make_employee(f"Boss {n}", manager=boss) for n in range(20)]
        self.people = [make_employee(f"Person {n}", manager=self.bosses[n % 20]) for n in range(PEOPLE)]
        self.contacts: dict[int, Contact] = {}
        for employee in [boss, *self.bosses, *self.people]:
            contact = make_contact(employee, last_inbound_at=clock.now() - timedelta(hours=1), number=self.number)
            Preference.objects.create(contact=contact)
            make_conversation(contact, number=self.number)
            make_identity(contact, self.number.account.portfolio, self._user_id(contact))
            self.contacts[employee.pk] = contact
        self.teams = [
            make_team(members=[self.people[n], self.people[n + TEAMS]], leads=[self.people[n + 2 * TEAMS]])
            for n in range(TEAMS)
        ]
        self.categories = [make_category(team, name=f"Category {n}") for n, team in enumerate(self.teams)]
        self.flow = make_flow({"approver": "manager"}, key="expense")
        self.report = MenuItem.objects.create(target="incidents.report", label={"en": "Report a problem"})
        MenuItem.objects.create(target="approvals.request", label={"en": "Ask for something"}, order=1)
        MenuItem.objects.create(target="incidents.mine", label={"en": "My reports"}, order=2)

    # --- taps ---------------------------------------------------------------------------------------------------------

    def menu(self, count: int) -> Taps:
        """The word that opens the menu."""
        return [self._signed(self._contact(n), webhooks.text, "menu") for n in range(count)]

    def row(self, count: int) -> Taps:
        """A row of the menu that leads to a sub-menu."""
        payload = f"m.{self.report.pk}"
        return [self._signed(self._contact(n), webhooks.list_reply, payload) for n in range(count)]

    def take(self, count: int) -> Taps:
        """*Take* under the offer of a ticket: somebody gets it, the reporter hears of it."""
        for n in range(count):
            reporter = self.people[(n + 7) % PEOPLE]
            submission = make_submission(reporter, report_form(), what=f"The lamp {n} is broken")
            incidents.open_ticket(submission=submission, category=self.categories[n % TEAMS], by=reporter)
        return self._taps_on("incidents.take", count)

    def approve(self, count: int) -> Taps:
        """*Approve* under a request: decided, and its requester hears of it."""
        for n in range(count):
            requester = self.people[n % PEOPLE]
            submission = make_submission(requester, expense_form(), what=f"Taxi {n}", amount="78.00")
            approvals.submit(flow=self.flow, submission=submission, by=requester)
        return self._taps_on("approvals.approve", count)

    def mix(self, count: int) -> Taps:
        share = count // len(MIX)
        piles = {kind: getattr(self, kind)(MIX.count(kind) * share) for kind in dict.fromkeys(MIX)}
        return [piles[kind].pop() for _n in range(share) for kind in MIX]

    def _taps_on(self, target: str, count: int) -> Taps:
        seen: dict[str, Button] = {}
        for button in Button.objects.filter(target=target).select_related("contact").order_by("id"):
            seen.setdefault(button.subject_id, button)  # the first to be asked taps, once per ticket or request
        return [
            self._signed(button.contact, webhooks.button_reply, buttons.payload(button))
            for button in list(seen.values())[:count]
        ]

    def _contact(self, n: int) -> Contact:
        return self.contacts[self.people[n % PEOPLE].pk]

    def _signed(self, contact: Contact, build: Callable[..., dict[str, Any]], body: str) -> dict[str, Any]:
        return build(contact.phone, body, user_id=self._user_id(contact))

    def _user_id(self, contact: Contact) -> str:
        return f"BR.{contact.pk:015}"


def store(number: Number, taps: Sequence[dict[str, Any]]) -> None:
    """One delivery per tap, as they come when nobody is slow."""
    Receipt.objects.bulk_create(
        Receipt(account=number.account, key=tap["id"], body=json.dumps(webhooks.inbound(number, tap)).encode())
        for tap in taps
    )


def database_cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def backend() -> int | None:
    """The process that serves this connection, if the database is on this machine."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = int(cursor.fetchone()[0])
    return pid if psutil.pid_exists(pid) else None


def run(kind: str, count: int) -> dict[str, float]:
    """Taps per second from stored Receipts to committed replies, with the CPU of worker and database per tap."""
    company = Company()
    taps = getattr(company, kind)(count)
    store(company.number, company.menu(20))  # warm: registries, prepared plans, caches
    work()
    store(company.number, taps)
    said = OutboundMessage.objects.count()
    served_by = backend()
    cpu, busy, began = time.process_time(), database_cpu(served_by) if served_by else 0.0, time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    undone = InboundEvent.objects.exclude(state="done").count()
    replies = OutboundMessage.objects.filter(state="queued").count() - said
    if undone or Receipt.objects.exclude(state="parsed").exists() or OutboundMessage.objects.count() - said < len(taps):
        raise SystemExit(f"{kind}: {undone} events are not done, {replies} replies to {len(taps)} taps")
    return {
        "rate": len(taps) / seconds,
        "worker_ms": 1000 * (time.process_time() - cpu) / len(taps),
        "database_ms": 1000 * (database_cpu(served_by) - busy) / len(taps) if served_by else 0.0,
    }


def work() -> None:
    """Whatever has been stored, to its end; an event that fails stays and is seen by the caller."""
    while parsing.parse_waiting() + processing.take_up():
        pass


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
