"""When people work: calendars, their weekly hours, holidays and special days. What follows from them is in `hours`."""

from django.db import models
from django.db.models import F, Q
from django.utils import dates
from django.utils.translation import gettext_lazy as _


class WorkCalendar(models.Model):
    """Hours, days off and quiet hours that many employees share. Whoever has none of their own has the default one."""

    name = models.CharField(
        _("name"),
        max_length=80,
        unique=True,
        help_text=_("As people know it, like “Office São Paulo”."),
    )
    is_default = models.BooleanField(
        _("for everybody else"), default=False,
        help_text=_("Holds for every employee who has no calendar of their own."),
    )  # fmt: skip
    country = models.CharField(_("holidays of the country"), max_length=2, blank=True)
    region = models.CharField(_("and of the region"), max_length=60, blank=True)
    filled_through = models.PositiveSmallIntegerField(
        _("holidays are in through"), null=True, blank=True, editable=False
    )
    quiet_from = models.TimeField(
        _("quiet from"), null=True, blank=True,
        help_text=_("Nothing but urgent messages and answers goes out in quiet hours, in each person’s own time zone."),
    )  # fmt: skip
    quiet_until = models.TimeField(
        _("quiet until"),
        null=True,
        blank=True,
        help_text=_("In the morning, for example 7:00. Enter both times, or neither."),
    )

    class Meta:
        verbose_name = _("working calendar")
        verbose_name_plural = _("working calendars")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True),
                                    name="calendars_one_default",
                                    violation_error_message=_("Another calendar holds for everybody else already.")),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="calendars_quiet_both",
                violation_error_message=_("Quiet hours need two different times, or none."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class WorkHours(models.Model):
    """One span of work on one weekday. A calendar without any works every day, round the clock."""

    Weekday = [(number, dates.WEEKDAYS[number]) for number in range(7)]

    calendar = models.ForeignKey(
        WorkCalendar, on_delete=models.CASCADE, related_name="hours", verbose_name=_("calendar")
    )
    weekday = models.PositiveSmallIntegerField(
        _("day"),
        choices=Weekday,
        help_text=_("A weekday without a row is free."),
    )
    starts = models.TimeField(
        _("from"),
        help_text=_("When work begins, like 8:00. A second row makes a second span, after lunch."),
    )
    ends = models.TimeField(_("until"), help_text=_("Not after the start: the next day, like 22:00 to 6:00."))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "starts"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "weekday", "starts"], name="calendars_span_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="calendars_weekday"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Holiday(models.Model):
    """A day unlike its weekday: off, or worked although it would be off."""

    calendar = models.ForeignKey(
        WorkCalendar, on_delete=models.CASCADE, related_name="holidays", verbose_name=_("calendar")
    )
    day = models.DateField(
        _("day"),
        help_text=_("The date on which this calendar differs."),
    )
    name = models.CharField(
        _("name"),
        max_length=150,
        help_text=_("What it is, like “Founders’ day”."),
    )
    is_working = models.BooleanField(
        _("works anyway"),
        default=False,
        help_text=_("People work on this day although it would be free."),
    )
    starts = models.TimeField(
        _("from"), null=True, blank=True, help_text=_("Only for a day that is worked. Empty: the hours of the weekday.")
    )
    ends = models.TimeField(
        _("until"),
        null=True,
        blank=True,
        help_text=_("Both times or neither."),
    )
    is_public = models.BooleanField(_("public holiday"), default=False, editable=False)

    class Meta:
        verbose_name = _("holiday or special day")
        verbose_name_plural = _("holidays and special days")
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="calendars_day_once"),
            models.CheckConstraint(
                condition=Q(starts=None, ends=None) | Q(is_working=True, starts__isnull=False, ends__isnull=False),
                name="calendars_hours_of_working_days",
                violation_error_message=_("Hours belong to a day that is worked, and both of them."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}"
