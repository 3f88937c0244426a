"""Links belong to the person they speak for."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.web import queries

declare("web.link", words=_("of the employees one may see"), rows=queries.visible_to)
