"""The demo company's data hold together before anything runs."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command

from apps.conversations.models import MenuItem
from apps.core import clock
from apps.incidents.models import Category
from apps.journal.actors import SYSTEM
from apps.people import services as people
from apps.people.models import Absence, Employee, Team, User
from apps.providers.models import Account, Portfolio
from portal import places
from portal.demo import company, notes, seed
from portal.demo.sandbox import Sandbox, SandboxError
from tests.factories import make_employee

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


@pytest.mark.django_db
def test_a_second_start_keeps_what_people_did_since() -> None:
    account = seed.plant("http://first")
    seed.plant_contacts()
    employees = {one.number: one for one in Employee.objects.all()}
    everybody = len(employees)
    for number in (company.ABSENT, company.DEPUTY):
        people.mark_left(employee=employees[number], by=SYSTEM)
    Absence.objects.all().delete()
    Employee.objects.filter(number=company.BAKER).update(number="P-1")
    Team.objects.filter(name=company.CATEGORIES[0][0]).update(name="Another name")
    Category.objects.update(name={"en": "Anything"})
    User.objects.filter(username="finance").delete()
    Account.objects.update(name="Ours")
    Portfolio.objects.update(name="Ours, too")
    MenuItem.objects.all().delete()

    again = seed.plant("http://second")
    seed.plant_contacts()
    assert (again.pk, again.base_url) == (account.pk, "http://second/graph/v23.0")
    assert Employee.objects.count() == everybody
    assert not MenuItem.objects.exists()
    assert not Absence.objects.exists()
    assert not User.objects.filter(username="finance").exists()
    assert seed.notes(again, "http://base", "http://second")["logins"]


@pytest.mark.django_db
def test_an_absence_that_is_over_is_followed_by_one_that_runs() -> None:
    seed.plant("http://first")
    over = clock.now().date() - timedelta(days=1)
    Absence.objects.update(ends_on=over)
    seed.plant("http://first")
    assert Absence.objects.filter(employee__number=company.ABSENT, ends_on__gt=over).count() == 1
    seed.plant("http://first")
    assert Absence.objects.count() == 2


@pytest.mark.django_db
def test_codes_are_told_only_for_the_app_that_we_planted(settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["superuser", "HR", "Auditor", "Operator"]
    account = seed.plant("http://first")

    def told() -> set[str]:
        return {one["username"] for one in seed.notes(account, "", "")["logins"] if one["totp_secret"]}

    assert told() == {"admin", "hr", "auditor", "operator"}
    hr = User.objects.get(username="hr")
    Authenticator.objects.filter(user=hr).delete()
    TOTP.activate(hr, "MFRGGZDFMZTWQ2LK")
    assert told() == {"admin", "auditor", "operator"}


@pytest.mark.django_db
def test_a_company_of_ones_own_in_the_same_folder_is_a_sentence(settings: Any) -> None:
    settings.SANDBOX = True
    make_employee(number=company.PEOPLE[0].number)
    with pytest.raises(CommandError, match=r"could not be planted.*Nothing was changed"):
        call_command("seed_demo", base_url="http://base", sandbox_url="http://127.0.0.1:9")
    assert Employee.objects.count() == 1


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
