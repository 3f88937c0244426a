"""Incident categories whose tickets are offered, and told of, with a template."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.incidents import queries
from apps.incidents.models import Category, Ticket
from apps.providers.uses import Use, finders

SPEAKS = "ticket."
"""Every category says everything of this room."""
SHOWN = 6
"""More categories than this stand in one line."""


def categories(names: Collection[str]) -> Mapping[str, Sequence[Use]]:
    """Each offered category that people can choose, with its tickets that are not resolved."""
    own = [name for name in names if name.startswith(SPEAKS)]
    if not own:
        return {}
    unresolved = Count("tickets", filter=~Q(tickets__state=Ticket.State.RESOLVED))
    rows = list(Category.objects.filter(is_active=True, children=None).annotate(unresolved=unresolved))
    language = get_language() or "en"
    if len(rows) > SHOWN:
        label = ngettext("%(count)s incident category", "%(count)s incident categories", len(rows)) % {
            "count": len(rows)
        }
        link = reverse("admin:incidents_category_changelist")
        found = [Use(label, link, sum(row.unresolved for row in rows))]
    else:
        found = [
            Use(
                _("Incident category “%(category)s”") % {"category": queries.category_name(row, language)},
                reverse("admin:incidents_category_change", args=[row.pk]),
                row.unresolved,
            )
            for row in rows
        ]
    return dict.fromkeys(own, found)


finders.register("incidents", categories)
