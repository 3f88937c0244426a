"""Lists that cost the same with a million rows: pages by key instead of by number, counts bounded or estimated."""

import math
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.templatetags import unfold_list
from unfold.views import ChangeList

AFTER, BEFORE, FIRST = "after", "before", 1
EXACT = {"postgresql": 1_000, "sqlite": 10_000}
"""Up to how many rows a list is counted one by one, by database: SQLite keeps no estimate to fall back on."""


class BoundedPaginator(Paginator):
    """Counts at most `EXACT` rows; `is_more` says that there are more than `count`."""

    template_name = "journal/pagination.html"

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self._most + 1].count())

    @property
    def _most(self) -> int:
        rows: Any = self.object_list
        return EXACT[connections[rows.db].vendor]

    @cached_property
    def count(self) -> int:
        return min(self._found, self._most)

    @property
    def is_more(self) -> bool:
        return self._found > self._most

    def about(self) -> int | None:
        """PostgreSQL's own estimate of the whole table; None where rows are filtered, or where nobody knows."""
        rows: Any = self.object_list
        if connections[rows.db].vendor != "postgresql" or rows.query.where or rows.query.combinator:
            return None
        with connections[rows.db].cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [f'"{rows.model._meta.db_table}"']
            )
            found = cursor.fetchone()
        return int(found[0]) if found and found[0] > self._most else None


class KeysetChangeList(ChangeList):
    """A list whose pages start behind a row (`?after=<its key>`), so that the hundredth costs what the first does.

    Pages by number remain where rows are sorted by what cannot be compared to a key: another table's column, a calculated
    one, one that may be empty. A link to a page whose first row is gone shows the first page.

    An admin's `list_only` names the columns that its list reads, for rows that carry far more than that.
    """

    paginator: BoundedPaginator
    page_num: int
    shown_rows: QuerySet[Any]
    headers: list[dict[str, Any]] | None = None
    previous_link = next_link = ""
    cut_said = ""
    """Why the last page is the last although there are more rows."""
    empty_step: tuple[Any, str] | None = None
    """Words and address of the button on an empty page."""

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        asked = (tuple((new_params or {}).items()), tuple(remove or ()))
        try:
            found = self._links.get(asked)
        except TypeError:  # a filter that wants several values at once brings them as a list
            return self._query_string(new_params, remove)
        if found is None:
            found = self._links[asked] = self._query_string(new_params, remove)
        return found

    @cached_property
    def _links(self) -> dict[Any, str]:
        """The theme works out the links of the header once more for every row: a thousand times per page."""
        return {}

    def _query_string(self, new_params: Any, remove: Any) -> str:
        # Where we stand belongs into no link of the page: a filter or another order starts again at the first row.
        for name in (AFTER, BEFORE):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        return str(super().get_query_string(new_params, remove))

    @cached_property
    def _ordering_columns(self) -> Any:
        return super().get_ordering_field_columns()

    def get_ordering_field_columns(self) -> Any:
        return self._ordering_columns

    def get_queryset(self, request: HttpRequest, exclude_parameters: Sequence[str] | None = None) -> QuerySet[Any]:
        for name in (AFTER, BEFORE):
            self.filter_params.pop(name, None)  # no column of the rows
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = BoundedPaginator(self.queryset, self.list_per_page)
        self.result_count = self.full_result_count = self.paginator.count
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True
        columns = getattr(self.model_admin, "list_only", ())
        self.shown_rows = self.queryset.only(*columns) if columns else self.queryset
        keys = self._keys(request)
        self.result_list = self._by_number() if keys is None else self._by_key(request, keys)
        self.empty_step = None if self.result_list else self.model_admin.empty_step(request)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter hides rows: an empty page then says nothing about the house."""
        return bool(self.query or self.get_filters_params())

    @cached_property
    def count_said(self) -> str:
        """How many rows there are, in words: exact while that is cheap."""
        count = self.paginator.count
        if not self.paginator.is_more:
            return f"{number_format(count, force_grouping=True)} {self._noun(count)}"
        about = self.paginator.about()
        if about is not None:
            return _("about %(count)s %(rows)s") % {"count": rounded(about), "rows": self._noun(about)}
        return _("more than %(count)s %(rows)s") % {
            "count": number_format(count, force_grouping=True), "rows": self._noun(count)}  # fmt: skip

    @property
    def has_rows_elsewhere(self) -> bool:
        """Whether "all" are more than those on this page."""
        return self.paginator.is_more or self.paginator.count != len(self.result_list)

    @property
    def choose_all_said(self) -> str:
        """What the link says that chooses every row of the filter. An action then takes all, however many were counted."""
        if self.paginator.is_more:
            return _("Select all, %(rows)s") % {"rows": self.count_said}
        return _("Select all %(rows)s") % {"rows": self.count_said}

    @property
    def all_chosen_said(self) -> str:
        """Beside it, once they are chosen."""
        if self.paginator.is_more:
            return _("All selected, %(rows)s") % {"rows": self.count_said}
        return _("All %(rows)s selected") % {"rows": self.count_said}

    def _noun(self, count: int) -> Any:
        return self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural

    def _keys(self, request: HttpRequest) -> list[tuple[str, bool]] | None:
        """The columns that order the rows and whether each falls; None where they cannot be compared to a row's."""
        keys = []
        for one in self.get_ordering(request, self.queryset):
            if not isinstance(one, str):
                return None
            name = one.lstrip("-")
            try:
                field: Any = self.lookup_opts.pk if name == "pk" else self.lookup_opts.get_field(name)
            except FieldDoesNotExist:
                return None
            if not field.concrete or field.null or field.is_relation:
                return None
            keys.append((field.attname, one.startswith("-")))
            if field.unique:
                return keys
        return None

    def _by_key(self, request: HttpRequest, keys: list[tuple[str, bool]]) -> list[Any]:
        is_back = BEFORE in request.GET
        here = self._place(request.GET.get(BEFORE if is_back else AFTER, ""), keys)
        is_back = is_back and here is not None
        rows = self.shown_rows
        if is_back:
            rows = rows.order_by(*(name if falls else f"-{name}" for name, falls in keys))
        if here is not None:
            rows = rows.filter(beyond(keys, here, is_back=is_back))
        found = list(rows[: self.list_per_page + 1])
        has_more, found = len(found) > self.list_per_page, found[: self.list_per_page]
        if is_back:
            found.reverse()
        if found and (has_more if is_back else here is not None):
            self.previous_link = self.get_query_string({BEFORE: found[0].pk})
        if found and (has_more or is_back):
            self.next_link = self.get_query_string({AFTER: found[-1].pk})
        return found

    def _place(self, key: str, keys: list[tuple[str, bool]]) -> tuple[Any, ...] | None:
        """The values that a page starts behind, of a row that this person may see."""
        if not key:
            return None
        try:
            return self.root_queryset.order_by().filter(pk=key).values_list(*(name for name, _falls in keys)).first()
        except (ValueError, ValidationError, OverflowError):
            return None

    def _by_number(self) -> list[Any]:
        last = math.ceil(EXACT["sqlite"] / self.list_per_page)
        page = min(max(self.page_num, FIRST), last)
        start = (page - FIRST) * self.list_per_page
        found = list(self.shown_rows[start : start + self.list_per_page + 1])
        self.page_num = page
        if page > FIRST:
            self.previous_link = self.get_query_string({"p": page - 1})
        if len(found) > self.list_per_page and page < last:
            self.next_link = self.get_query_string({"p": page + 1})
        elif len(found) > self.list_per_page:
            self.cut_said = _("Sorted like this, a list shows its first %(count)s rows. Search or filter it to see others.") % {
                "count": number_format(last * self.list_per_page, force_grouping=True)}  # fmt: skip
        return found[: self.list_per_page]


_headers_of_the_theme = unfold_list.result_headers


def headers_once(changelist: ChangeList) -> Any:
    """The theme's own headers, worked out once per page: it asks for all of them, with their links, anew for every row."""
    if not isinstance(changelist, KeysetChangeList):
        return _headers_of_the_theme(changelist)
    if changelist.headers is None:
        changelist.headers = list(_headers_of_the_theme(changelist))
    return changelist.headers


unfold_list.result_headers = headers_once


def beyond(keys: list[tuple[str, bool]], here: tuple[Any, ...], *, is_back: bool) -> Q:
    """What stands after (or before) the row with the values `here`."""
    sides = [(name, "lt" if falls != is_back else "gt", value) for (name, falls), value in zip(keys, here, strict=True)]
    found, same = Q(), Q()
    for name, side, value in sides:
        found |= same & Q(**{f"{name}__{side}": value})
        same &= Q(**{name: value})
    name, side, value = sides[0]
    # Said once more on its own, so that a database starts in its index there instead of reading the OR row by row.
    return found if len(keys) == 1 else Q(**{f"{name}__{side}e": value}) & found


def rounded(count: int) -> str:
    """A number as one says it when nobody has counted: two digits that mean something.

    >>> rounded(1_234_567), rounded(48_760)
    ('1.2 million', '49,000')
    """
    if count >= 1_000_000:
        return _("%(count)s million") % {"count": number_format(round(count / 1_000_000, 1), 1)}
    step = 10 ** (len(str(count)) - 2)
    return str(number_format(round(count / step) * step, force_grouping=True))
