"""The query of a list: which of its parts the list knows, in one spelling. What it does not know is never kept."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import EmptyResultSet, ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from apps.console.models import LONGEST_QUERY
from apps.core.errors import InvalidInputError
from apps.journal.paging import AFTER, BEFORE
from apps.journal.searching import LONGEST

MOST_PARTS = 30
PLACE = {AFTER, BEFORE, PAGE_VAR, ERROR_FLAG, *IGNORED_PARAMS} - {ORDER_VAR, SEARCH_VAR}
"""Where one stands in a list and how it is drawn: no part of a view."""
Parts = list[tuple[str, str]]


def spelled(parts: Iterable[tuple[str, str]]) -> str:
    """The query in one spelling, whatever the order of its parts."""
    return urlencode(sorted(parts))


def parts_of(query: str) -> Parts:
    """The parts of an address behind “?”. Raises InvalidInputError for what no list would make."""
    if len(query) > 4 * LONGEST_QUERY:
        raise InvalidInputError(_("This search is too long to be saved. Shorten it."))
    try:
        found = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARTS, errors="strict")
    except ValueError as error:
        raise InvalidInputError(_("This is no search of a list. Search, filter or sort it, then save it.")) from error
    return [(name, value) for name, value in found if value and name not in PLACE]


def known_parts(request: HttpRequest, screen: Any, parts: Parts) -> tuple[Parts, list[str]]:
    """What the list knows of a query, and the names of what it does not: a filter that is gone, a value nobody can mean."""
    kept: Parts = []
    dropped: list[str] = []
    for name in dict.fromkeys(name for name, _value in parts):
        mine = [part for part in parts if part[0] == name]
        if _is_known(request, screen, name, mine):
            kept += mine
        else:
            dropped.append(name)
    return kept, dropped


def _is_known(request: HttpRequest, screen: Any, name: str, parts: Parts) -> bool:
    if name == SEARCH_VAR:
        return bool(screen.get_search_fields(request)) and all(_is_plain(value) for _name, value in parts)
    if name == ORDER_VAR:
        columns = len(screen.get_list_display(request)) + 1
        numbers = [one.lstrip("-") for _name, value in parts for one in value.split(".")]
        return all(one.isascii() and one.isdigit() and len(one) < 4 and int(one) < columns for one in numbers)
    return _filters(request, screen, name, parts)


def _is_plain(value: str) -> bool:
    return len(value) <= LONGEST and value.isprintable()


def _filters(request: HttpRequest, screen: Any, name: str, parts: Parts) -> bool:
    """Whether the list filters by it: asked of the list itself, which reads no rows for it."""
    trial = QueryDict(urlencode(parts))
    before, request.GET = request.GET, trial
    try:
        changelist = _changelist(request, screen)
        rows = changelist.queryset
        rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        pass  # a filter that finds nothing today
    except (IncorrectLookupParameters, SuspiciousOperation, ImproperlyConfigured, ValueError, OverflowError):
        return False
    finally:
        request.GET = before
    # Django would take any lookup on a column of the list, a regular expression, too: only its own filters are kept.
    return any(name in spec.expected_parameters() for spec in changelist.filter_specs)


def _changelist(request: HttpRequest, screen: Any) -> Any:
    base = screen.get_changelist(request)

    class Trial(base):  # type: ignore[misc,valid-type]
        def get_results(self, request: HttpRequest) -> None:
            """No rows are wanted."""

    display = screen.get_list_display(request)
    return Trial(
        request, screen.model, display, screen.get_list_display_links(request, display), screen.get_list_filter(request),
        screen.date_hierarchy, screen.get_search_fields(request), screen.get_list_select_related(request),
        screen.list_per_page, screen.list_max_show_all, (), screen, screen.get_sortable_by(request), screen.search_help_text,
    )  # fmt: skip
