"""Routes for working calendars: their hours, their holidays and special days. Thin: everything else in `apps.calendars`."""

from datetime import date

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.api import serializers
from apps.api import shapes_times as shapes
from apps.api.base import ApiView, check_match, etag, given
from apps.api.paging import page
from apps.calendars import editing, services
from apps.calendars.models import Holiday, WorkCalendar
from apps.core.scope import narrow
from apps.people.authority import Authority

READ, WRITE = "calendars:read", "calendars:write"


def rows(by: Authority) -> QuerySet[WorkCalendar]:
    """Raises NotPermittedError for a caller who may look at none."""
    by.need("calendars.view_workcalendar")
    return narrow(WorkCalendar.objects.prefetch_related("hours"), by.user)


def row(by: Authority, pk: int) -> WorkCalendar:
    """Raises Http404."""
    return get_object_or_404(rows(by), pk=pk)


def locked(by: Authority, pk: int) -> WorkCalendar:
    """As `row`, and nobody else changes it or its hours before this request is done."""
    get_object_or_404(WorkCalendar.objects.select_for_update().filter(pk__in=rows(by).filter(pk=pk).values("pk")))
    return row(by, pk)


def days(by: Authority, pk: int) -> QuerySet[Holiday]:
    """Raises Http404, NotPermittedError."""
    by.need("calendars.view_holiday")
    return narrow(Holiday.objects.filter(calendar=row(by, pk)), by.user)


def read_day(text: str) -> date:
    """Raises Http404 for what is no day: there is nothing at that address."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error


def answer(by: Authority, pk: int, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The calendar as it is now, with the tag of that version."""
    data = shapes.CalendarOut(row(by, pk)).data
    return Response(data, status=status, headers={"ETag": etag(data), **(headers or {})})


class Calendars(ApiView):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="list_calendars", parameters=[serializers.PageFilter], responses=shapes.CalendarsPage)
    def get(self, request: Request) -> Response:
        """Working calendars with their hours, in the order they were made."""
        given(serializers.PageFilter, request.query_params.dict())
        return page(request, rows(self.by), lambda one: shapes.CalendarOut(one).data)

    @extend_schema(operation_id="make_calendar", request=shapes.CalendarNew, responses={201: shapes.CalendarOut})
    def post(self, request: Request) -> Response:
        """Make a calendar without hours. With a country its public holidays come in at once."""
        made = editing.make_calendar(by=self.by, **given(shapes.CalendarNew, request.data))
        return answer(self.by, made.pk, 201, {"Location": reverse("api:calendar", args=[made.pk], request=request)})


class Calendar(ApiView):
    scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="get_calendar", responses=shapes.CalendarOut)
    def get(self, request: Request, pk: int) -> Response:
        """One calendar with its hours."""
        return answer(self.by, pk)

    @extend_schema(operation_id="change_calendar", request=shapes.CalendarChange, responses=shapes.CalendarOut)
    def patch(self, request: Request, pk: int) -> Response:
        """Change its name, place or quiet hours. Another place takes the coming public holidays of the old one out."""
        calendar = locked(self.by, pk)
        check_match(request, etag(shapes.CalendarOut(calendar).data))
        editing.change_calendar(calendar=calendar, by=self.by, **given(shapes.CalendarChange, request.data))
        return answer(self.by, pk)

    @extend_schema(operation_id="remove_calendar", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove it. The default one, and one that somebody works by, stay: 409."""
        calendar = locked(self.by, pk)
        check_match(request, etag(shapes.CalendarOut(calendar).data))
        editing.remove_calendar(calendar=calendar, by=self.by)
        return Response(status=204)


class CalendarDefault(ApiView):
    scopes = {"POST": WRITE}

    @extend_schema(operation_id="make_calendar_default", request=serializers.Nothing, responses=shapes.CalendarOut)
    def post(self, request: Request, pk: int) -> Response:
        """From now on it holds for everybody without a calendar of their own."""
        given(serializers.Nothing, request.data or {})
        services.make_default(calendar=row(self.by, pk), by=self.by)
        return answer(self.by, pk)


class CalendarHours(ApiView):
    scopes = {"PUT": WRITE}

    @extend_schema(operation_id="set_calendar_hours", request=shapes.WeekIn, responses=shapes.CalendarOut)
    def put(self, request: Request, pk: int) -> Response:
        """The whole week anew; an empty list is every day, round the clock."""
        calendar = locked(self.by, pk)
        check_match(request, etag(shapes.CalendarOut(calendar).data))
        week = [(span["weekday"], span["starts"], span["ends"]) for span in given(shapes.WeekIn, request.data)["hours"]]
        editing.set_week(calendar=calendar, week=week, by=self.by)
        return answer(self.by, pk)


class CalendarDays(ApiView):
    scopes = {"GET": READ}

    @extend_schema(operation_id="list_calendar_days", parameters=[shapes.DaysFilter], responses=shapes.DaysPage)
    def get(self, request: Request, pk: int) -> Response:
        """Holidays and special days, in the order they were added."""
        wanted = given(shapes.DaysFilter, request.query_params.dict())
        found = days(self.by, pk)
        if "year" in wanted:
            found = found.filter(day__year=wanted["year"])
        return page(request, found, lambda one: shapes.Day(one).data)


class CalendarDay(ApiView):
    scopes = {"PUT": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="set_calendar_day", request=shapes.DayIn, responses=shapes.Day)
    def put(self, request: Request, pk: int, day: str) -> Response:
        """Add a day off or a day worked although it would be off (like 2026-12-24), or change it."""
        calendar, on = row(self.by, pk), read_day(day)
        kept = editing.set_day(calendar=calendar, day=on, by=self.by, **given(shapes.DayIn, request.data))
        return Response(shapes.Day(kept).data)

    @extend_schema(operation_id="remove_calendar_day", responses={204: None})
    def delete(self, request: Request, pk: int, day: str) -> Response:
        """The day is like its weekday again; one that was so already stays so."""
        editing.remove_day(calendar=row(self.by, pk), day=read_day(day), by=self.by)
        return Response(status=204)
