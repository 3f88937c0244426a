"""Screens: a calendar with its week, its holidays and what follows from both."""

from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.calendars import places, queries, services, show
from apps.calendars.day_screens import DayScreens
from apps.calendars.forms import CalendarForm, HolidayForm, HoursFormSet
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.core import clock
from apps.journal.capture import RecordedModelAdmin, acting, button
from apps.journal.scoping import ScopedTabularInline

DAYS_SHOWN = 6


class RowsInline(ScopedTabularInline):
    """Rows that say themselves what they are. The theme's releases spell "no title above each row" differently."""

    if hasattr(ScopedTabularInline, "show_title"):
        show_title = False
    else:
        hide_title = True


class HoursInline(RowsInline):
    model = WorkHours
    formset = HoursFormSet
    extra = 0
    fields = ["weekday", "starts", "ends"]
    verbose_name_plural = _("hours of the week; none: every day, round the clock")


class HolidayInline(RowsInline):
    """From this year on: what lies behind stays in the table but in nobody's way."""

    model = Holiday
    form = HolidayForm
    extra = 0
    fields = ["day", "name", "is_working", "starts", "ends"]
    ordering = ["day"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Holiday]:
        return super().get_queryset(request).filter(day__year__gte=clock.now().year)


@admin.register(WorkCalendar)
class WorkCalendarAdmin(DayScreens, RecordedModelAdmin):
    empty_says = _(
        "A working calendar says when people work and which days are free. Messages that can wait keep to it."
    )
    form = CalendarForm
    list_display = ["name", "is_default", "place", "summary"]
    search_fields = ["name"]
    inlines = [HoursInline, HolidayInline]
    readonly_fields = ["is_default", "summary", "days_off"]
    actions_detail = ["make_default", "bring_in_holidays", "bring_in_days", "export_days"]
    fieldsets = [
        (None, {"fields": ["name", "is_default", "summary", "days_off"]}),
        (_("Quiet hours"), {"fields": [("quiet_from", "quiet_until")]}),
        (_("Public holidays"), {"fields": [("country", "region")]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The default one stays: without it nobody would have quiet hours or holidays any more."""
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_default)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if getattr(form, "is_elsewhere", False):
                filled = services.bring_in_holidays(calendar=obj, by=acting(request), is_anew=True)
                self.message_user(request, _told(filled))

    @admin.display(description=_("in one sentence"))
    def summary(self, calendar: WorkCalendar) -> str:
        return show.sentence(queries.of_calendar(calendar)) if calendar.pk else gettext("Shown after the first save.")

    @admin.display(description=_("next days off"))
    def days_off(self, calendar: WorkCalendar) -> str:
        rows = queries.next_days_off(calendar, clock.now().date(), DAYS_SHOWN) if calendar.pk else []
        lines = ((date_format(row.day, "D, j N Y"), row.name) for row in rows)
        return format_html_join("", "{}: {}<br>", lines) or gettext("None but the days without hours.")

    @admin.display(description=_("public holidays"))
    def place(self, calendar: WorkCalendar) -> str:
        if not calendar.country:
            return "-"
        country = places.countries().get(calendar.country, calendar.country)
        region = places.regions(calendar.country).get(calendar.region, calendar.region)
        return f"{country}, {region}" if region else country

    @button(_("Use for everybody else"), permission=services.CHANGE, icon="groups")
    def make_default(self, request: HttpRequest, obj: WorkCalendar) -> str:
        services.make_default(calendar=obj, by=acting(request))
        return gettext("Whoever has no calendar of their own follows this one now.")

    @button(_("Fill in the public holidays again"), permission=services.CHANGE, icon="event_repeat")
    def bring_in_holidays(self, request: HttpRequest, obj: WorkCalendar) -> str:
        if not obj.country:
            return gettext("No country is chosen: there is nothing to fill in. Days that you add yourself stay.")
        return _told(services.bring_in_holidays(calendar=obj, by=acting(request), is_anew=True))


def _told(filled: services.Filled) -> str:
    added = ngettext("%(count)s public holiday is in", "%(count)s public holidays are in", filled.added)
    told = gettext("%(added)s, through %(year)s. Days that you added yourself stayed.")
    return told % {"added": added % {"count": filled.added}, "year": filled.through}
