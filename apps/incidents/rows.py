"""Categories belong to the company; a ticket to its team, its reporter's managers and whoever took it."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.incidents import queries

declare("incidents.category", words=_("all; who would be asked is named only as far as one may see those people"))
declare("incidents.ticket", rows=queries.visible_to,
        words=_("every ticket for whom that is given; else what one took, what one’s teams answer, what the employees one may see reported"))  # fmt: skip
