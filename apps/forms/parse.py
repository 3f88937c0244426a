"""From what a person typed, tapped or sent to the answer that is kept; and the check of an answer that is kept already.

No tables. Every refusal is an InvalidInputError with one sentence in the active language that says what would do.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock, days
from apps.core.errors import InvalidInputError
from apps.core.masking import masked
from apps.forms import numbers, show
from apps.forms.schema import FieldSpec, Schema

TODAY = frozenset({"today", "hoje", "hoy"})
YESTERDAY = frozenset({"yesterday", "ontem", "ayer"})
YES = frozenset({"yes", "y", "sim", "s", "si"})
NO = frozenset({"no", "n", "nao"})
LARGEST = Decimal(10) ** 12  # what a column of 14 digits with two decimals holds
# A shared map link carries the place as @lat,long or q=lat,long.
COORDINATES = re.compile(r"(?:^|[@=/\s])(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)(?:$|[,&\s])")


def answer(field: FieldSpec, raw: Any, language: str, *, today: date | None = None) -> Any:
    """The canonical answer (shapes in `schema`) to `field`.

    `raw` is text; a mapping for a location; a list of File ids for photos and documents; an option's key or label for a
    choice. `today` is the person's own day. Raises InvalidInputError in `language`.
    """
    with translation.override(language):
        read = _READERS[field.kind]
        value = read(field, raw, language, today or clock.now().date())
        return check(field, value, today=today)


def check(field: FieldSpec, value: Any, *, today: date | None = None) -> Any:
    """A canonical answer held against the field's limits, in the active language. None passes when it is optional."""
    if value is None or value in ([], ""):
        if field.is_required:
            raise InvalidInputError(_("An answer is needed here."))
        return None
    return _CHECKS[field.kind](field, value, today or clock.now().date())


def check_all(schema: Schema, answers: Mapping[str, Any], *, today: date | None = None) -> dict[str, Any]:
    """All asked answers, checked; answers to hidden fields are dropped.

    Raises InvalidInputError whose `fields` names each wrong field with its sentence, in the active language.
    """
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in schema.visible_fields(answers):
        try:
            kept[field.key] = check(field, answers.get(field.key), today=today)
        except InvalidInputError as error:
            wrong[field.key] = str(error)
    if wrong:
        raise InvalidInputError(_("Some answers cannot be used."), fields=wrong)
    return kept


def clean(text: str) -> str:
    """Text without what no database column and no reader wants: control and direction characters, lone surrogates, and the
    token of a web link, which speaks for whoever pastes it.
    """
    kept = (
        c
        for c in masked(text).replace("\r\n", "\n")
        if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Co"}
    )
    return "".join(c for c in kept if c not in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\ufeff").strip()


def fold(text: str) -> str:
    """For comparing words: no case, no accents, no marks around.

    >>> fold(" Não! ")
    'nao'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in bare if not unicodedata.combining(c)).strip(" \t\n.!?¡¿*_\"'“”")


# --- reading ----------------------------------------------------------------------------------------------------------


def _typed(raw: Any) -> str:
    text = clean(raw) if isinstance(raw, str) else ""
    if not text:
        raise InvalidInputError(_("Please answer with a written message."))
    return text


def _read_text(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    return _typed(raw)


def _read_number(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    try:
        return format(numbers.read_number(_typed(raw), language), "f")
    except ValueError:
        raise InvalidInputError(_("That is not a number I can read. Write only the figure, like 12.")) from None


def _read_money(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    text = _typed(raw)
    sample = show.money("1780.50", field.currency, language)
    try:
        amount, currencies = numbers.read_money(text)
    except ValueError:
        raise InvalidInputError(
            _("That is not an amount I can read. Write it like %(sample)s.") % {"sample": sample}
        ) from None
    if currencies is not None and field.currency and field.currency not in currencies:
        raise InvalidInputError(
            _("Amounts are in %(currency)s here. Please convert it.") % {"currency": field.currency}
        )
    return format(amount, "f")


def _read_date(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    text = fold(_typed(raw))
    if text in TODAY:
        return today.isoformat()
    if text in YESTERDAY:
        return (today - timedelta(days=1)).isoformat()
    try:
        return days.read(text).isoformat()
    except days.NoSuchDayError:
        raise InvalidInputError(_("There is no such day. Write it as day/month/year, like 31/12/2026.")) from None
    except ValueError:
        sentence = _("That is not a date I can read. Write it as day/month/year, like 31/12/2026.")
        raise InvalidInputError(sentence) from None


def _read_choice(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    text = _typed(raw)
    if field.option(text):
        return text
    folded = fold(text)
    for option in field.choices:
        if folded and folded in {fold(label) for label in (option.key, *option.label.values())}:
            return option.key
    raise InvalidInputError(_("Please choose one of the options."))


def _read_yesno(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    if isinstance(raw, bool):
        return raw
    text = fold(_typed(raw))
    if text in YES or text in NO:
        return text in YES
    raise InvalidInputError(_("Please answer yes or no."))


def _read_files(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        if field.kind == "photo":
            raise InvalidInputError(_("Please send a photo."))
        raise InvalidInputError(_("Please send a document or a photo of it."))
    return list(raw)


def _read_location(field: FieldSpec, raw: Any, language: str, today: date) -> Any:
    if isinstance(raw, Mapping):
        return dict(raw)
    text = _typed(raw)
    found = COORDINATES.search(text)
    if found:
        return {"latitude": float(found[1]), "longitude": float(found[2])}
    if field.limits.get("typed"):
        return {"name": text[:200]}
    raise InvalidInputError(_("Please send a location: the paper clip or plus sign, then Location."))


_READERS: dict[str, Callable[[FieldSpec, Any, str, date], Any]] = {
    "text": _read_text, "number": _read_number, "money": _read_money, "date": _read_date, "choice": _read_choice,
    "yesno": _read_yesno, "photo": _read_files, "document": _read_files, "location": _read_location,
}  # fmt: skip


# --- checking ---------------------------------------------------------------------------------------------------------


def _check_text(field: FieldSpec, value: Any, today: date) -> Any:
    text = _typed(value)
    if len(text) > field.max_length:
        raise InvalidInputError(
            _("That is too long: %(length)s characters, at most %(max)s.")
            % {"length": len(text), "max": field.max_length}
        )
    return text


def _check_number(field: FieldSpec, value: Any, today: date) -> Any:
    number = _finite(value)
    if abs(number) >= LARGEST or -int(number.as_tuple().exponent) > 12:
        raise InvalidInputError(_("That number is too large or too exact."))
    _within(field, number, show.number)
    return format(number, "f")


def _check_money(field: FieldSpec, value: Any, today: date) -> Any:
    number = _finite(value)
    if number != number.quantize(Decimal("0.01")) if abs(number) < LARGEST else True:
        raise InvalidInputError(_("That amount is too large or has more than two decimals."))
    if "min" not in field.limits and number <= 0:
        raise InvalidInputError(_("The amount must be more than zero."))
    _within(field, number, lambda limit, language: show.money(limit, field.currency, language))
    return format(number.quantize(Decimal("0.01")), "f")


def _finite(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite():
        raise InvalidInputError(_("That is not a number I can read. Write only the figure, like 12."))
    return number


def _within(field: FieldSpec, number: Decimal, written: Callable[[str, str], str]) -> None:
    language = translation.get_language() or "en"
    low, high = field.limits.get("min"), field.limits.get("max")
    if low not in (None, "") and number < Decimal(str(low)):
        raise InvalidInputError(_("It must be at least %(limit)s.") % {"limit": written(str(low), language)})
    if high not in (None, "") and number > Decimal(str(high)):
        raise InvalidInputError(_("It must be at most %(limit)s.") % {"limit": written(str(high), language)})


def _check_date(field: FieldSpec, value: Any, today: date) -> Any:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise InvalidInputError(
            _("That is not a date I can read. Write it as day/month/year, like 31/12/2026.")
        ) from None
    language = translation.get_language() or "en"
    first, last = _day(field.limits.get("min"), today), _day(field.limits.get("max"), today)
    if first and day < first:
        raise InvalidInputError(
            _("The date cannot be before %(day)s.") % {"day": show.day(first.isoformat(), language)}
        )
    if last and day > last:
        raise InvalidInputError(_("The date cannot be after %(day)s.") % {"day": show.day(last.isoformat(), language)})
    if not 1900 <= day.year <= 2200:
        raise InvalidInputError(_("There is no such day. Write it as day/month/year, like 31/12/2026."))
    return day.isoformat()


def _day(limit: Any, today: date) -> date | None:
    """A limit is an ISO date or the word "today"."""
    if not limit:
        return None
    return today if str(limit).casefold() in TODAY else date.fromisoformat(str(limit))


def _check_choice(field: FieldSpec, value: Any, today: date) -> Any:
    if field.option(value) is None:
        raise InvalidInputError(_("Please choose one of the options."))
    return value


def _check_yesno(field: FieldSpec, value: Any, today: date) -> Any:
    if not isinstance(value, bool):
        raise InvalidInputError(_("Please answer yes or no."))
    return value


def _check_files(field: FieldSpec, value: Any, today: date) -> Any:
    if not isinstance(value, list) or not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        raise InvalidInputError(
            _("Please send a photo.") if field.kind == "photo" else _("Please send a document or a photo of it.")
        )
    unique = list(dict.fromkeys(value))
    if len(unique) > field.max_files:
        raise InvalidInputError(
            ngettext("At most one file here.", "At most %(count)s files here.", field.max_files)
            % {"count": field.max_files}
        )
    return unique


def _check_location(field: FieldSpec, value: Any, today: date) -> Any:
    place = value if isinstance(value, Mapping) else {}
    try:
        latitude, longitude = (
            None if place.get(key) is None else float(place[key]) for key in ("latitude", "longitude")
        )
    except (TypeError, ValueError):
        latitude = longitude = None
    words = {key: clean(str(place.get(key) or ""))[:200] for key in ("name", "address")}
    if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
        return {"latitude": latitude, "longitude": longitude, **words}
    if field.limits.get("typed") and any(words.values()):
        return {"latitude": None, "longitude": None, **words}
    raise InvalidInputError(_("Please send a location: the paper clip or plus sign, then Location."))


_CHECKS: dict[str, Callable[[FieldSpec, Any, date], Any]] = {
    "text": _check_text, "number": _check_number, "money": _check_money, "date": _check_date, "choice": _check_choice,
    "yesno": _check_yesno, "photo": _check_files, "document": _check_files, "location": _check_location,
}  # fmt: skip
