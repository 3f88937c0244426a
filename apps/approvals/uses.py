"""Approval flows that ask, and tell, with a template."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.approvals import queries
from apps.approvals.models import Flow, Request
from apps.providers.uses import Use, finders

SPEAKS = "request."
"""Every flow says everything of this room."""


def flows(names: Collection[str]) -> Mapping[str, Sequence[Use]]:
    """Each offered flow, with the requests that run."""
    own = [name for name in names if name.startswith(SPEAKS)]
    if not own:
        return {}
    running = Count("requests", filter=Q(requests__state__in=[Request.State.OPEN, Request.State.STUCK]))
    language = get_language() or "en"
    found = [
        Use(
            _("Approval flow “%(flow)s”") % {"flow": queries.flow_name(flow, language)},
            reverse("admin:approvals_flow_change", args=[flow.pk]),
            flow.running,
        )
        for flow in Flow.objects.filter(is_active=True).annotate(running=running)
    ]
    return dict.fromkeys(own, found)


finders.register("approvals", flows)
