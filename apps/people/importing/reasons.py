"""Why a row is not taken: kept as a code with its values, and said to each reader in their own language.

A code, once in the tables, stays: a reason of last month must still be readable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SAID = "said"  # a sentence of another room, or of an older Recado, as it was written then

SENTENCES: dict[str, Promise] = {
    # the row as it was read
    "wrong_width": _("This row has %(found)s cells where the header has %(wanted)s: it is cut off, or a separator inside a "
                     "text is not quoted."),
    "long_cell": _("A cell of this row is longer than %(most)s characters."),
    # one cell
    "formula": _("“%(text)s” is a formula: paste its result in its place."),
    "too_long": _("Longer than %(most)s characters."),
    "no_phone": _("“%(text)s” is not a phone number. Write it with the country code, like +55 11 91234-5678."),
    "no_email": _("“%(text)s” is not an e-mail address."),
    "no_time_zone": _("“%(name)s” is not a time zone. Use a name like America/Sao_Paulo or Europe/Lisbon."),
    "no_such_word": _("“%(text)s” is none of: %(words)s."),
    "no_day": _("“%(text)s” is no day that can be read. Write it as day/month/year, like 31/12/2026."),
    "day_too_far": _("The last day is more than two years ahead: is the year right?"),
    "no_calendar": _("There is no working calendar “%(text)s”. Make it first, or mend the name."),
    "no_cost_centre": _("There is no cost centre “%(text)s”. Make it first, or tick that missing ones are created."),
    "long_cost_centre": _("“%(text)s” is too long for the code of a cost centre."),
    "no_team": _("There is no team “%(text)s”. Make it first, or tick that missing ones are created."),
    "long_team": _("“%(text)s” is too long for the name of a team."),
    # the person
    "no_number": _("The employee number is missing: without it nobody can be told apart."),
    "of_others": _("This number belongs to somebody whom you may not change."),
    "eaten_zeros": _("Nobody has this number, but somebody has %(other)s: has a spreadsheet changed the zeros at its beginning? "
                     "Format the column as text."),
    "unknown_leaver": _("The row says that they left, but nobody has this number. Leave the row out."),
    "no_name": _("The name is missing: a new person needs one."),
    "left_by_cell": _("Nobody is marked as left by a cell. Leave the row out and tick that the file lists everybody, or press "
                      "“Mark as left” on their page."),
    "own_departure": _("Nobody leaves by their own import."),
    # among all rows
    "twice": _("The number stands in row %(row)s too."),
    "many_managers": _("Several people have the e-mail “%(text)s”: name the manager by number."),
    "own_manager": _("Nobody is their own manager."),
    "no_manager": _("No employee has the number or e-mail “%(text)s”, here or in the file."),
    "manager_left": _("%(name)s has left: choose another manager."),
    "bad_manager": _("The row of their manager, number %(number)s, has an error itself. Mend that one first."),
    "same_phone": _("Row %(row)s has the same phone: only one person can use a number."),
    "phone_of": _("%(name)s (%(number)s) has this phone. If they left, mark them as left first."),
    "phone_of_somebody": _("Somebody else has this phone."),
    "round": _("Would report to themselves, round by %(number)s."),
    # since the preview
    "written_twice": _("Somebody has just written the same. Import this row again."),
    "number_taken": _("Somebody has got this number since the preview."),
    "gone": _("The person is not here any more."),
    "moved": _("They left or came back since the preview."),
    "changed": _("Changed by somebody since the preview: it was “%(old)s”, now it is “%(now)s”. Nothing of this row was taken; "
                 "look which is right and import it again."),
    "day_over": _("The last day is over since the preview. Import this row again: then they leave at once."),
    "phone_taken": _("Somebody else has got this phone since the preview."),
    "manager_aside": _("The row of their manager, number %(number)s, was set aside or nobody has the number any more."),
    "calendar_gone": _("The working calendar “%(text)s” is gone."),
    "creates_nothing": _("“%(name)s” is gone, and this import creates nothing."),
}  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """`str()` says it in the active language."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return said(self.code, self.values)


class WrongCellError(ValueError):
    """A cell that cannot be taken, with its reason."""

    def __init__(self, code: str, **values: Any) -> None:
        self.reason = Reason(code, values)
        super().__init__(code)

    def __str__(self) -> str:
        return str(self.reason)


def kept(name: str, reason: Reason) -> list[Any]:
    """As a row of an import keeps it."""
    return [name, reason.code, dict(reason.values)]


def read(problem: Sequence[Any]) -> tuple[str, Reason]:
    """The field ("" for the row itself) and the reason, of what a row keeps."""
    name, code, values = problem
    return str(name), Reason(str(code), values)


def said(code: str, values: Mapping[str, Any]) -> str:
    """The sentence in the active language. A code of a newer Recado is shown as it is."""
    if code == SAID:
        return str(values.get("text", ""))
    sentence = SENTENCES.get(code)
    try:
        return str(sentence) % values if sentence is not None else code
    except (KeyError, TypeError, ValueError):  # kept by another version, with other values
        return str(sentence)
