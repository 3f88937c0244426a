"""What the carrier says about accounts, numbers and portfolios, written to their rows: by notice or by asking.

The one place that changes a tier, a throughput or a quality by the carrier's word. Operators are told of a notice by an
AccountAlert; who is told further, and how, is decided above (`account.alerted` in the journal).
"""

import re

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record
from apps.providers import services
from apps.providers.models import Account, AccountAlert, Number, Portfolio
from apps.providers.policy import OPERATE, require
from apps.providers.registry import provider_for
from apps.providers.setup import AccountNews, Limit, NumberHealth
from apps.providers.types import AccountChanged

STANDARD = 80  # messages per second of a number that was not raised (Meta, throughput)


@transaction.atomic
def apply_news(*, account: Account, event: AccountChanged) -> AccountNews:
    """Let one notice take effect; returns what it meant. Safe to repeat: what is so already changes nothing."""
    news = provider_for(account).news(event)
    if news.limit is not None:
        apply_limit(portfolio=account.portfolio, limit=news.limit)
    number = _number(account, news.phone)
    if number is not None:
        _change(number, per_second=news.per_second or number.per_second,
                name_status=news.name_status or number.name_status)  # fmt: skip
    if news.code in {"restricted", "reinstated"}:
        _restrict(account, news)
    if news.breaks:
        services.break_account(account=account, reason=f"{sentence_of(news.code)} {news.words}".strip())
    if news.severity != "info":
        alert = AccountAlert.objects.create(
            account=account, code=news.code, severity=news.severity, words=news.words, at=clock.now()
        )
        record("account.alerted", subject=account,
               after={"alert": alert.pk, "code": news.code, "severity": news.severity})  # fmt: skip
    record("account.notified", subject=account, after={"what": event.what, "event": event.event, "code": news.code})
    return news


@transaction.atomic
def apply_health(*, number: Number, health: NumberHealth) -> None:
    """Write what the carrier answered about one number, and the limit of its portfolio."""
    row = Number.objects.select_for_update().select_related("account__portfolio").get(pk=number.pk)
    # 20 a second (shared with the WhatsApp Business app) is set by hand: “standard”, which is 80, does not raise it.
    keeps = health.per_second == 0 or row.per_second < health.per_second <= STANDARD
    _change(row, quality=health.quality[:12] or row.quality, name_status=health.name_status[:30] or row.name_status,
            verification=health.verification[:30] or row.verification,
            per_second=row.per_second if keeps else health.per_second)  # fmt: skip
    Number.objects.filter(pk=row.pk).update(checked_at=clock.now())
    if health.limit is not None:
        apply_limit(portfolio=row.account.portfolio, limit=health.limit)


@transaction.atomic
def apply_limit(*, portfolio: Portfolio, limit: Limit) -> bool:
    """Write the portfolio's daily limit; False when it was so already."""
    row = Portfolio.objects.select_for_update().get(pk=portfolio.pk)
    if row.tier == limit.people:
        return False
    before, row.tier = row.tier, limit.people
    row.save(update_fields=["tier"])
    record("portfolio.limit_changed", subject=row, before={"tier": before}, after={"tier": row.tier})
    return True


@transaction.atomic
def mark_seen(*, alert: AccountAlert, by: HasActor) -> AccountAlert:
    """An operator has read it: it leaves the home and the health page. Raises NotPermittedError."""
    require(by, OPERATE)
    row = AccountAlert.objects.select_for_update().get(pk=alert.pk)
    if row.seen_at is None:
        row.seen_at, row.seen_by = clock.now(), by.as_actor().label[:200]
        row.save(update_fields=["seen_at", "seen_by"])
        record("account.alert_seen", subject=row.account, by=by, after={"alert": row.pk, "code": row.code})
    return row


def sentence_of(code: str) -> str:
    """What a notice means and what to do about it, in the reader's language."""
    return _sentences().get(code, _("WhatsApp sent a notice about the account: open WhatsApp Manager and read it."))


def _sentences() -> dict[str, str]:
    return {
        "banned": _("WhatsApp has banned this account. Messages are kept; ask for a review in WhatsApp Manager."),
        "ban_announced": _("WhatsApp is about to ban this account. Open WhatsApp Manager and ask for a review now."),
        "reinstated": _("WhatsApp has let this account back in. Press “Resume” on its page."),
        "deleted": _("This account was deleted at WhatsApp. Messages are kept; set up another account."),
        "offboarded": _(
            "This account was taken off the Cloud API. Messages are kept; connect it again in WhatsApp Manager."
        ),
        "reconnected": _("This account is connected again. Press “Resume” on its page if it is stopped."),
        "app_removed": _("Our app was taken off this account. Add it again at Meta, then run the checklist."),
        "restricted": _("WhatsApp has restricted this account for a time. Open WhatsApp Manager to see why."),
        "violation": _(
            "WhatsApp reports a violation of its policy. Read it in WhatsApp Manager and stop what caused it."
        ),
        "alert": _("WhatsApp has something to say about the account’s limits or profile. Read it in WhatsApp Manager."),
        "review_rejected": _("WhatsApp has refused this account. Messages are kept; ask for another review."),
        "reviewed": _("The review of this account is not over. Answer what WhatsApp Manager asks."),
        "quality_low": _("The quality of a number has fallen. Send less that people did not ask for."),
        "name_rejected": _("WhatsApp refused the display name of a number. Choose another one in WhatsApp Manager."),
        "security": _("A security setting of a number was changed. Make sure that it was one of you."),
    }


def _number(account: Account, phone: str) -> Number | None:
    """The number of this account with these digits; Meta writes it without a plus, and maybe with spaces."""
    if not phone:
        return None
    rows = Number.objects.select_for_update().filter(account=account)
    return next((row for row in rows if re.sub(r"\D", "", row.phone) == phone), None)


def _change(number: Number, **values: object) -> None:
    """Write what differs, and record it."""
    before = {name: getattr(number, name) for name in values}
    changed = [name for name, value in values.items() if before[name] != value]
    if not changed:
        return
    for name in changed:
        setattr(number, name, values[name])
    number.save(update_fields=changed)
    record("number.changed_there", subject=number, by=SYSTEM, before={name: before[name] for name in changed},
           after={name: values[name] for name in changed})  # fmt: skip


def _restrict(account: Account, news: AccountNews) -> None:
    """Remember until when; a reinstated account is free at once, a restriction of something else changes nothing."""
    row = Account.objects.select_for_update().get(pk=account.pk)
    is_lifted = news.code == "reinstated"
    if row.restricted_until == news.restricted_until or (news.restricted_until is None and not is_lifted):
        return
    row.restricted_until = news.restricted_until
    row.save(update_fields=["restricted_until"])
    until = row.restricted_until.isoformat() if row.restricted_until else None
    record("account.restricted", subject=row, after={"until": until, "what": news.words})
