"""Webhooks carry everybody's words: only whoever sees everybody reads them."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.inbox.models import InboundEvent, Receipt
from apps.people import queries as people


def _receipts(user: Any) -> QuerySet[Receipt]:
    return Receipt.objects.all() if people.sees_everybody(user) else Receipt.objects.none()


def _events(user: Any) -> QuerySet[InboundEvent]:
    return InboundEvent.objects.all() if people.sees_everybody(user) else InboundEvent.objects.none()


_WORDS = _("all for whoever sees every employee; nothing for anybody else")
declare("inbox.receipt", words=_WORDS, rows=_receipts)
declare("inbox.inboundevent", words=_WORDS, rows=_events)
