"""Forms belong to the company; what was filled in belongs to its author."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.forms import queries

declare("forms.form", "forms.field", "forms.formversion", words=_("all"))
declare("forms.submission", words=_("of the employees one may see"), rows=queries.visible_to)
