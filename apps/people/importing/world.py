"""What a check must know of the company. Plain data: `planning` reads it from the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Known:
    """One employee. `values` are the texts of our export, by field."""

    number: str
    name: str
    is_active: bool
    values: Mapping[str, str]
    is_visible: bool = True


@dataclass
class World:
    """Names are looked up without case; `people` by employee number, exactly."""

    people: Mapping[str, Known] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    cost_centres: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    creates_missing: bool = False
    is_clearing: bool = False
    now: datetime | None = None
    time_zone: str = ""  # of new people whose row names none
    importer: str = ""  # the employee number of whoever imports, who cannot leave by their own import
