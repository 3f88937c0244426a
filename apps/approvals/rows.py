"""Flows belong to the company; a request to whoever asked and whoever is asked."""

from django.utils.translation import gettext_lazy as _

from apps.approvals import queries
from apps.core.scope import declare

declare("approvals.flow", "approvals.stage", words=_("all"))
declare("approvals.request", rows=queries.visible_to,
        words=_("every request for whom that is given; else those of the employees one may see, and those one was asked to decide"))  # fmt: skip
