"""A filter that several rooms share."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.people import queries
from apps.people.models import Employee


class TodayFilter(admin.SimpleListFilter):
    """`when=today`, by the reader's own calendar on the day it is opened: an address or a saved view stays true tomorrow.

    The home counts with what `rows_of` asks, so that its figure is that of this list.
    """

    title = _("when")
    parameter_name = "when"
    words: str | Promise = ""

    def rows_of(self, rows: QuerySet[Any], reader: Employee | None) -> QuerySet[Any]:
        """Those of `rows` that are of today."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("today", self.words)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.rows_of(queryset, queries.employee_of(request.user)) if self.value() == "today" else queryset
