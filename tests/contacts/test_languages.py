"""In which language somebody is answered whom we do not know."""

import pytest

from apps.contacts import languages
from tests.factories import make_contact, make_employee

SPOKEN = ("en", "pt-br", "es")


@pytest.mark.parametrize(
    ("phone", "language"),
    [
        ("+5511912345678", "pt-br"), ("+551191234567", "pt-br"), ("+351912345678", "pt-br"), ("+244923123456", "pt-br"),
        ("+34612345678", "es"), ("+5491123456789", "es"), ("+5215512345678", "es"), ("+525512345678", "es"),
        ("+56961234567", "es"), ("+18092345678", "es"), ("+17872345678", "es"), ("+240222123456", "es"),
        ("+12125550123", "en"), ("+14165550123", "en"), ("+4915112345678", "en"), ("+8613812345678", "en"),
        ("+5599", "pt-br"), ("", "en"), ("+", "en"), ("+99912345678", "en"), ("55119", "en"), ("x" * 500, "en"), ("+5" * 90, "en"),
    ],
)  # fmt: skip
def test_the_country_of_the_number_says_which_language_is_understood_there(phone: str, language: str):
    assert languages.of_phone(phone, spoken=SPOKEN, otherwise="en") == language


def test_a_language_that_the_house_does_not_speak_is_not_chosen():
    assert languages.of_phone("+34612345678", spoken=("en", "pt-br"), otherwise="pt-br") == "pt-br"


def test_every_country_of_the_table_has_a_language_of_the_house():
    assert set(languages.BY_REGION.values()) <= set(SPOKEN)


@pytest.mark.django_db
def test_the_country_counts_for_strangers_only_and_behind_what_was_chosen():
    assert make_contact(phone="+5511912345678").spoken_language == "pt-br"
    assert make_contact(phone="").spoken_language == "en"
    assert make_contact(phone="+34612345678", language="en").spoken_language == "en"
    assert make_contact(make_employee(phone="+5511912345677", language="es")).spoken_language == "es"
