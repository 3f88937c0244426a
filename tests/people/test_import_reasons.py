"""Why a row was not taken is read by everybody in their own language, whoever brought the file in."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.journal import tables
from apps.people.importing import reasons, running, services, showing
from apps.people.importing.models import ImportJob, ImportRow
from apps.people.models import Employee, User
from tests.factories import make_employee, make_user
from tests.people.files import applied, csv_of, fresh, previewed
from tests.people.files import reasons as listed

pytestmark = pytest.mark.django_db

FOLDER = Path(reasons.__file__).parent


@pytest.fixture
def hr() -> User:
    return make_user(roles=["HR"])


def page(job: ImportJob, hr: User, language: str) -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(hr)
    return client.get(reverse("admin:people_importjob_change", args=[job.pk]), {"kind": "bad"}).content.decode()


def test_each_reader_has_the_reasons_in_their_language_on_the_page_and_in_the_file(hr: User) -> None:
    with translation.override("pt-br"):
        job = previewed(csv_of(["1", "Ana", "nonsense"], ["2", ""], ["2", "Bia"]), hr)
    assert "is not a phone number" in page(job, hr, "en")
    assert "no es un número de teléfono" in page(job, hr, "es")
    for language, words in (
        ("en", "not a phone number"),
        ("pt-br", "não é um número de telefone"),
        ("es", "no es un número"),
    ):
        with translation.override(language):
            assert words in "".join(showing.rejected_as_csv(job))


def test_what_was_set_aside_since_the_preview_is_kept_by_code_too(hr: User) -> None:
    job = previewed(csv_of(["1", "Ana", "+55 11 91234-5678"]), hr)
    make_employee("Somebody", number="1")
    services.apply(job=job, by=hr)
    running.work(job.pk)
    row = job.rows.get()
    assert (row.outcome, row.problems) == ("set_aside", [["number", "number_taken", {}]])
    with translation.override("es"):
        assert listed(fresh(job))[2] != ["number: Somebody has got this number since the preview."]


def test_a_row_cut_off_says_so_in_every_language(hr: User) -> None:
    job = previewed(b"Employee number,Name\n1\n2,Bia\n", hr)
    assert ImportRow.objects.get(job=job, number=2).problems[0] == ["", "wrong_width", {"found": 1, "wanted": 2}]
    with translation.override("pt-br"):
        assert "células" in listed(job)[2][0]


def test_sentences_of_an_older_recado_stay_readable(hr: User) -> None:
    job = applied(csv_of(["1", "Ana"]), hr)
    row = job.rows.get()
    ImportRow.objects.filter(pk=row.pk).update(
        problems=[["phone", "Não é um telefone."], ["", "Cut off 100%."]], kind="bad"
    )
    migration = importlib.import_module("apps.people.migrations.0007_reasons_by_code")
    migration.keep_as_said(apps, None)
    migration.keep_as_said(apps, None)  # run again, it changes nothing more
    assert listed(job)[2] == ["phone: Não é um telefone.", ": Cut off 100%."]
    assert "Não é um telefone." in page(job, hr, "en")
    migration.say_in_words(apps, None)
    row.refresh_from_db()
    assert row.problems == [["phone", "Não é um telefone."], ["", "Cut off 100%."]]


@pytest.mark.parametrize("values", [{}, {"text": "x"}, {"wrong": 1}])
def test_a_reason_of_another_version_never_breaks_a_page(values: dict[str, Any]) -> None:
    assert reasons.said("of the future", values) == "of the future"
    for code in reasons.SENTENCES:
        assert reasons.said(code, values)


def test_every_code_that_is_used_has_a_sentence_and_the_other_way_round() -> None:
    text = "".join(path.read_text() for path in FOLDER.glob("*.py") if path.name != "reasons.py")
    used = set(re.findall(r'(?:Reason|WrongCellError)\("(\w+)"', text))
    used |= set(
        re.findall(r'(?:blame|SetAsideError)\(\s*(?:"\w*"|key|"state" if .*? else "last_day"),\s*"(\w+)"', text)
    )
    used |= set(re.findall(r'problem = \("(\w+)"', Path(tables.__file__).read_text()))
    assert used == set(reasons.SENTENCES)


def test_nobody_s_name_can_be_taken_for_a_placeholder(hr: User) -> None:
    make_employee("100%(text)s", number="7", phone="+5511912345678")
    job = previewed(csv_of(["8", "Bia", "+5511912345678"]), hr)
    assert "100%(text)s (7) has this phone" in listed(job)[2][0]
    assert Employee.objects.count() == 1
