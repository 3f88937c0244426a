"""The door's part of an account's checklist: does the address answer, do webhooks come, are they signed as we expect."""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import RecadoError
from apps.core.findings import Finding, Level
from apps.core.http import HttpClient
from apps.inbox.models import Receipt
from apps.providers.checkup import step
from apps.providers.models import Account
from apps.providers.queries import webhook_address

PATIENCE = (3.0, 5.0)  # seconds to connect, to answer
QUIET = timedelta(days=1)  # a company that talks hears something every day
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@step("2 webhooks")
def webhooks(account: Account) -> Iterator[Finding]:
    """Calls our own address once, as WhatsApp would."""
    last = Receipt.objects.filter(account=account).order_by("-id").values_list("received_at", flat=True).first()
    yield address_line(account)
    yield last_line(last)
    yield secret_line(account, last)


def address_line(account: Account) -> Finding:
    title = _("Webhook address")
    address = webhook_address(account)
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        return Finding("address", title, Level.RED, _("%(address)s is not https.") % {"address": settings.BASE_URL},
                       _("Put TLS in front of Recado and set BASE_URL to the https address."))  # fmt: skip
    if not account.verify_token:
        return Finding("address", title, Level.RED, _("No verify token is stored."),
                       _("Enter any long text as verify token, here and in the app at Meta."))  # fmt: skip
    challenge = secrets.token_hex(8)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": account.verify_token}
    try:
        answer = HttpClient(pool_size=1).request("GET", f"{address}?{urlencode(query)}", timeout=PATIENCE)
    except RecadoError:  # its detail holds the address with the verify token: it is not shown
        return Finding("address", title, Level.RED, _("%(address)s does not answer this machine.") % {"address": address},
                       _("Check BASE_URL, the web process and the web server in front of it."))  # fmt: skip
    if answer.status == 200 and answer.body == challenge.encode():
        seen = _("It answers the handshake, as seen from this machine.")
        return Finding("address", title, Level.GREEN, seen)
    seen = _("It answers %(status)s instead of the challenge.") % {"status": answer.status}
    return Finding("address", title, Level.RED, seen,
                   _("Something else listens there, or changes the answer: check BASE_URL and the web server in front."))  # fmt: skip


def last_line(last: datetime | None) -> Finding:
    title = _("Last webhook")
    say = _("Write to the number from any phone; when nothing comes, press “Subscribe to webhooks”.")
    if last is None:
        return Finding("received", title, Level.AMBER, _("None was ever received for this account."), say)
    seen = _("Received %(at)s (UTC).") % {"at": date_format(last, "j N Y H:i")}
    if last < clock.now() - QUIET:
        return Finding("received", title, Level.AMBER, seen, say)
    return Finding("received", title, Level.GREEN, seen)


def secret_line(account: Account, last: datetime | None) -> Finding:
    title = _("App secret")
    mend = _("Copy the app secret from the app’s basic settings at Meta again: webhooks are refused without it.")
    if not account.app_secret:
        return Finding("secret", title, Level.RED, _("No app secret is stored: every webhook is refused."), mend)
    bad_at = account.bad_signature_at
    counted = _("%(count)s webhooks with a wrong signature were refused, the last one %(at)s (UTC).") % {
        "count": account.bad_signatures, "at": date_format(bad_at, "j N Y H:i") if bad_at else "-"}  # fmt: skip
    is_newer = bad_at is not None and (last is None or bad_at > last)
    if is_newer:
        return Finding("secret", title, Level.RED, counted, mend)
    if last is None:
        return Finding("secret", title, Level.SKIPPED, _("No webhook has proved it yet."),
                       _("Write to the number from any phone, then look again."))  # fmt: skip
    if bad_at is not None and bad_at > clock.now() - QUIET:
        return Finding("secret", title, Level.AMBER, counted,
                       _("Good ones came since: an old secret during a rotation, or somebody knocking. Watch whether it goes on."))  # fmt: skip
    return Finding("secret", title, Level.GREEN, _("Webhooks signed with it have come."))
