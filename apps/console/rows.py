"""Saved views; and rows of rooms that declare nothing themselves: timers, and the schedules of django-celery-beat."""

from django.utils.translation import gettext_lazy as _

from apps.console import queries
from apps.core.scope import declare

declare("timers.timer", words=_("all"))
declare("django_celery_beat.periodictask", "django_celery_beat.intervalschedule", "django_celery_beat.crontabschedule",
        "django_celery_beat.solarschedule", "django_celery_beat.clockedschedule", words=_("all"))  # fmt: skip
declare("console.savedview", words=_("one’s own, and those shared with everybody; each shows the reader’s own rows"),
        rows=queries.visible_views)  # fmt: skip
