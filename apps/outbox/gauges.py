"""Today's use of every budget, for the screens below: they show, the budgets count."""

from django.utils.translation import gettext as _

from apps.core import clock
from apps.outbox import budgets
from apps.providers.gauges import Gauge, meters
from apps.providers.models import Account, Number, Portfolio


def meter(of: Account | Number | Portfolio) -> Gauge:
    """A number's second, a portfolio's people of 24 hours, an account's calls of this hour."""
    usage = budgets.usage(of, clock.now())
    titles = {
        Number: _("Messages in this second"),
        Portfolio: _("People written to first in 24 hours"),
        Account: _("Calls in this hour"),
    }
    return Gauge(titles[type(of)], usage.used, usage.limit, usage.until, _note(usage), str(of),
                 is_momentary=isinstance(of, Number))  # fmt: skip


def _note(usage: budgets.Usage) -> str:
    notes = []
    if usage.factor < 1:
        notes.append(_("WhatsApp asked for less: sending at %(percent)s%% of full speed, rising by itself.")
                     % {"percent": round(usage.factor * 100)})  # fmt: skip
    if usage.waiting:
        notes.append(_("%(count)s messages have been promised a later moment.") % {"count": usage.waiting})
    if not usage.is_counted:
        notes.append(_("Redis is away: counted from the rows, and nothing leaves meanwhile."))
    return " ".join(notes)


meters.register("outbox", meter)
