"""What is asked when, and what makes a form unfit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.forms import conditions, faces, policy
from apps.forms.schema import Schema, in_language


@pytest.mark.parametrize(
    ("condition", "answers", "met"),
    [
        ({}, {}, True),
        ({"field": "amount", "op": "gt", "value": 500}, {"amount": "780.00"}, True),
        ({"field": "amount", "op": "gt", "value": 500}, {"amount": "500.00"}, False),
        ({"field": "amount", "op": "gte", "value": "500"}, {"amount": "500.00"}, True),
        ({"field": "amount", "op": "lt", "value": 1000}, {"amount": "99"}, True),
        ({"field": "kind", "op": "eq", "value": "Travel"}, {"kind": "travel"}, True),
        ({"field": "kind", "op": "ne", "value": "travel"}, {"kind": "meal"}, True),
        ({"field": "urgent", "op": "eq", "value": "true"}, {"urgent": True}, True),
        ({"field": "urgent", "op": "eq", "value": False}, {"urgent": False}, True),
        ({"field": "day", "op": "gt", "value": "2026-01-31"}, {"day": "2026-02-01"}, True),
        ({"field": "amount", "op": "gt", "value": 500}, {"amount": "eighty"}, False),
        ({"field": "room", "op": "eq", "value": 12}, {"room": "12"}, True),
        ({"field": "kind", "op": "ne", "value": "travel"}, {}, False),
        ({"field": "kind", "op": "eq", "value": "x"}, {"kind": None}, False),
        ({"field": "kind", "op": "like", "value": "x"}, {"kind": "x"}, False),
    ],
)
def test_conditions_hold(condition: dict[str, Any], answers: dict[str, Any], met: bool) -> None:
    assert conditions.holds(condition, answers) is met


json_values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(json_values, st.sampled_from([*conditions.OPS, "?"]), json_values)
def test_no_answer_and_no_value_makes_a_condition_crash(answer: Any, op: str, value: Any) -> None:
    assert conditions.holds({"field": "a", "op": op, "value": value}, {"a": answer}) in (True, False)


def form(*fields: dict[str, Any]) -> Schema:
    return Schema.from_json({"fields": [{"question": {"en": "?"}, **values} for values in fields]})


def test_a_field_hidden_by_its_condition_hides_those_that_depend_on_it() -> None:
    schema = form(
        {"key": "a", "kind": "yesno"},
        {"key": "b", "kind": "yesno", "condition": {"field": "a", "op": "eq", "value": True}},
        {"key": "c", "kind": "text", "condition": {"field": "b", "op": "eq", "value": True}},
    )
    assert [field.key for field in schema.visible_fields({"a": False, "b": True})] == ["a"]
    assert [field.key for field in schema.visible_fields({"a": True, "b": True})] == ["a", "b", "c"]


def test_a_schema_survives_json() -> None:
    schema = form({"key": "a", "kind": "choice", "choices": [{"key": "x", "label": {"en": "X"}}], "limits": {"max": 3}})
    assert Schema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([{"key": "a", "kind": "choice"}], "without any options"),
        (
            [{"key": "a", "kind": "text", "condition": {"field": "z", "op": "eq", "value": 1}}],
            "not a field of this form",
        ),
        (
            [
                {"key": "a", "kind": "text", "condition": {"field": "b", "op": "eq", "value": 1}},
                {"key": "b", "kind": "number"},
            ],
            "asked only later",
        ),
        ([{"key": "a", "kind": "money"}], "currency"),
        ([{"key": "a", "kind": "number", "limits": {"min": 5, "max": 1}}], "larger than the largest"),
        ([{"key": "a", "kind": "text"}, {"key": "a", "kind": "text"}], "Two fields"),
        ([{"key": "a", "kind": "text", "question": {}}], "no question"),
        (
            [
                {"key": "a", "kind": "photo"},
                {"key": "b", "kind": "text", "condition": {"field": "a", "op": "eq", "value": 1}},
            ],
            "cannot be compared",
        ),
        (
            [
                {"key": "a", "kind": "choice", "choices": [{"key": "x", "label": {"en": "X"}}]},
                {"key": "b", "kind": "text", "condition": {"field": "a", "op": "eq", "value": "y"}},
            ],
            "does not exist",
        ),
    ],
)
def test_a_broken_form_is_named_with_its_reason(fields: list[dict[str, Any]], sentence: str) -> None:
    assert any(sentence in problem.sentence for problem in policy.problems(form(*fields)))


def test_a_sound_form_has_no_problems_and_wears_the_chat() -> None:
    schema = form(
        {"key": "kind", "kind": "choice", "choices": [{"key": "travel", "label": {"en": "Travel"}}]},
        {"key": "amount", "kind": "money", "limits": {"currency": "BRL"}},
        {"key": "why", "kind": "text", "condition": {"field": "amount", "op": "gt", "value": 500}},
    )
    assert policy.problems(schema) == []
    assert faces.obstacles(schema, faces.Face.CHAT) == []


def test_a_sensitive_question_is_asked_on_a_page_and_never_in_a_chat() -> None:
    schema = form({"key": "iban", "kind": "text", "is_sensitive": True})
    assert policy.problems(schema) == []
    assert faces.obstacles(schema, faces.Face.WEB) == []
    assert "stays on the phone" in faces.obstacles(schema, faces.Face.CHAT)[0]


def test_a_missing_language_falls_back_to_its_neighbour_then_english_then_any() -> None:
    assert in_language({"pt-br": "Oi", "en": "Hi"}, "pt") == "Oi"
    assert in_language({"en": "Hi", "es": ""}, "es") == "Hi"
    assert in_language({"es": "Hola"}, "en") == "Hola"
    assert in_language({}, "en") == ""
