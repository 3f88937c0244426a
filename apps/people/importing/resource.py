"""The columns of an employee as django-import-export knows them: text to value and back, the same both ways.

The value of every column is a text in one spelling only (a phone as +E.164, a manager as their number, teams in order), so
that a file of ours, read again, differs in nothing.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from apps.core import days
from apps.core.errors import InvalidInputError
from apps.journal.tables import plain
from apps.people import planned, services
from apps.people.importing import columns
from apps.people.importing.reasons import WrongCellError
from apps.people.importing.world import World
from apps.people.models import CostCentre, Employee, Team
from apps.people.phones import normalise

SEPARATORS = ";|"
_STATES = {
    "active": ("active", "ativo", "ativa", "activo", "activa", "yes", "sim", "si", "true", "1", "a"),
    "left": ("left", "inactive", "inativo", "inativa", "inactivo", "inactiva", "saiu", "desligado", "desligada", "baja",
             "terminated", "no", "nao", "false", "0", "salio"),
}  # fmt: skip
_LANGUAGES = {
    "en": ("en", "en us", "en gb", "english", "ingles"),
    "pt-br": ("pt br", "pt", "portugues", "portugues brasil", "portuguese", "brazilian portuguese", "portugues do brasil"),
    "es": ("es", "es es", "es mx", "espanol", "spanish", "espanhol", "castellano"),
}  # fmt: skip


class Text(Widget):
    """Checked against the column of the table. `clean` raises WrongCellError with the reason."""

    longest: int = 0

    def __init__(self, longest: int = 0) -> None:
        super().__init__()
        self.longest = longest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").strip()
        if text.startswith("="):
            raise WrongCellError("formula", text=text[:40])
        if self.longest and len(text) > self.longest:
            raise WrongCellError("too_long", most=self.longest)
        return self.checked(text, kwargs["world"]) if text else ""

    def checked(self, text: str, world: World) -> str:
        """The one spelling of a text that is not empty."""
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(value or "")


class Phone(Text):
    def checked(self, text: str, world: World) -> str:
        try:
            return normalise(text)
        except InvalidInputError as error:
            raise WrongCellError("no_phone", text=text[:40]) from error


class Email(Text):
    def checked(self, text: str, world: World) -> str:
        try:
            validate_email(text)
        except ValidationError as error:
            raise WrongCellError("no_email", text=text[:60]) from error
        return text


class TimeZone(Text):
    def checked(self, text: str, world: World) -> str:
        try:
            return services.checked_time_zone(text)
        except InvalidInputError as error:
            raise WrongCellError("no_time_zone", name=text) from error


class Day(Text):
    """As people write it; kept as ISO."""

    def checked(self, text: str, world: World) -> str:
        try:
            day = days.read(text)
        except ValueError as error:
            raise WrongCellError("no_day", text=text[:40]) from error
        if world.now is not None and day > world.now.date() + timedelta(days=planned.MOST_DAYS):
            raise WrongCellError("day_too_far")
        return day.isoformat()


class Word(Text):
    """One of few words, in any of our languages."""

    def __init__(self, words: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._meaning = {plain(name): word for word, names in words.items() for name in (word, *names)}

    def checked(self, text: str, world: World) -> str:
        found = self._meaning.get(plain(text))
        if found is None:
            raise WrongCellError("no_such_word", text=text[:40], words=", ".join(dict.fromkeys(self._meaning.values())))
        return found


class Calendar(Text):
    def checked(self, text: str, world: World) -> str:
        found = world.calendars.get(text.casefold())
        if found is None:
            raise WrongCellError("no_calendar", text=text[:60])
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.name if value else ""


class CentreOfCost(Text):
    """By its code, else by its name."""

    def checked(self, text: str, world: World) -> str:
        found = world.cost_centres.get(text.casefold())
        if found is not None:
            return found
        if not world.creates_missing:
            raise WrongCellError("no_cost_centre", text=text[:60])
        if len(text) > (CostCentre._meta.get_field("code").max_length or 0):
            raise WrongCellError("long_cost_centre", text=text[:60])
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.code if value else ""


class Teams(Text):
    """Several, with a semicolon or a bar between them. A team whose name has such a sign in it is found all the same."""

    def checked(self, text: str, world: World) -> str:
        found: dict[str, str] = {}
        for name in split(text, world):
            known = world.teams.get(name.casefold())
            if known is None and not world.creates_missing:
                raise WrongCellError("no_team", text=name[:60])
            if known is None and len(name) > (Team._meta.get_field("name").max_length or 0):
                raise WrongCellError("long_team", text=name[:60])
            found.setdefault(name.casefold(), known or name)
        return joined(list(found.values()))


class Manager(Text):
    """By number or e-mail; which of the two people and files it is, `checking` finds out."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.number if value else ""


def split(text: str, world: World) -> list[str]:
    """Names out of one cell, the longest known ones first.

    >>> split("Sales; R|D", World(teams={"r|d": "R|D"}))
    ['Sales', 'R|D']
    """
    pieces: list[str] = [""]
    for letter in text:
        pieces.extend([letter, ""]) if letter in SEPARATORS else pieces.append(pieces.pop() + letter)
    names: list[str] = []
    start = 0
    while start < len(pieces):
        ends = range(len(pieces), start + 1, -2) if len(pieces) < 40 else ()
        end = next((end for end in ends if "".join(pieces[start:end]).strip().casefold() in world.teams), start + 1)
        names.append("".join(pieces[start:end]).strip())
        start = end + 1
    return [name for name in names if name]


def joined(names: list[str]) -> str:
    """Teams in one cell, in an order of their own."""
    return "; ".join(sorted(names, key=str.casefold))


def _longest(name: str) -> int:
    return int(Employee._meta.get_field(name).max_length or 0)  # type: ignore[union-attr]


class EmployeeResource(ModelResource):
    """Expects employees of `queries.for_export`: managers, teams, cost centres and calendars at hand."""

    number = Field("number", "number", Text(_longest("number")))
    name = Field("name", "name", Text(_longest("name")))
    phone = Field("phone", "phone", Phone())
    email = Field("email", "email", Email(_longest("email")))
    position = Field("position", "position", Text(_longest("position")))
    cost_centre = Field("cost_centre", "cost_centre", CentreOfCost())
    manager = Field("manager", "manager", Manager())
    teams = Field(None, "teams", Teams())
    language = Field("language", "language", Word(_LANGUAGES))
    time_zone = Field("time_zone", "time_zone", TimeZone(_longest("time_zone")))
    calendar = Field("calendar", "calendar", Calendar())
    state = Field("state", "state", Word(_STATES))
    last_day = Field(None, "last_day", Day())

    class Meta:
        model = Employee
        fields = columns.KEYS
        import_order = export_order = columns.KEYS

    def dehydrate_teams(self, employee: Any) -> str:
        return joined([membership.team.name for membership in employee.present_memberships])

    def dehydrate_last_day(self, employee: Any) -> str:
        """Planned, or past for whoever has left."""
        day = employee.left_on if not employee.is_active else next((row.on for row in employee.planned_leavings), None)
        return day.isoformat() if day else ""


RESOURCE = EmployeeResource()


def texts(employee: Employee) -> dict[str, str]:
    """An employee as the export writes them, by field."""
    return dict(zip(columns.KEYS, RESOURCE.export_resource(employee), strict=True))


def value(key: str, text: str, world: World) -> str:
    """The one spelling of a cell. Raises WrongCellError with the reason."""
    return str(RESOURCE.fields[key].clean({key: text}, world=world) or "")


def headers() -> list[str]:
    """The header of our files in the active language."""
    language = translation.get_language() or "en"
    return [columns.header(key, language) for key in columns.KEYS]


def lines(employees: Any) -> Iterator[list[str]]:
    """One list of cells per employee, read a page at a time."""
    for employee in employees.iterator(chunk_size=500):
        yield RESOURCE.export_resource(employee)
