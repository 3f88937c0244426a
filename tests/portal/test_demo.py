"""The demo company's data hold together before anything runs."""

import phonenumbers
import pytest

from portal.demo import company
from portal.demo.sandbox import Sandbox, SandboxError

LANGUAGES = {"en", "pt-br", "es"}


def test_phones_have_the_right_shape_and_are_different() -> None:
    phones = [person.phone for person in company.PEOPLE]
    assert len(set(phones)) == len(phones)
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in phones)


def test_managers_come_before_their_reports() -> None:
    known: set[str] = set()
    for person in company.PEOPLE:
        assert person.manager in known | {""}
        known.add(person.number)


def test_all_three_languages_are_spoken() -> None:
    assert {person.place[0] for person in company.PEOPLE} == LANGUAGES


def test_every_text_is_there_in_every_language() -> None:
    texts = [row["label"] for row in company.MENU] + [row["description"] for row in company.MENU]
    texts += [name for _team, name in company.CATEGORIES] + [stage["name"] for stage in company.STAGES]
    texts += [field["question"] for form in company.FORMS.values() for field in form["fields"]]
    assert all(set(text) == LANGUAGES for text in texts)


def test_rows_fit_where_whatsapp_shows_them() -> None:
    titles = [row["label"] for row in company.MENU] + [name for _team, name in company.CATEGORIES]
    assert all(len(text) <= 24 for title in titles for text in title.values())
    assert all(len(text) <= 72 for row in company.MENU for text in row["description"].values())


def test_addresses_are_plain_letters() -> None:
    assert all(person.email.isascii() for person in company.PEOPLE)


def test_a_sandbox_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(SandboxError, match="do not answer"):
        Sandbox("http://127.0.0.1:9").counts()
