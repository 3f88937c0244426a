"""Answers as people read them, in their language. Pure but for Django's number and date formats."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.forms.numbers import SYMBOLS
from apps.forms.schema import FieldSpec

HIDDEN = "•••"
NOTHING = "–"


def answer(field: FieldSpec, value: Any, language: str) -> str:
    """One line of text; sensitive answers are masked, skipped ones a dash."""
    if value is None or value in ([], ""):
        return NOTHING
    if field.is_sensitive:
        return HIDDEN
    with translation.override(language):
        if field.kind == "money":
            return money(str(value), field.currency, language)
        if field.kind == "number":
            return number(str(value), language)
        if field.kind == "date":
            return day(str(value), language)
        if field.kind == "choice":
            option = field.option(value)
            return option.text(language) if option else str(value)
        if field.kind == "yesno":
            return _("Yes") if value else _("No")
        if field.kind == "photo":
            return ngettext("%(count)s photo", "%(count)s photos", len(value)) % {"count": len(value)}
        if field.kind == "document":
            return ngettext("%(count)s document", "%(count)s documents", len(value)) % {"count": len(value)}
        if field.kind == "location":
            return place(value)
    return str(value)


def money(amount: str, currency: str, language: str) -> str:
    """`amount` is a decimal text. "R$ 1.780,50" for Brazilians, "R$ 1,780.50" for English readers."""
    figure = _grouped(Decimal(amount), language, decimals=2)
    return f"{SYMBOLS.get(currency, currency)} {figure}".strip()


def number(value: str, language: str) -> str:
    return _grouped(Decimal(value), language, decimals=None)


def day(iso: str, language: str) -> str:
    """Day/month/year, the way the questions ask for it in all our languages."""
    return date.fromisoformat(iso).strftime("%d/%m/%Y")


def place(value: Any) -> str:
    words = [value.get("name") or "", value.get("address") or ""]
    told = ", ".join(word for word in words if word)
    if value.get("latitude") is None:
        return told or NOTHING
    point = f"{value['latitude']:.5f}, {value['longitude']:.5f}"
    return f"{told} ({point})" if told else point


def _grouped(value: Decimal, language: str, *, decimals: int | None) -> str:
    with translation.override(language):
        return str(formats.number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True))
