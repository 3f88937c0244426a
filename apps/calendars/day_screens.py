"""The page on which a company's own days come in from a file, and the file of them that goes out."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.calendars import importing
from apps.calendars.daysfile import Day, Line
from apps.calendars.models import WorkCalendar
from apps.calendars.show import clock_time
from apps.core.errors import RecadoError
from apps.journal import downloads, tables
from apps.journal.capture import acting
from apps.journal.services import record

SHOWN = 500  # rows of a preview
_ORDER = {"bad": 0, "new": 1, "changed": 2, "elsewhere": 3, "unchanged": 4}


class DayScreens:
    """Part of a calendar's admin."""

    @action(description=_("Bring in days from a file"), url_path="days", icon="upload_file")
    def bring_in_days(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose a file, look at what it would do, press. A file that cannot be read leaves nothing behind."""
        calendar = _seen(self, request, object_id)
        if not importing.may_import(request.user):
            raise PermissionDenied(gettext("Bringing days in needs the right to change calendars and their days."))
        error, preview = "", None
        if request.method == "POST":
            try:
                if "token" in request.POST:
                    counts = importing.apply(calendar=calendar, token=request.POST["token"], by=request.user)
                    messages.success(request, gettext("%(new)s days are new, %(changed)s changed.") % counts)
                    return HttpResponseRedirect(reverse("admin:calendars_workcalendar_change", args=[calendar.pk]))
                preview = importing.preview(calendar=calendar, content=downloads.uploaded(request), by=request.user)
            except RecadoError as refused:
                error = gettext("%(what)s Nothing was changed.") % {"what": refused}
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "calendar": calendar, "error": error,
            "title": gettext("Days of %(calendar)s from a file") % {"calendar": calendar}, "preview": preview,
            "rows": [_row(line) for line in sorted(preview.lines, key=lambda line: _ORDER[line.kind])[:SHOWN]] if preview else [],
            "left_out": max(len(preview.lines) - SHOWN, 0) if preview else 0, "size": tables.LARGEST // 1024**2,
            "most": importing.MOST, "back": reverse("admin:calendars_workcalendar_change", args=[calendar.pk]),
        }  # fmt: skip
        return TemplateResponse(request, "calendars/days.html", context, status=400 if error else 200)

    @action(description=_("Export own days"), url_path="days-export", icon="download")
    def export_days(self: Any, request: HttpRequest, object_id: str) -> HttpResponse | StreamingHttpResponse:
        """As CSV, or with `?format=xlsx` as XLSX: what comes in again unchanged. Who takes it is recorded."""
        calendar = _seen(self, request, object_id)
        kind = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
        with transaction.atomic():
            record("workcalendar.days_exported", subject=calendar, by=acting(request), after={"format": kind})
        rows = importing.lines(calendar)
        return downloads.answer(kind, importing.headers(), rows, name=f"days-{calendar.pk}", title="days")


def _seen(screen: Any, request: HttpRequest, object_id: str) -> WorkCalendar:
    calendar: WorkCalendar | None = screen.get_object(request, object_id)
    if calendar is None:
        raise Http404
    if not screen.has_view_permission(request, calendar):
        raise PermissionDenied
    return calendar


def _row(line: Line) -> dict[str, Any]:
    """A row in words."""
    return {"number": line.number, "kind": line.kind, "reason": line.reason, "now": _said(line.day),
            "before": _said(line.before) if line.kind == "changed" else ""}  # fmt: skip


def _said(day: Day | None) -> str:
    """Like “25 Dec 2026, Christmas: day off”."""
    if day is None:
        return ""
    what = gettext("day off")
    if day.is_working:
        what = gettext("works")
    if day.starts is not None and day.ends is not None:
        what = gettext("works %(from)s-%(until)s") % {"from": clock_time(day.starts), "until": clock_time(day.ends)}
    return f"{date_format(day.day, 'j M Y')}, {day.name}: {what}"
