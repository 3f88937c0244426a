"""What an operator may do to many outgoing messages at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.outbox import services
from apps.outbox.machine import BY_HAND
from apps.outbox.models import OutboundMessage
from apps.people.bulk.deeds import Deed, Given, register
from apps.people.models import User
from apps.providers.kinds import title_of


def _unless(move: str) -> Callable[[Sequence[OutboundMessage], User], Mapping[int, str]]:
    def why_not(rows: Sequence[OutboundMessage], _by: User) -> Mapping[int, str]:
        wrong = (row for row in rows if row.state not in BY_HAND[move].sources)
        return {row.pk: _("This cannot be done with a message that is “%(state)s”.") % {"state": row.get_state_display()}
                for row in wrong}  # fmt: skip

    return why_not


def _retry(row: Any, by: User, _given: Given) -> None:
    services.retry(message=row, by=by)


def _cancel(row: Any, by: User, _given: Given) -> None:
    services.cancel(message=row, by=by)


def _resend(row: Any, by: User, _given: Given) -> None:
    services.resend(message=row, by=by)


def _label(row: OutboundMessage) -> str:
    return f"{title_of(row.kind)} → {row.contact}"


_MODEL = "outbox.outboundmessage"
_NAMED: dict[str, Any] = {"label": _label, "related": ("contact__employee",)}
register("outbox.retry", Deed(
    _MODEL, gettext_lazy("Retry"), services.OPERATE, _unless("retry"), _retry,
    **_NAMED, consequence=gettext_lazy("They go back into the queue and are planned afresh: consent, quiet hours and limits count as ever."),
))  # fmt: skip
register("outbox.cancel", Deed(
    _MODEL, gettext_lazy("Cancel"), services.OPERATE, _unless("cancel"), _cancel,
    **_NAMED, consequence=gettext_lazy("They are never sent. What is on its way already cannot be called back."),
    warning=gettext_lazy("This cannot be undone: a cancelled message stays cancelled."),
))  # fmt: skip
register("outbox.resend", Deed(
    _MODEL, gettext_lazy("Send again"), services.OPERATE, _unless("resend"), _resend,
    **_NAMED, consequence=gettext_lazy("Nobody knows whether these arrived."),
    warning=gettext_lazy("This cannot be undone: people may get the same message twice, and it is counted."),
))  # fmt: skip
