"""The carrier's part of an account's checklist: token, permissions, account, numbers, subscription, templates, clock.

What WhatsApp says of numbers and limits is written to their rows at once. Where it refuses the question itself, the line
is *skipped* and says what proves the same another way.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import Misconfigured, RecadoError, Refused, TryLater
from apps.core.findings import Finding, Level
from apps.providers import calls, news
from apps.providers.checklist_numbers import default_number, number_lines
from apps.providers.checkup import step
from apps.providers.kinds import kinds
from apps.providers.models import Account, Approval
from apps.providers.queries import webhook_address
from apps.providers.registry import provider_for
from apps.providers.setup import AccountReport, CarrierSetup, NumberHealth, Registered, Subscription, TokenReport

T = TypeVar("T")

EXPIRES_SOON = timedelta(days=7)
SKEW_AMBER, SKEW_RED = 30, 300  # seconds; UNSOURCED: codes and signatures of both sides tolerate some minutes
NAMES_SHOWN = 8


@step("1 carrier")
def carrier(account: Account) -> Iterator[Finding]:
    """Asks WhatsApp five questions and one more per number."""
    setup = provider_for(account).setup()
    if setup is None:
        yield Finding("carrier", _("The carrier’s own view"), Level.SKIPPED, _("This carrier cannot be asked."),
                      _("Look at its own pages; the first message sent proves the rest."))  # fmt: skip
        return
    asking = _Asking(account)
    token = asking(setup.token)
    about = asking(setup.account)
    yield token_line(account, token)
    yield permission_line(setup, token)
    yield account_line(account, about)
    yield from _numbers(account, setup, asking)
    yield subscription_line(account, asking(setup.subscriptions), token)
    yield clock_line(about)


@step("5 templates")
def templates(account: Account) -> Iterator[Finding]:
    """Wordings that could open no conversation by this account."""
    title = _("Templates")
    wanted = {(name, language) for name, kind in kinds for language in kind.bodies}
    have = set(
        Approval.objects.filter(account=account, state=Approval.State.APPROVED).values_list(
            "translation__template__kind", "translation__language"
        )
    )
    missing = sorted(f"{name} ({language})" for name, language in wanted - have)
    if not missing:
        yield Finding(
            "templates", title, Level.GREEN, _("All %(count)s wordings are approved.") % {"count": len(wanted)}
        )
        return
    more = len(missing) - NAMES_SHOWN
    names = ", ".join(missing[:NAMES_SHOWN]) + (_(" and %(count)s more") % {"count": more} if more > 0 else "")
    seen = _("%(missing)s of %(all)s wordings are not approved: %(names)s.") % {
        "missing": len(missing), "all": len(wanted), "names": names}  # fmt: skip
    yield Finding("templates", title, Level.AMBER, seen,
                  _("Press “Hand in missing templates”; until then these messages wait for an open window."))  # fmt: skip


class _Asking:
    """Asks one question after another; once nobody answers, the rest is not asked, so that nobody waits for minutes."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.silence: TryLater | None = None

    def __call__(self, question: Callable[[], T]) -> T | RecadoError:
        """The answer, or the error that came instead: each line says its own sentence about it."""
        if self.silence is not None:
            return self.silence
        try:
            calls.spend(self.account)
            return question()
        except TryLater as error:
            self.silence = error
            return error
        except RecadoError as error:
            return error


def refused(code: str, title: str, error: RecadoError, about: str = "") -> Finding:
    """A question that got no answer: red when an operator must act, amber when a later try may do."""
    if isinstance(error, TryLater):
        mend = _("Try again in a minute; if it stays so, check the API address and this machine’s way to the internet.")
        return Finding(code, title, Level.AMBER, _("No answer: %(error)s") % {"error": error}, mend, about)
    mend = _("Compare the ids on this page with WhatsApp Manager, and the token’s rights with the line above.")
    code_there = f" ({error.code})" if error.code else ""
    return Finding(code, title, Level.RED, f"{error}{code_there}", mend, about)


def token_line(account: Account, token: TokenReport | RecadoError) -> Finding:
    title = _("Access token")
    renew = _("Make a token of a system user in Meta’s business settings and enter it under “Access token”.")
    if not account.access_token:
        return Finding("token", title, Level.RED, _("No access token is stored."), renew)
    if isinstance(token, Misconfigured):
        return Finding("token", title, Level.RED, _("WhatsApp does not accept the token."), renew)
    if isinstance(token, Refused):
        return Finding("token", title, Level.SKIPPED, _("WhatsApp does not tell about this token."),
                       _("Nothing to do: the lines below prove whether it works."))  # fmt: skip
    if isinstance(token, RecadoError):
        return refused("token", title, token)
    if not token.is_valid:
        seen = _("The token is not valid any more. %(reason)s") % {"reason": token.reason}
        return Finding("token", title, Level.RED, seen.strip(), renew)
    if token.expires_at is None:
        return Finding("token", title, Level.GREEN, _("Valid, without an end."))
    until = date_format(token.expires_at, "j N Y H:i")
    is_soon = token.expires_at < clock.now() + EXPIRES_SOON
    seen = _("Valid until %(until)s (UTC).") % {"until": until}
    return Finding("token", title, Level.AMBER if is_soon else Level.GREEN, seen, renew if is_soon else "")


def permission_line(setup: CarrierSetup, token: TokenReport | RecadoError) -> Finding:
    title = _("Permissions")
    if not isinstance(token, TokenReport) or not token.is_valid:
        return Finding("permissions", title, Level.SKIPPED, _("Nobody could ask."),
                       _("Mend the token first; reading the account and sending prove them too."))  # fmt: skip
    missing = sorted(setup.needed_scopes - token.scopes)
    if not missing:
        return Finding("permissions", title, Level.GREEN, ", ".join(sorted(setup.needed_scopes)))
    seen = _("Missing: %(names)s.") % {"names": ", ".join(missing)}
    mend = _("Make the token again and tick these permissions for this WhatsApp account.")
    return Finding("permissions", title, Level.RED, seen, mend)


def account_line(account: Account, about: AccountReport | RecadoError) -> Finding:
    title = _("WhatsApp business account")
    if isinstance(about, RecadoError):
        return refused("account", title, about)
    words = ", ".join(filter(None, [about.name, about.review, about.verification]))
    if about.review == "REJECTED":
        mend = _("Ask for another review in WhatsApp Manager; until then nothing can be sent.")
        return Finding("account", title, Level.RED, words, mend)
    if about.review not in {"", "APPROVED"}:
        mend = _("Wait for Meta’s review, or answer what it asks in WhatsApp Manager.")
        return Finding("account", title, Level.AMBER, words, mend)
    if about.verification not in {"", "verified"}:
        mend = _("Verify the business at Meta: without it only 250 people can be written to first per 24 hours.")
        return Finding("account", title, Level.AMBER, words, mend)
    return Finding("account", title, Level.GREEN, words or account.remote_id)


def _numbers(account: Account, setup: CarrierSetup, asking: _Asking) -> Iterator[Finding]:
    listed: list[Registered] | RecadoError = asking(setup.numbers)
    ours = list(account.numbers.order_by("pk"))
    answers: dict[str, NumberHealth | RecadoError] = {}
    for number in ours:
        health = asking(lambda number=number: setup.number(number.remote_id))  # type: ignore[misc]
        answers[number.remote_id] = health
        if isinstance(health, NumberHealth):
            news.apply_health(number=number, health=health)
    yield from number_lines(ours, listed, answers, refused)
    yield default_number(account)
    limits = [one.limit for one in answers.values() if isinstance(one, NumberHealth) and one.limit]
    title = _("Daily limit")
    if not limits:
        yield Finding("tier", title, Level.SKIPPED, _("WhatsApp did not say how many people may be written to first."),
                      _("Compare “people per 24 hours” of the portfolio with WhatsApp Manager."))  # fmt: skip
    elif limits[0].people is None:
        yield Finding("tier", title, Level.GREEN, _("As many people per 24 hours as one likes."))
    else:
        seen = _("%(people)s different people per 24 hours may be written to first.") % {"people": limits[0].people}
        yield Finding("tier", title, Level.GREEN, seen)


def subscription_line(
    account: Account, found: list[Subscription] | RecadoError, token: TokenReport | RecadoError
) -> Finding:
    title = _("Webhook subscription")
    press = _("Press “Subscribe to webhooks”: this account’s webhooks then come to the address on this page.")
    if isinstance(found, RecadoError):
        return refused("subscription", title, found)
    app_id = token.app_id if isinstance(token, TokenReport) else ""
    ours = [one for one in found if not app_id or one.app_id in {"", app_id}]
    if not ours:
        seen = _("Our app does not get this account’s webhooks.")
        return Finding("subscription", title, Level.RED, seen, press)
    callback = next((one.callback for one in ours if one.callback), "")
    if callback == webhook_address(account):
        return Finding("subscription", title, Level.GREEN, _("Subscribed, to this account’s own address."))
    if callback:
        return Finding(
            "subscription", title, Level.RED, _("The webhooks go to %(address)s.") % {"address": callback}, press
        )
    seen = _("Subscribed; the address is the one entered in the app at Meta.")
    mend = _("Compare it there with the address on this page, or press “Subscribe”.")
    return Finding("subscription", title, Level.GREEN, seen, mend)


def clock_line(about: AccountReport | RecadoError) -> Finding:
    title = _("Clock")
    if not isinstance(about, AccountReport) or about.answered_at is None:
        return Finding("clock", title, Level.SKIPPED, _("WhatsApp did not tell the time."),
                       _("Make sure that this machine sets its clock by the network (NTP)."))  # fmt: skip
    # The carrier lives in real time, also while a demo's own clock runs ahead.
    real = clock.now() - timedelta(seconds=clock.offset())
    skew = round(abs((real - about.answered_at).total_seconds()))
    seen = _("%(seconds)s s apart from WhatsApp’s clock.") % {"seconds": skew}
    level = Level.RED if skew > SKEW_RED else Level.AMBER if skew > SKEW_AMBER else Level.GREEN
    mend = (
        ""
        if level == Level.GREEN
        else _("Switch on network time (NTP) on this machine: windows and limits count by it.")
    )
    return Finding("clock", title, level, seen, mend)
