import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.people.phones import normalise, variants


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+55 11 91234-5678", "BR", "+5511912345678"),
        ("+55 (11) 91234-5678", "BR", "+5511912345678"),
        ("0055 11 91234 5678", "BR", "+5511912345678"),
        ("011 91234-5678", "BR", "+5511912345678"),
        ("(11) 91234-5678", "BR", "+5511912345678"),
        ("11.91234.5678", "BR", "+5511912345678"),
        ("  11 91234 5678 ", "BR", "+5511912345678"),
        ("5511912345678", "BR", "+5511912345678"),
        ("0 15 11 91234-5678", "BR", "+5511912345678"),  # with the code of a long-distance carrier
        ("+55 11 8123-4567", "BR", "+5511981234567"),  # before 2012: no ninth digit
        ("11 8123-4567", "BR", "+5511981234567"),
        ("(11) 3123-4567", "BR", "+551131234567"),  # a landline has eight digits and keeps them
        ("+55 21 2555-1234", "BR", "+552125551234"),
        ("+52 1 55 1234 5678", "BR", "+525512345678"),
        ("+52 55 1234 5678", "BR", "+525512345678"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("+54 9 11 1234-5678", "BR", "+5491112345678"),
        ("011 15-1234-5678", "AR", "+5491112345678"),
        ("+1 (650) 555-1234", "BR", "+16505551234"),
        ("+49 30 901820", "BR", "+4930901820"),
        ("030/901820", "DE", "+4930901820"),
    ],
)
def test_every_local_spelling_becomes_one_number(text: str, region: str, expected: str) -> None:
    assert normalise(text, region) == expected


@pytest.mark.parametrize(
    "text",
    ["", "   ", "call me", "-", "123", "91234-5678", "+55 11 1234-567", "+55 11 91234-56789", "1-800-FLOWERS", "+", "00",
     "+999 1234567", "11 91234-5678 x12", "+55 11 91234-5678 / +55 11 91234-5679", "\u0000", "=1+1"],
)  # fmt: skip
def test_garbage_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a phone number"):
        normalise(text)


@given(st.text(max_size=40))
def test_any_text_gives_a_number_or_a_refusal(text: str) -> None:
    try:
        number = normalise(text)
    except InvalidInputError:
        return
    assert number.startswith("+")
    assert normalise(number) == number


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+5511912345678", ["+5511912345678"]),  # 9 1234-5678 cannot have existed without its ninth digit
        ("+5511981234567", ["+5511981234567", "+551181234567"]),
        ("+551181234567", ["+551181234567", "+5511981234567"]),
        ("+551131234567", ["+551131234567"]),
        ("+525512345678", ["+525512345678", "+5215512345678"]),
        ("+5215512345678", ["+5215512345678", "+525512345678"]),
        ("+5491112345678", ["+5491112345678", "+541112345678"]),
        ("+541112345678", ["+541112345678", "+5491112345678"]),
        ("+16505551234", ["+16505551234"]),
        ("", [""]),
    ],
)
def test_whatsapp_may_know_a_number_by_these_spellings(number: str, expected: list[str]) -> None:
    assert variants(number) == expected


@pytest.mark.parametrize("number", ["+5511981234567", "+525512345678", "+5491112345678"])
def test_variants_go_both_ways(number: str) -> None:
    for other in variants(number):
        assert set(variants(other)) == set(variants(number))
