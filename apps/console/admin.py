"""Screens of rooms that must not know the desk themselves: timers, and the schedules of django-celery-beat."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from apps.journal.capture import ReadOnlyAdmin
from apps.timers.models import Timer


@admin.register(Timer)
class TimerAdmin(ReadOnlyAdmin):
    empty_says = _("What has to happen at a certain moment, such as a reminder, waits here. Nothing is planned.")
    list_display = ("due_at", "handler", "key", "state", "attempts", "error")
    list_filter = ("state", "handler")
    search_fields = ("=pk",)
    search_recent = ("handler", "key")


for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ReadOnlyAdmin):
    """Shown, not edited: the schedule belongs to the code until reminders bring their own rows."""

    empty_says = _("What Recado does again and again by itself stands here. The rows come when its beat starts.")
    empty_next = (_("See whether it runs"), "admin:health_pulse_changelist", "health.view_pulse")
    list_display = ("name", "task", "interval", "crontab", "enabled", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab")
    list_filter = ("enabled",)
    search_fields = ("name", "task")
