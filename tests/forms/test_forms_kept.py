"""Versions and submissions as rows, and the screens over them."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.errors import InvalidInputError
from apps.files import services as files
from apps.forms import queries, services
from apps.forms.models import Form, FormVersion, Submission
from apps.journal.models import Entry
from tests.factories import make_employee, make_form, make_user

pytestmark = pytest.mark.django_db


def expense() -> Form:
    return make_form(
        "",
        {"key": "what", "kind": "text", "question": {"en": "What for?", "pt-br": "Para quê?"}},
        {"key": "amount", "kind": "money", "limits": {"currency": "BRL"}},
        {"key": "receipt", "kind": "photo", "is_required": False},
        {"key": "why", "kind": "text", "condition": {"field": "amount", "op": "gt", "value": 500}},
    )


def test_the_same_questions_are_the_same_version_and_an_edit_makes_the_next() -> None:
    form = expense()
    first = services.freeze(form=form)
    assert services.freeze(form=form) == first
    form.fields.filter(key="what").update(question={"en": "What?"})
    second = services.freeze(form=form)
    assert (first.number, second.number) == (1, 2)
    assert Entry.objects.filter(name="form.frozen").count() == 2
    assert queries.schema_of(FormVersion.objects.get(pk=first.pk)).fields[0].text("en") == "What for?"


def test_a_broken_form_is_not_frozen() -> None:
    form = make_form("", {"key": "a", "kind": "choice"})
    with pytest.raises(InvalidInputError, match="without any options") as caught:
        services.freeze(form=form)
    assert set(caught.value.fields) == {"a"}


def test_a_submission_keeps_what_was_asked_and_drops_what_was_hidden() -> None:
    version = services.freeze(form=expense())
    receipt = files.store(content=b"\xff\xd8\xff\xe0receipt", name="r.jpg")
    answers: dict[str, Any] = {"what": " Taxi ", "amount": "80", "receipt": [receipt.pk], "why": "hidden", "x": 1}
    submission = services.submit(version=version, by=make_employee(), answers=answers)
    assert submission.answers == {"what": "Taxi", "amount": "80.00", "receipt": [receipt.pk]}
    assert queries.files_of(submission, reveals=False) == [receipt]
    assert queries.answers_for_people(submission, "pt-br") == [
        ("Para quê?", "Taxi"), ("Amount", "R$ 80,00"), ("Receipt", queries.show.answer(queries.schema_of(version).fields[2], [1], "pt-br")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"amount": "80"}, {"what"}),
        ({"what": "Taxi", "amount": "eighty"}, {"amount"}),
        ({"what": "Taxi", "amount": "780.00"}, {"why"}),
        ({"what": "Taxi", "amount": "80", "receipt": [987654]}, {"receipt"}),
        ({"what": "Taxi", "amount": "80", "receipt": "x"}, {"receipt"}),
        ({}, {"what", "amount"}),
    ],
)
def test_a_submission_with_a_wrong_answer_is_refused_naming_it(answers: dict[str, Any], wrong: set[str]) -> None:
    version = services.freeze(form=expense())
    with pytest.raises(InvalidInputError) as caught:
        services.submit(version=version, by=make_employee(), answers=answers)
    assert set(caught.value.fields) == wrong
    assert not Submission.objects.exists()


def test_answers_stand_in_no_journal_entry() -> None:
    version = services.freeze(form=expense())
    services.submit(version=version, by=make_employee(), answers={"what": "a secret", "amount": "80"})
    entry = Entry.objects.get(name="form.submitted")
    assert "a secret" not in f"{entry.before}{entry.after}{getattr(entry, 'body', '')}"


# --- screens ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_user(is_superuser=True))
    return client


def posted(form: Form | None, *fields: dict[str, str]) -> dict[str, str]:
    """What the form's page sends: name in three languages, and its questions as typed inputs."""
    data = {
        "name_en": "Expense", "name_pt_br": "Despesa", "name_es": "",
        "fields-TOTAL_FORMS": str(len(fields)), "fields-INITIAL_FORMS": "0", "fields-MIN_NUM_FORMS": "0",
        "fields-MAX_NUM_FORMS": "1000",
    }  # fmt: skip
    if form is None:
        data["key"] = "expense"
    for n, values in enumerate(fields):
        typed = {"order": str(n), "is_required": "on", "question_en": "Which?", "choices_0_key": "", **values}
        data.update({f"fields-{n}-{name}": value for name, value in typed.items()})
    return data


def test_a_form_is_made_from_typed_inputs_without_any_json(desk: Client) -> None:
    fields = [
        {"key": "kind", "kind": "choice", "question_pt_br": "Qual?", "choices_0_en": "Taxi ride", "choices_0_pt-br": "Táxi",
         "choices_1_key": "meal", "choices_1_en": "Meal"},
        {"key": "amount", "kind": "money", "limits_currency": "brl", "limits_max": "1000"},
        {"key": "why", "kind": "text", "condition_field": "amount", "condition_op": "gt", "condition_value": "500"},
    ]  # fmt: skip
    answer = desk.post(reverse("admin:forms_form_add"), posted(None, *fields))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    form = Form.objects.get(key="expense")
    assert form.name == {"en": "Expense", "pt-br": "Despesa"}
    kind, amount, why = form.fields.order_by("order")
    assert kind.question == {"en": "Which?", "pt-br": "Qual?"}
    assert kind.choices == [
        {"key": "taxi-ride", "label": {"en": "Taxi ride", "pt-br": "Táxi"}},
        {"key": "meal", "label": {"en": "Meal"}},
    ]
    assert amount.limits == {"max": "1000", "currency": "BRL"}
    assert why.condition == {"field": "amount", "op": "gt", "value": 500}
    assert Entry.objects.filter(name="form.added").exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "choice"}, "without any options"),
        (
            {"kind": "text", "condition_field": "nothing", "condition_op": "eq", "condition_value": "1"},
            "not a field of this form",
        ),
        ({"kind": "text", "condition_field": "nothing"}, "all three parts"),
        ({"kind": "money"}, "currency"),
    ],
)
def test_a_broken_form_is_refused_on_the_page_with_the_reason(
    desk: Client, values: dict[str, str], sentence: str
) -> None:
    answer = desk.post(reverse("admin:forms_form_add"), posted(None, {"key": "a", **values}))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Form.objects.exists()


def test_the_page_of_a_form_previews_it_in_three_languages(desk: Client) -> None:
    page = desk.get(reverse("admin:forms_form_change", args=[expense().pk])).content.decode()
    assert "What for?" in page
    assert "Para quê?" in page
    assert page.count('class="phone"') == 3
    assert "possible" in page
    assert 'name="fields-0-question_en"' in page
    assert "{&quot;en" not in page  # no raw JSON anywhere


class Inputs(HTMLParser):
    """What a browser would send of a page, unchanged."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.values[name] = given.get("value", "on" if given.get("type") == "checkbox" else "")
        elif tag in {"textarea", "select"}:
            self._inside = name
            self.values[name] = ""
        elif tag == "option" and "selected" in given:
            self.values[self._inside] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._inside and self.get_starttag_text() and str(self.get_starttag_text()).startswith("<textarea"):
            self.values[self._inside] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "select"}:
            self._inside = ""


def test_saving_a_form_as_it_is_shown_changes_nothing(desk: Client) -> None:
    form = expense()
    before = queries.schema_of_form(form)
    address = reverse("admin:forms_form_change", args=[form.pk])
    values = Inputs(desk.get(address).content.decode()).values
    answer = desk.post(address, values)
    assert answer.status_code == 302
    assert queries.schema_of_form(form) == before
    assert not Entry.objects.filter(name__in=["form.changed", "field.changed", "field.added"]).exists()


def test_a_submission_is_shown_read_only(desk: Client) -> None:
    version = services.freeze(form=expense())
    submission = services.submit(version=version, by=make_employee(), answers={"what": "Taxi", "amount": "80"})
    assert desk.get(reverse("admin:forms_submission_changelist")).status_code == 200
    page = desk.get(reverse("admin:forms_submission_change", args=[submission.pk])).content.decode()
    assert "R$ 80.00" in page
