"""The demo company's data hold together before anything runs."""

import os
from pathlib import Path

import phonenumbers
import pytest

from portal import places
from portal.demo import company, notes
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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BASE_URL", "SANDBOX_URL", "SANDBOX"):
        monkeypatch.setenv(name, "")  # set first, so that what `join` puts there is taken away again
        monkeypatch.delenv(name)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    notes.write(base_url="http://127.0.0.1:9000", sandbox_url="http://127.0.0.1:9001")
    return tmp_path


def test_a_command_beside_a_running_demo_has_its_addresses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_URL", "http://chosen")
    lock = places.lock(folder)
    assert lock is not None
    with lock:
        assert places.lock(folder) is None
        notes.join()
    assert os.environ["BASE_URL"] == "http://127.0.0.1:9000"
    assert os.environ["SANDBOX"] == "1"
    assert os.environ["SANDBOX_URL"] == "http://chosen"


def test_notes_that_a_killed_demo_left_switch_nothing_on(folder: Path) -> None:
    notes.join()
    assert not {"BASE_URL", "SANDBOX"} & set(os.environ)
