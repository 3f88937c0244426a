"""What people type, read once and for all."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.forms import numbers, parse, show
from apps.forms.schema import FieldSpec, Option

MONEY = FieldSpec("amount", "money", limits={"currency": "BRL"})
LANGUAGES = ["en", "pt-br", "es"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("R$ 1.780,50", "1780.50"), ("1,780.50", "1780.50"), ("780", "780.00"), ("R$780", "780.00"), ("1.780", "1780.00"),
        ("1,780", "1780.00"), ("780 reais", "780.00"), ("1.780,5", "1780.50"), ("BRL 10", "10.00"), ("R$ 1 780,00", "1780.00"),
        (",50", "0.50"), ("1.234.567,89", "1234567.89"), ("780,00 Reais", "780.00"), ("７８０", "780.00"), ("1'780.50", "1780.50"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", LANGUAGES)
def test_money_is_read_in_every_local_spelling(typed: str, kept: str, language: str) -> None:
    assert parse.answer(MONEY, typed, language) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "abc", "1.2.3", "12.345,678", "1.5k", "0", "-5", "US$ 5", "10 EUR", "1,", "9" * 30, "R$", "1e5", "NaN", "∞"],
)
def test_money_that_cannot_be_meant_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse.answer(MONEY, typed, "en")
    assert str(caught.value).endswith(".")


def test_money_respects_its_limits_and_names_them_with_currency() -> None:
    field = FieldSpec("amount", "money", limits={"currency": "BRL", "min": "10", "max": 500})
    with pytest.raises(InvalidInputError, match=r"at most R\$ 500\.00"):
        parse.answer(field, "780", "en")
    with pytest.raises(InvalidInputError, match="at least"):
        parse.answer(field, "9,99", "en")


@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal("99999999.99"), places=2), st.sampled_from(LANGUAGES))
def test_money_as_we_show_it_is_read_back(amount: Decimal, language: str) -> None:
    shown = show.money(str(amount), "BRL", language)
    assert Decimal(parse.answer(MONEY, shown, language)) == amount


def test_a_lone_separator_follows_the_language_for_plain_numbers() -> None:
    field = FieldSpec("weight", "number")
    assert parse.answer(field, "1.780", "pt-br") == "1780"
    assert parse.answer(field, "1.780", "en") == "1.780"
    assert parse.answer(field, "12,5", "es") == "12.5"
    assert parse.answer(field, "-3", "en") == "-3"


@given(st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_reading_numbers_of_any_text_gives_a_number_or_a_refusal(text: str, language: str) -> None:
    for read in (lambda: numbers.read_money(text)[0], lambda: numbers.read_number(text, language)):
        with contextlib.suppress(ValueError):
            assert read().is_finite()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("31/12/2026", "2026-12-31"), ("2026-12-31", "2026-12-31"), ("1.2.26", "2026-02-01"), ("hoje", "2026-08-01"),
        ("HOY!", "2026-08-01"), ("today", "2026-08-01"), ("ontem", "2026-07-31"), ("ayer", "2026-07-31"),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(typed: str, kept: str) -> None:
    assert parse.answer(FieldSpec("day", "date"), typed, "pt-br", today=date(2026, 8, 1)) == kept


@pytest.mark.parametrize("typed", ["31/02/2026", "12/31/2026", "amanhã", "2026", "99/99/9999", "0000-01-01", "31/12"])
def test_days_that_do_not_exist_are_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError):
        parse.answer(FieldSpec("day", "date"), typed, "en", today=date(2026, 8, 1))


def test_a_date_may_be_limited_to_today() -> None:
    field = FieldSpec("day", "date", limits={"max": "today"})
    assert parse.answer(field, "01/08/2026", "en", today=date(2026, 8, 1)) == "2026-08-01"
    with pytest.raises(InvalidInputError, match="cannot be after 01/08/2026"):
        parse.answer(field, "02/08/2026", "en", today=date(2026, 8, 1))


def test_a_choice_is_known_by_key_and_by_its_label_in_any_language() -> None:
    field = FieldSpec("where", "choice", choices=(Option("roof", {"en": "Roof", "pt-br": "Telhado", "es": "Techo"}),))
    for typed in ("roof", "ROOF", "telhado", "Techo."):
        assert parse.answer(field, typed, "en") == "roof"
    with pytest.raises(InvalidInputError, match="one of the options"):
        parse.answer(field, "cellar", "en")


@pytest.mark.parametrize(("typed", "kept"), [("yes", True), ("Sim", True), ("sí", True), ("não", False), ("No", False)])
def test_yes_and_no_in_three_languages(typed: str, kept: bool) -> None:
    assert parse.answer(FieldSpec("ok", "yesno"), typed, "en") is kept


def test_a_location_comes_as_a_pin_as_coordinates_or_as_a_map_link() -> None:
    field = FieldSpec("place", "location")
    pin = parse.answer(field, {"latitude": -23.5, "longitude": -46.6, "name": "HQ", "address": ""}, "en")
    assert pin == {"latitude": -23.5, "longitude": -46.6, "name": "HQ", "address": ""}
    assert parse.answer(field, "-23.5505, -46.6333", "en")["latitude"] == -23.5505
    assert parse.answer(field, "https://www.google.com/maps/@-23.5505,-46.6333,15z", "en")["longitude"] == -46.6333
    for wrong in ("upstairs", {"latitude": 91, "longitude": 0}, {"latitude": "x", "longitude": None}):
        with pytest.raises(InvalidInputError):
            parse.answer(field, wrong, "en")


def test_a_place_may_be_written_where_the_form_allows_it() -> None:
    field = FieldSpec("place", "location", limits={"typed": True})
    assert parse.answer(field, "Floor 3, room 12", "en")["name"] == "Floor 3, room 12"


def test_text_loses_what_a_database_refuses_and_keeps_the_rest() -> None:
    assert parse.answer(FieldSpec("what", "text"), " a\x00b\ud800 ção 👍🏽\r\nnext ", "en") == "ab ção 👍🏽\nnext"
    with pytest.raises(InvalidInputError, match="too long"):
        parse.answer(FieldSpec("what", "text", limits={"max_length": 3}), "abcd", "en")


def test_reasons_are_in_the_persons_language_and_leave_the_active_one_alone() -> None:
    with translation.override("es"):
        with pytest.raises(InvalidInputError):
            parse.answer(MONEY, "x", "pt-br")
        assert translation.get_language() == "es"
