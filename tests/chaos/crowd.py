"""Run inside a stack's environment: `plant N` adds N people with phones, `count` prints what the database holds. JSON out."""

import json
import os
import sys
from collections import Counter
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.db import transaction

from apps.contacts import services as contacts
from apps.conversations.models import Message
from apps.inbox.models import InboundEvent, Receipt
from apps.incidents.models import Category, Ticket
from apps.journal.actors import SYSTEM
from apps.outbox import opaque
from apps.outbox.models import OutboundMessage
from apps.people import services as people
from apps.people.models import Employee, Membership, Team
from apps.providers.kinds import Klass
from portal.demo import notes
from portal.demo.sandbox import Sandbox

TITLE = {"en": "Flood", "pt-br": "Enchente", "es": "Inundación"}


def plant(count: int) -> dict[str, Any]:
    """People who report, and a team nobody of which is on WhatsApp: the drill counts the reporters' messages alone."""
    sandbox = Sandbox(notes.read()["sandbox_url"])
    phones = []
    for index in range(count):
        phone = f"+55119{10_000_000 + index}"
        with transaction.atomic():
            employee = people.hire(
                number=f"C-{index:03d}", name=f"Crowd {index:03d}", phone=phone, language="en", by=SYSTEM
            )
            contact = contacts.invite(employee=employee, by=SYSTEM)
            contacts.give_consent(
                contact=contact, klass=Klass.WORK, wording="drill", source="paper", proof="drill", by=SYSTEM
            )
        sandbox.put_phone(phone, name=employee.name, language="en")
        phones.append({"phone": phone, "name": employee.name})
    team, _new = Team.objects.get_or_create(name="Nobody on WhatsApp")
    Membership.objects.get_or_create(employee=_silent(), team=team)
    form = Category.objects.order_by("id")[0].form
    Category.objects.get_or_create(name=TITLE, defaults={"team": team, "form": form, "order": 1})
    return {"phones": phones}


def _silent() -> Employee:
    return Employee.objects.get_or_create(number="C-SILENT", defaults={"name": "Silent Partner"})[0]


def count() -> dict[str, Any]:
    """Everything the drill compares with what the phones sent and received."""
    summaries = Counter(Ticket.objects.filter(category__name__en=TITLE["en"]).values_list("summary", flat=True))
    return {
        "tickets": sum(summaries.values()),
        "twice": {summary: times for summary, times in summaries.items() if times > 1},
        "summaries": sorted(summaries),
        "messages": Message.objects.count(),
        "receipts": Receipt.objects.count(),
        "events": Counter(InboundEvent.objects.values_list("state", flat=True)),
        "failed": list(InboundEvent.objects.filter(state="failed").values_list("error", flat=True)[:5]),
        "outbound": Counter(OutboundMessage.objects.values_list("state", flat=True)),
        "held": Counter(OutboundMessage.objects.filter(state="held").values_list("held_reason", flat=True)),
        "resends": [
            opaque.mark(pk) for pk in OutboundMessage.objects.filter(is_resend=True).values_list("pk", flat=True)
        ],
        "open": InboundEvent.objects.filter(state="pending").count()
        + OutboundMessage.objects.filter(state__in=["queued", "sending", "unsure"]).count()
        + Receipt.objects.filter(state="received").count(),
    }


if __name__ == "__main__":
    print(json.dumps(plant(int(sys.argv[2])) if sys.argv[1] == "plant" else count()))
