"""What makes a form fit to be asked. Pure: looks at a schema, says what is wrong in plain words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from apps.forms import conditions, faces
from apps.forms.schema import FILE_KINDS, NUMBER_KINDS, FieldSpec, Schema

MOST_CHOICES = 100
LONGEST_QUESTION = 700  # a prompt's body holds 1024 characters; hints, reasons and a greeting share it


@dataclass(frozen=True)
class Problem:
    """`field` is the key of the field to mend; empty for the form as a whole."""

    field: str
    sentence: str


def problems(schema: Schema) -> list[Problem]:
    """Everything that would make this form fail while somebody fills it in; empty: it may be used."""
    found: list[Problem] = []
    if not schema.fields:
        found.append(Problem("", _("A form needs at least one question.")))
    earlier: dict[str, FieldSpec] = {}
    for field in schema:
        sentences = [
            *_key(field, earlier),
            *_question(field),
            *_choices(field),
            *_limits(field),
            *_condition(field, earlier, schema),
        ]
        found.extend(Problem(field.key, sentence) for sentence in sentences)
        obstacles = [faces.obstacle(field, face) for face in faces.Face]
        if all(obstacles):
            found.append(Problem(field.key, obstacles[0]))
        earlier[field.key] = field
    return found


def _key(field: FieldSpec, earlier: dict[str, FieldSpec]) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", field.key):
        yield _("“%(field)s” cannot be a key: letters, digits, hyphens and underscores only.") % {"field": field.key}
    if field.key in earlier:
        yield _("Two fields are called “%(field)s”.") % {"field": field.key}


def _question(field: FieldSpec) -> Iterator[str]:
    if not any(text.strip() for text in field.question.values()):
        yield _("“%(field)s” has no question in any language.") % {"field": field.key}
    if any(len(text) > LONGEST_QUESTION for text in field.question.values()):
        yield _("The question of “%(field)s” is too long for one message: at most %(max)s characters.") % {
            "field": field.key, "max": LONGEST_QUESTION,
        }  # fmt: skip


def _choices(field: FieldSpec) -> Iterator[str]:
    if field.kind != "choice":
        return
    keys = [option.key for option in field.choices]
    if not keys:
        yield _("“%(field)s” is a choice without any options.") % {"field": field.key}
    if len(keys) != len(set(keys)):
        yield _("“%(field)s” has two options with the same key.") % {"field": field.key}
    if len(keys) > MOST_CHOICES:
        yield _("“%(field)s” has too many options: at most %(max)s.") % {"field": field.key, "max": MOST_CHOICES}
    if any(not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) for key in keys):
        yield _("An option of “%(field)s” has a key with other than letters, digits, hyphens and underscores.") % {
            "field": field.key
        }
    if any(not any(label.strip() for label in option.label.values()) for option in field.choices):
        yield _("An option of “%(field)s” has no label.") % {"field": field.key}


def _limits(field: FieldSpec) -> Iterator[str]:
    low, high = field.limits.get("min"), field.limits.get("max")
    if field.kind == "money" and not re.fullmatch(r"[A-Z]{3}", field.currency):
        yield _("“%(field)s” needs a currency of three letters, like BRL.") % {"field": field.key}
    if field.kind in NUMBER_KINDS:
        yield from _range(field, _number(low), _number(high), low, high)
    if field.kind == "date":
        yield from _range(field, _date(low), _date(high), low, high)
    for name, most in (("max_length", 4000), ("max_files", 30)):
        value = field.limits.get(name)
        if value not in (None, "") and not (isinstance(value, int) and 1 <= value <= most):
            yield _("“%(field)s”: %(limit)s must be a whole number from 1 to %(max)s.") % {
                "field": field.key, "limit": name, "max": most,
            }  # fmt: skip


def _range(field: FieldSpec, first: Any, last: Any, low: Any, high: Any) -> Iterator[str]:
    if (low not in (None, "") and first is None) or (high not in (None, "") and last is None):
        yield _("“%(field)s” has a smallest or largest value that cannot be read.") % {"field": field.key}
    elif first is not None and last is not None and first > last:
        yield _("“%(field)s”: the smallest value is larger than the largest.") % {"field": field.key}


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(value: Any) -> date | None:
    """ "today" moves with the calendar, so nothing can be said against it here."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return date.min if str(value) == "today" else None


def _condition(field: FieldSpec, earlier: dict[str, FieldSpec], schema: Schema) -> Iterator[str]:
    if not field.condition:
        return
    names = {"field": field.key, "other": str(field.condition.get("field", ""))}
    other = earlier.get(names["other"])
    if other is None:
        if schema.field(names["other"]) is None:
            yield _("“%(field)s” depends on “%(other)s”, which is not a field of this form.") % names
        else:
            yield _("“%(field)s” depends on “%(other)s”, which is asked only later. Move it up.") % names
        return
    op, value = field.condition.get("op"), field.condition.get("value")
    if op not in conditions.OPS:
        yield _("“%(field)s” compares “%(other)s” in an unknown way.") % names
    elif other.kind in FILE_KINDS | {"location"}:
        yield _("“%(field)s” cannot depend on “%(other)s”: files and places cannot be compared.") % names
    elif op in conditions.ORDERED and other.kind not in NUMBER_KINDS | {"date"}:
        yield _("“%(field)s”: “%(other)s” has no more and no less, only equal or not.") % names
    elif other.kind == "choice" and other.option(value) is None:
        yield _("“%(field)s” waits for an option of “%(other)s” that does not exist.") % names
    elif other.kind in NUMBER_KINDS and _number(value) is None:
        yield _("“%(field)s” compares “%(other)s” with something that is not a number.") % names
