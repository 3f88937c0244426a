"""Accounts: what stands in their rows. The carrier itself is asked by the checklist only."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import Misconfigured
from apps.core.findings import Finding, Level, check, worst
from apps.providers import checkup, news, queries
from apps.providers.gauges import gauges_around
from apps.providers.models import Account, AccountAlert

LOOKED_AT = timedelta(days=7)


@check("providers.1 accounts")
def accounts() -> Iterator[Finding]:
    found = list(Account.objects.select_related("portfolio").order_by("name"))
    if not found:
        yield Finding("providers.account", _("Account"), Level.RED, _("There is no WhatsApp account."),
                      _("Make one under “WhatsApp accounts”; its checklist leads through the rest."))  # fmt: skip
        return
    for account in found:
        yield state_line(account)
        yield checklist_line(account)
        yield from budget_lines(account)
    try:
        queries.default_number()
    except Misconfigured as error:
        yield Finding("providers.default", _("Default number"), Level.RED, str(error),
                      _("Tick “default for sending” at one number."))  # fmt: skip


def state_line(account: Account) -> Finding:
    title = _("Account")
    state = str(account.get_state_display())
    if account.state == Account.State.BROKEN:
        return Finding("providers.account", title, Level.RED, f"{state}: {account.state_reason}",
                       _("Do what it says, press “Check everything” on its page, then “Resume”."), account.name)  # fmt: skip
    if account.state == Account.State.PAUSED:
        return Finding("providers.account", title, Level.AMBER, state, _("Press “Resume” on its page."), account.name)
    until = account.restricted_until
    if until is not None and until > clock.now():
        seen = _("May not open conversations until %(until)s (UTC).") % {"until": date_format(until, "j N Y H:i")}
        return Finding("providers.account", title, Level.AMBER, seen,
                       _("Read why in WhatsApp Manager; replies go through meanwhile."), account.name)  # fmt: skip
    return Finding("providers.account", title, Level.GREEN, state, "", account.name)


def checklist_line(account: Account) -> Finding:
    title = _("Checklist")
    press = _("Open the account and press “Check everything”.")
    last = checkup.last_of(account)
    if last is None:
        return Finding("providers.checklist", title, Level.AMBER, _("Never run."), press, account.name)
    lines = checkup.findings_of(last)
    level = worst(lines)
    when = date_format(last.at, "j N Y H:i")
    if level != Level.GREEN:
        bad = ", ".join(dict.fromkeys(one.title for one in lines if one.level in {Level.AMBER, Level.RED}))
        seen = _("As seen %(when)s (UTC): %(lines)s.") % {"when": when, "lines": bad}
        return Finding("providers.checklist", title, level, seen,
                       _("Open the account: each line says how to mend it."), account.name)  # fmt: skip
    seen = _("All well %(when)s (UTC).") % {"when": when}
    if last.at < clock.now() - LOOKED_AT:
        return Finding("providers.checklist", title, Level.AMBER, seen, press, account.name)
    return Finding("providers.checklist", title, Level.GREEN, seen, "", account.name)


def budget_lines(account: Account) -> Iterator[Finding]:
    """Only what is used up or nearly: the bars show the rest. A number's second is gone before anybody has read it."""
    for gauge in gauges_around(account):
        if not gauge.is_high or gauge.limit is None or gauge.is_momentary:
            continue
        seen = _("%(used)s of %(limit)s.") % {"used": gauge.used, "limit": gauge.limit}
        if gauge.is_full and gauge.until:
            seen += " " + _("Some is free again %(until)s (UTC).") % {"until": date_format(gauge.until, "j N H:i")}
        mend = _("Nothing to do: what waits leaves by itself; send less, or ask WhatsApp for more.")
        yield Finding("providers.budget", gauge.title, Level.AMBER, f"{seen} {gauge.note}".strip(), mend, gauge.about)


@check("providers.2 notices")
def notices() -> Iterator[Finding]:
    """What WhatsApp told and no operator has seen yet."""
    unseen = list(AccountAlert.objects.filter(seen_at=None).select_related("account").order_by("-id")[:20])
    for alert in unseen:
        level = Level.RED if alert.severity == AccountAlert.Severity.CRITICAL else Level.AMBER
        words = f"{date_format(alert.at, 'j N H:i')} {alert.words}".strip()
        yield Finding(
            "providers.notice", _("WhatsApp says"), level, words, news.sentence_of(alert.code), alert.account.name
        )
    if not unseen:
        yield Finding("providers.notice", _("WhatsApp says"), Level.GREEN, _("Nothing new."))
