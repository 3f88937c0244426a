"""Shapes of working calendars, absences and cost centres. Whether a value is right is decided in `apps.people` and `apps.calendars`."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.base import StrictSerializer
from apps.api.serializers import Id, PageFilter, page_of

MOST_SPANS = 70


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "example": "08:00"})
class ClockTime(serializers.TimeField):
    """Hours and minutes of some place's own clock. JSON Schema's `time` would be an instant, with seconds and an offset."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=("%H:%M", "%H:%M:00"), **options)


# --- out --------------------------------------------------------------------------------------------------------------


class CostCentreOut(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    owner = serializers.IntegerField(
        allow_null=True, help_text="A person; null as well when they are out of your sight."
    )


class AbsenceOfPerson(serializers.Serializer):
    id = serializers.IntegerField()
    person = serializers.IntegerField(source="employee_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    deputy = serializers.IntegerField(source="deputy_id", allow_null=True)
    reason = serializers.CharField()


class Span(serializers.Serializer):
    weekday = serializers.IntegerField(min_value=0, max_value=6, help_text="0 is Monday.")
    starts = ClockTime()
    ends = ClockTime(help_text="Not after the start: the next day, like 22:00 to 06:00.")


class CalendarOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Holds for everybody without a calendar of their own.")
    country = serializers.CharField()
    region = serializers.CharField()
    quiet_from = ClockTime(allow_null=True)
    quiet_until = ClockTime(allow_null=True)
    hours = Span(many=True, help_text="None: every day, round the clock.")


class Day(serializers.Serializer):
    day = serializers.DateField()
    name = serializers.CharField()
    is_working = serializers.BooleanField(help_text="Worked although it would be off.")
    starts = ClockTime(allow_null=True)
    ends = ClockTime(allow_null=True)
    is_public = serializers.BooleanField(help_text="A public holiday that came in by itself.")


CostCentresPage = page_of(CostCentreOut, "CostCentresPage")
AllAbsencesPage = page_of(AbsenceOfPerson, "AllAbsencesPage")
CalendarsPage = page_of(CalendarOut, "CalendarsPage")
DaysPage = page_of(Day, "DaysPage")


# --- in ---------------------------------------------------------------------------------------------------------------


class CostCentreIn(StrictSerializer):
    code = serializers.CharField(max_length=40)
    name = serializers.CharField(
        max_length=120, allow_blank=True, required=False, help_text="As the code when not given."
    )
    owner = Id(allow_null=True, required=False, help_text="The id of a person you may see.")


class CostCentreChange(StrictSerializer):
    code = serializers.CharField(max_length=40, required=False)
    name = serializers.CharField(max_length=120, required=False)
    owner = Id(allow_null=True, required=False)


class CostCentresFilter(PageFilter):
    code = serializers.CharField(max_length=40, required=False, help_text="Exactly this code.")


class AbsenceChange(StrictSerializer):
    starts_on = serializers.DateField(required=False)
    ends_on = serializers.DateField(required=False, help_text="Both days count.")
    deputy = Id(allow_null=True, required=False)
    reason = serializers.CharField(max_length=80, allow_blank=True, required=False)


class AbsencesFilter(PageFilter):
    person = Id(required=False)
    since = serializers.DateField(required=False, help_text="Those that end on this day or later.")
    until = serializers.DateField(required=False, help_text="Those that begin on this day or earlier.")


class CalendarChange(StrictSerializer):
    name = serializers.CharField(max_length=80, required=False)
    country = serializers.CharField(
        max_length=2, allow_blank=True, required=False, help_text="Two letters, like BR; its holidays come in."
    )
    region = serializers.CharField(max_length=60, allow_blank=True, required=False, help_text="Like SP.")
    quiet_from = ClockTime(allow_null=True, required=False)
    quiet_until = ClockTime(allow_null=True, required=False)


class CalendarNew(CalendarChange):
    name = serializers.CharField(max_length=80)


class SpanIn(StrictSerializer):
    weekday = serializers.IntegerField(min_value=0, max_value=6)
    starts = ClockTime()
    ends = ClockTime()


class WeekIn(StrictSerializer):
    hours = SpanIn(many=True, max_length=MOST_SPANS)  # type: ignore[call-arg]  # of the list that `many` makes


class DayIn(StrictSerializer):
    name = serializers.CharField(max_length=150)
    is_working = serializers.BooleanField(required=False, default=False)
    starts = ClockTime(allow_null=True, required=False, default=None)
    ends = ClockTime(allow_null=True, required=False, default=None)


class DaysFilter(PageFilter):
    year = serializers.IntegerField(min_value=1900, max_value=2200, required=False)
