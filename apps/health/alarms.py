"""Operators hear of an account in trouble where they look first: on WhatsApp, as long as any account of ours still works."""

from datetime import timedelta

from django.utils import translation

from apps.contacts import queries as contacts
from apps.health.kinds import ACCOUNT_ALERT
from apps.journal.models import Entry
from apps.outbox import services as outbox
from apps.people import queries as people
from apps.providers import news
from apps.providers.models import Account, AccountAlert, Number
from apps.providers.policy import OPERATE

WORTH = timedelta(hours=6)
"""Later the desk has long told them, and an old alarm only frightens."""


def tell(entry: Entry) -> None:
    """One message per operator, account and hour, however many notices come; the desk shows every one of them."""
    account = Account.objects.filter(pk=entry.subject_id).first()
    code = str(entry.after.get("code", ""))
    if account is None or (code and entry.after.get("severity") != AccountAlert.Severity.CRITICAL):
        return
    for operator in people.employees_who_may(OPERATE):
        contact = contacts.contact_of(operator)
        if contact is None:
            continue
        with translation.override(contact.spoken_language):
            what = news.sentence_of(code) if code else account.state_reason
        outbox.enqueue(
            key=f"account-alert:{account.pk}:{operator.pk}:{entry.at:%Y%m%d%H}", contact=contact,
            kind=ACCOUNT_ALERT.name, data={"account": account.name, "what": what}, subject=account,
            number=working_number(account), expires_at=entry.at + WORTH,
        )  # fmt: skip


def working_number(account: Account) -> Number | None:
    """A number of another account that works; None: the default one, whose messages may wait."""
    others = Number.objects.filter(account__state=Account.State.ACTIVE).exclude(account=account)
    return others.order_by("-is_default", "pk").first()
