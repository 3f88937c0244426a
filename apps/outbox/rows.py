"""Outgoing messages: those to the people one may see."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.outbox import queries

declare("outbox.outboundmessage", words=_("to the employees one may see; to strangers only for whoever sees everybody"),
        rows=queries.visible_to)  # fmt: skip
