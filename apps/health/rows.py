"""How the house does is nobody's secret among those who may look."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare

declare("health.pulse", words=_("all"))
