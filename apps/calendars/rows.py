"""Calendars hold nobody's matters: whoever may view them sees all."""

from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare

declare("calendars.workcalendar", "calendars.workhours", "calendars.holiday", words=_("all"))
