"""A file of days off and days worked: its columns, and what each row would do to a calendar. Pure.

The first name in each language heads our own files; the others are only understood.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core import days
from apps.journal.tables import Row, plain

HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    "day": {"en": ("Date", "day", "holiday date"), "pt-br": ("Data", "dia"), "es": ("Fecha", "día")},
    "name": {
        "en": ("Name", "holiday", "description", "title", "reason"),
        "pt-br": ("Nome", "feriado", "descrição", "motivo"),
        "es": ("Nombre", "festivo", "feriado", "descripción", "motivo"),
    },
    "place": {
        "en": ("Calendar or region", "calendar", "region", "state", "place", "location"),
        "pt-br": ("Calendário ou região", "calendário", "região", "estado", "uf", "local"),
        "es": ("Calendario o región", "calendario", "región", "comunidad", "provincia", "lugar"),
    },
    "kind": {
        "en": ("Day off or worked", "kind", "type", "what"),
        "pt-br": ("Folga ou trabalho", "tipo", "o que é"),
        "es": ("Libre o laborable", "tipo", "qué es"),
    },
    "starts": {"en": ("From", "start", "starts"), "pt-br": ("De", "início", "das"), "es": ("Desde", "inicio")},
    "ends": {"en": ("Until", "to", "end", "ends"), "pt-br": ("Até", "fim", "às"), "es": ("Hasta", "fin")},
}  # fmt: skip
KEYS = tuple(HEADERS)
OFF, WORKED, HALF = "off", "worked", "half"
_KINDS = {
    OFF: ("Day off", "off", "holiday", "free", "closed", "Folga", "feriado", "livre", "fechado", "Día libre", "festivo", "libre",
          "cerrado", "inhábil"),
    WORKED: ("Working day", "worked", "works anyway", "work", "open", "Dia de trabalho", "trabalho", "útil", "dia útil", "Día laborable",
             "laborable", "trabajo", "hábil"),
    HALF: ("Half day", "half", "half day off", "Meio dia", "meio expediente", "meio período", "Medio día", "media jornada"),
}  # fmt: skip
SHOWN_KINDS = {
    "en": ("Day off", "Working day"),
    "pt-br": ("Folga", "Dia de trabalho"),
    "es": ("Día libre", "Día laborable"),
}
_MEANT = {plain(word): kind for kind, words in _KINDS.items() for word in words}
_COLUMNS: dict[str, str] = {}
for _key, _languages in HEADERS.items():
    for _name in (name for names in _languages.values() for name in names):
        _COLUMNS.setdefault(plain(_name), _key)

_TIME = re.compile(r"(\d{1,2})(?:[:.hH](\d{2})?(?::\d{2})?)", re.ASCII)
LONGEST_NAME = 150
YEARS = range(1900, 2201)

REASONS: dict[str, Promise] = {
    "wrong_width": _("This row has %(found)s cells where the header has %(wanted)s: it is cut off, or a separator inside a "
                     "text is not quoted."),
    "long_cell": _("A cell of this row is longer than %(most)s characters."),
    "no_day": _("“%(text)s” is no day that can be read. Write it as day/month/year, like 31/12/2026."),
    "missing_day": _("The date is missing."),
    "missing_name": _("The name is missing: say why the day is unlike others."),
    "long_name": _("Longer than %(most)s characters."),
    "formula": _("“%(text)s” is a formula: paste its result in its place."),
    "no_kind": _("“%(text)s” is neither a day off nor a working day nor a half day."),
    "no_time": _("“%(text)s” is not a time. Write it like 9:00 or 13:30."),
    "one_time": _("Write both times, or none."),
    "times_off": _("A day off has no hours: call it a working day, or leave the times out."),
    "half_of_what": _("This weekday has no hours here: write from when until when they work."),
    "no_place": _("There is no calendar and no region “%(text)s”."),
    "twice": _("The day stands in row %(row)s too."),
}  # fmt: skip


@dataclass(frozen=True)
class Day:
    """One day as a calendar keeps it."""

    day: date
    name: str
    is_working: bool = False
    starts: time | None = None
    ends: time | None = None


@dataclass(frozen=True)
class Place:
    """The calendar that is filled. `own` are the names and regions it goes by, `others` those of other calendars, folded;
    `hours` its spans by weekday."""

    own: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    hours: Mapping[int, Sequence[tuple[time, time]]] = field(default_factory=dict)


@dataclass
class Line:
    """One row of the file. `kind`: new, changed (from `before`), unchanged, elsewhere (another calendar's) or bad."""

    number: int
    kind: str = "bad"
    day: Day | None = None
    before: Day | None = None
    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why it is not taken, in the reader's language."""
        return str(REASONS[self.code]) % self.values if self.code else ""


class _WrongError(ValueError):
    def __init__(self, code: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(code)


def guess(headers: Sequence[str]) -> list[str]:
    """For each header the column that it means, or ""; no column twice."""
    found: list[str] = []
    for header in headers:
        key = _COLUMNS.get(plain(header), "")
        found.append("" if key in found else key)
    return found


def header(key: str, language: str) -> str:
    return (HEADERS[key].get(language) or HEADERS[key]["en"])[0]


def check(rows: Iterable[Row], columns: Sequence[str], place: Place, present: Mapping[date, Day]) -> list[Line]:
    """What each row would do, in the order of the file."""
    lines: list[Line] = []
    first: dict[date, int] = {}
    for row in rows:
        line = Line(row.number)
        lines.append(line)
        try:
            if row.problem:
                raise _WrongError(row.problem, **row.values)
            cells = {key: cell for key, cell in zip(columns, row.cells, strict=True) if key}
            if _is_elsewhere(cells.get("place", ""), place):
                line.kind = "elsewhere"
                continue
            line.day = _read(cells, place)
            if line.day.day in first:
                raise _WrongError("twice", row=first[line.day.day])
        except _WrongError as error:
            line.code, line.values = error.code, error.values
            continue
        first[line.day.day] = row.number
        line.before = present.get(line.day.day)
        line.kind = "new" if line.before is None else "unchanged" if line.before == line.day else "changed"
    return lines


def counts(lines: Iterable[Line]) -> dict[str, int]:
    found = Counter(line.kind for line in lines)
    return {kind: found.get(kind, 0) for kind in ("new", "changed", "unchanged", "elsewhere", "bad")}


def folded(name: str) -> str:
    """The name of a calendar or region as `Place` knows it. One in a script that `plain` leaves nothing of stays itself.

    >>> folded(" São Paulo"), folded(" 東京 ")
    ('sao paulo', '東京')
    """
    return plain(name) or " ".join(name.casefold().split())


def _is_elsewhere(text: str, place: Place) -> bool:
    named = folded(text)
    if not named or named in place.own:
        return False
    if named in place.others:
        return True
    raise _WrongError("no_place", text=text[:60])


def _read(cells: Mapping[str, str], place: Place) -> Day:
    day, name = _day(cells.get("day", "")), cells.get("name", "")
    if not name:
        raise _WrongError("missing_name")
    if name.startswith("="):
        raise _WrongError("formula", text=name[:40])
    if len(name) > LONGEST_NAME:
        raise _WrongError("long_name", most=LONGEST_NAME)
    starts, ends = _time(cells.get("starts", "")), _time(cells.get("ends", ""))
    if (starts is None) != (ends is None):
        raise _WrongError("one_time")
    text = cells.get("kind", "")
    kind = _MEANT.get(plain(text)) if text else (WORKED if starts else OFF)
    if kind is None:
        raise _WrongError("no_kind", text=text[:40])
    if kind == OFF and starts is not None:
        raise _WrongError("times_off")
    if kind == HALF and starts is None:
        starts, ends = _half(day, place)
    return Day(day, name, kind != OFF, starts, ends)


def _day(text: str) -> date:
    if not text:
        raise _WrongError("missing_day")
    try:
        day = days.read(text)
    except ValueError:
        raise _WrongError("no_day", text=text[:40]) from None
    if day.year not in YEARS:
        raise _WrongError("no_day", text=text[:40])
    return day


def _time(text: str) -> time | None:
    if not text:
        return None
    found = _TIME.fullmatch(text.strip())
    if found and int(found[1]) < 24 and int(found[2] or 0) < 60:
        return time(int(found[1]), int(found[2] or 0))
    raise _WrongError("no_time", text=text[:40])


def _half(day: date, place: Place) -> tuple[time, time]:
    """The first span of a day with a break, else the first half of its hours."""
    spans = place.hours.get(day.weekday(), ())
    if not spans:
        raise _WrongError("half_of_what")
    starts, ends = spans[0]
    if len(spans) > 1:
        return starts, ends
    begin, end = datetime.combine(day, starts), datetime.combine(day, ends)
    end += timedelta(days=1) if end <= begin else timedelta()
    return starts, (begin + (end - begin) / 2).time().replace(second=0, microsecond=0)
