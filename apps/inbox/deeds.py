"""What an operator may do to many webhooks and events at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.inbox import services
from apps.inbox.models import InboundEvent, Receipt
from apps.inbox.replaying import PERMISSION
from apps.people.bulk.deeds import Deed, Given, register
from apps.people.models import User


def _emptied(rows: Sequence[Receipt], _by: User) -> Mapping[int, str]:
    return {row.pk: _("Its body was removed when its time was over.") for row in rows if row.emptied_at is not None}


def _replay(row: Any, by: User, _given: Given) -> None:
    services.replay_receipt(receipt=row, by=by)


def _not_set_aside(rows: Sequence[InboundEvent], _by: User) -> Mapping[int, str]:
    wrong = (row for row in rows if row.state != InboundEvent.State.FAILED)
    return {row.pk: _("Only what was set aside can be tried again.") for row in wrong}


def _try_again(row: Any, by: User, _given: Given) -> None:
    services.replay_event(event=row, by=by)


register("inbox.replay", Deed(
    "inbox.receipt", gettext_lazy("Replay"), PERMISSION, _emptied, _replay,
    consequence=gettext_lazy("They are read again: events that were set aside are tried once more, what took effect stays as it is."),
))  # fmt: skip
register("inbox.try_again", Deed(
    "inbox.inboundevent", gettext_lazy("Try again"), PERMISSION, _not_set_aside, _try_again,
    consequence=gettext_lazy("Events that were set aside are tried once more, in a moment."),
))  # fmt: skip
