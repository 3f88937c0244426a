"""Calls about accounts, numbers and templates are counted by the budgets, whoever makes them."""

from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import TryLater
from apps.outbox import budgets
from apps.providers.calls import spenders
from apps.providers.models import Account


def spend(account: Account) -> None:
    """Raises TryLater when the account has used up its calls of this hour."""
    now = clock.now()
    grant = budgets.spend_call(account, now=now)
    if not grant.is_free:
        after = (grant.until - now).total_seconds() if grant.until else None
        raise TryLater(
            _("The account has used its %(limit)s calls of this hour at WhatsApp; it goes on by itself later.")
            % {"limit": account.api_calls_per_hour}, after=after, code="calls_used_up",
        )  # fmt: skip


spenders.register("outbox", spend)
