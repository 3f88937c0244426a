"""Reads about forms and what was filled in."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from apps.files import queries as file_queries
from apps.files.models import File
from apps.forms import show
from apps.forms.models import Field, Form, FormVersion, Submission
from apps.forms.schema import FILE_KINDS, FieldSpec, Schema
from apps.people import queries as people


def spec_of(row: Field) -> FieldSpec:
    """One row as data."""
    return FieldSpec.from_json(
        {
            "key": row.key, "kind": row.kind, "question": row.question, "is_required": row.is_required,
            "is_sensitive": row.is_sensitive, "limits": row.limits, "choices": row.choices, "condition": row.condition,
        }
    )  # fmt: skip


def schema_of_form(form: Form) -> Schema:
    """The form as its rows stand now."""
    return schema_of_rows(form, form.fields.order_by("order", "id"))


def schema_of_rows(form: Form, rows: Iterable[Field]) -> Schema:
    """The same for rows that may not be saved yet."""
    return Schema(fields=tuple(spec_of(row) for row in rows), name=dict(form.name or {}))


def schema_of(version: FormVersion) -> Schema:
    return Schema.from_json(version.schema)


def answers_for_people(submission: Submission, language: str, *, reveals: bool = False) -> list[tuple[str, str]]:
    """(question, answer) of every asked field, in order, in `language`; sensitive ones masked, skipped ones a dash.

    `reveals`: sensitive ones are shown, behind a login or an expiring link, to whoever has to act on them now or filed them.
    """
    schema = schema_of(submission.version)
    if reveals:
        schema = replace(schema, fields=tuple(replace(field, is_sensitive=False) for field in schema))
    return lines(schema, submission.answers, language)


def lines(schema: Schema, answers: dict[str, Any], language: str) -> list[tuple[str, str]]:
    """The same for a draft."""
    asked = [field for field in schema.visible_fields(answers) if field.key in answers]
    return [(field.text(language), show.answer(field, answers[field.key], language)) for field in asked]


def filed_by(submission: Submission) -> str:
    """Who filled it in for its person, by name; empty when they did it themselves."""
    return submission.filed_by.as_actor().label if submission.filed_by is not None else ""


def files_of(submission: Submission, *, reveals: bool) -> list[File]:
    """The files in the answers, in the order of the questions; those of sensitive ones only where it `reveals`."""
    return file_queries.by_ids(_file_ids(submission, [field for field in _asked_for_files(submission)
                                                      if reveals or not field.is_sensitive]))  # fmt: skip


def sensitive_files(submission: Submission) -> set[int]:
    """Ids of the files that answer a sensitive question: in no message, and only for whom answers are revealed."""
    ids = _file_ids(submission, [field for field in _asked_for_files(submission) if field.is_sensitive])
    return {int(pk) for pk in ids if str(pk).isdigit()}


def _asked_for_files(submission: Submission) -> list[FieldSpec]:
    return [field for field in schema_of(submission.version) if field.kind in FILE_KINDS]


def _file_ids(submission: Submission, fields: Iterable[FieldSpec]) -> list[Any]:
    return [pk for field in fields for pk in submission.answers.get(field.key) or ()]


def visible_to(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Submission]:
    """Submissions of the people this user may see."""
    if people.sees_everybody(user):
        return Submission.objects.all()
    return Submission.objects.filter(by__in=people.visible_employees(user))
