"""A calendar day as people write it: 2026-12-31, 31/12/2026, 31.12.26, 31-12-2026. Pure."""

import re
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_LOCAL = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{2}|\d{4})", re.ASCII)


class NoSuchDayError(ValueError):
    """Written like a day, but the calendar has none, like 31/02/2026."""


def read(text: str) -> date:
    """The day; the day of the month comes before the month. Raises NoSuchDayError, and ValueError for no day at all.

    >>> read("31/12/26")
    datetime.date(2026, 12, 31)
    """
    spelled = text.strip()
    iso, local = _ISO.fullmatch(spelled), _LOCAL.fullmatch(spelled)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if local:
            return date(int(local[3]) + (2000 if len(local[3]) == 2 else 0), int(local[2]), int(local[1]))
    except ValueError as error:
        raise NoSuchDayError(spelled) from error
    raise ValueError(spelled)
