"""Run inside a stack's environment: people and messages of the send drill. JSON out, one line.

`people N`: N people with phones, most of whom have just written. `pour FROM TO`: messages by key, again harmless.
`tier N`: the portfolio's limit. `mend TOKEN`: a new token, and the account goes on. `decide`: what stayed unsure is sent again. `tally`: what the rows say.
"""

import json
import os
import sys
from collections import Counter
from datetime import datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")
django.setup()

from django.db.models import Min, Q

from apps.contacts.models import Consent, Contact, Window
from apps.core import clock
from apps.journal.actors import SYSTEM
from apps.outbox import opaque, services
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers import services as providers
from apps.providers.models import Account, Number, Portfolio
from portal.demo import notes
from portal.demo.sandbox import Sandbox

LANES = ("notice", "notice", "notice", "bulk", "urgent")
"""Where the messages go: mostly where a repeated one is harmless, so that much is sent again by itself."""


def phone(index: int) -> str:
    return f"+55119{20_000_000 + index}"


def is_open(index: int) -> bool:
    return index % 6 != 0


def people(count: int) -> dict[str, Any]:
    number = Number.objects.select_related("account__portfolio").get(is_default=True)
    Number.objects.filter(pk=number.pk).update(per_second=1000)
    Portfolio.objects.filter(pk=number.account.portfolio_id).update(tier=None)
    numbers = range(count)
    staff = Employee.objects.bulk_create(
        Employee(number=f"M-{index:05d}", name=f"Reader {index:05d}", phone=phone(index), language="en")
        for index in numbers
    )
    contacts = Contact.objects.bulk_create(Contact(employee=one, phone=one.phone) for one in staff)
    Consent.objects.bulk_create(
        Consent(contact=one, klass="work", is_given=True, wording="drill", source="paper") for one in contacts
    )
    written = [one for index, one in enumerate(contacts) if is_open(index)]
    Window.objects.bulk_create(Window(number=number, contact=one, last_inbound_at=clock.now()) for one in written)
    sandbox = Sandbox(notes.read()["sandbox_url"])
    fast = {"phone_number_id": number.remote_id, "throughput": 1000, "messaging_limit": "TIER_UNLIMITED"}
    sandbox.put_account(number.account.remote_id, numbers=[fast])
    for wanted, line in ((True, number.remote_id), (False, "")):
        phones = [{"number": phone(index)} for index in numbers if is_open(index) == wanted]
        sandbox.ask("PUT", "/api/phones", {"phones": phones, "open": line})
    return {"people": count, "closed": count - len(written), "waba": number.account.remote_id}


def pour(first: int, last: int, crowd: int) -> dict[str, Any]:
    """Messages `first` to `last` (excluded), each to person `index % crowd`; the same key is the same message."""
    contacts = dict(Contact.objects.filter(employee__number__startswith="M-").values_list("phone", "pk"))
    for lane in dict.fromkeys(LANES):
        letters = [
            services.Letter(key=f"drill:{index}", contact_id=contacts[phone(index % crowd)], data={"text": f"{index:06d}"})
            for index in range(first, last) if LANES[index // crowd % len(LANES)] == lane
        ]  # fmt: skip
        services.enqueue_many(kind=f"drill.{lane}", letters=letters, campaign="drill" if lane == "bulk" else "")
    return {"poured": last - first}


def tier(limit: int) -> dict[str, Any]:
    return {"portfolios": Portfolio.objects.update(tier=limit or None)}


def mend(token: str) -> dict[str, Any]:
    """What an operator does when the token was revoked."""
    account = Number.objects.select_related("account").get(is_default=True).account
    was = account.state
    if token:
        account.access_token = token
        account.save(update_fields=["access_token"])
    if was == Account.State.BROKEN:
        providers.resume_account(account=account, by=SYSTEM)
    return {"was": was}


def decide() -> dict[str, Any]:
    """What a person does with messages that stay unsure (bulk, or sent again before): sends them again, on the record."""
    rows = OutboundMessage.objects.filter(key__startswith="drill:", state="unsure", not_before__lte=clock.now())
    theirs = rows.filter(Q(lane="bulk") | Q(is_resend=True))
    return {"resent": len([services.resend(message=row, by=SYSTEM) for row in theirs])}


def _slow_until() -> datetime | None:
    """When our number may send again; None: it may."""
    slow = Number.objects.get(is_default=True).slow_until
    return slow if slow and slow > clock.now() else None


def tally() -> dict[str, Any]:
    rows = OutboundMessage.objects.filter(key__startswith="drill:")
    waiting = rows.filter(state__in=["queued", "held", "unsure"], not_before__gt=clock.now())
    next_at = min(filter(None, [waiting.aggregate(at=Min("not_before"))["at"], _slow_until()]), default=None)
    return {
        "next_in": (next_at - clock.now()).total_seconds() if next_at else 0.0,
        "rows": rows.count(),
        "states": Counter(rows.values_list("state", flat=True)),
        "waits": Counter(rows.exclude(held_reason="").values_list("held_reason", flat=True)),
        "errors": Counter(rows.filter(state__in=["failed", "held"]).values_list("error_code", flat=True)),
        "marks": {opaque.mark(pk): state for pk, state in rows.values_list("pk", "state")},
        "resends": [opaque.mark(pk) for pk in rows.filter(is_resend=True).values_list("pk", flat=True)],
        "unsure": [opaque.mark(pk) for pk in rows.filter(state="unsure").values_list("pk", flat=True)],
        "account": Number.objects.get(is_default=True).account.state,
    }


WHAT = {"people": people, "pour": pour, "tier": tier, "mend": mend, "decide": decide, "tally": tally}

if __name__ == "__main__":
    given = [int(one) if one.isdigit() else one for one in sys.argv[2:]]
    print(json.dumps(WHAT[sys.argv[1]](*given)))  # type: ignore[operator]
