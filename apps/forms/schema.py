"""The frozen questions of a form as data. Pure: JSON in, dataclasses out, and back.

Answers are plain JSON by field key. Their shapes per type (`parse` makes them, everybody else relies on them):

=========  =====================================================================================================
text       str
number     str, a decimal number like "12.5"
money      str, a decimal number with two digits like "1780.50"; the currency stands in the field's limits
date       str, "2026-08-01"
choice     str, the option's key
yesno      bool
photo      list of File ids
document   list of File ids
location   {"latitude": float | None, "longitude": float | None, "name": str, "address": str}
=========  =====================================================================================================

An optional field that was skipped is None; a field that was not asked is absent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.forms import conditions

FILE_KINDS = frozenset({"photo", "document"})
NUMBER_KINDS = frozenset({"number", "money"})


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in `language`, else its base language, else English, else any that is not empty.

    >>> in_language({"en": "Hello", "pt-br": "Olá"}, "pt-pt")
    'Olá'
    """
    base = language.split("-", maxsplit=1)[0]
    near = [text for code, text in texts.items() if code.split("-")[0] == base]
    for text in (texts.get(language, ""), *near, texts.get("en", ""), *texts.values()):
        if text:
            return text
    return ""


@dataclass(frozen=True)
class Option:
    """One option of a choice."""

    key: str
    label: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str) -> str:
        return in_language(self.label, language) or self.key


@dataclass(frozen=True)
class FieldSpec:
    """One question. `limits` as the type needs: max_length, min, max, currency, max_files, typed."""

    key: str
    kind: str
    question: Mapping[str, str] = field(default_factory=dict)
    is_required: bool = True
    is_sensitive: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Option, ...] = ()
    condition: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str) -> str:
        return in_language(self.question, language) or self.key

    def option(self, key: object) -> Option | None:
        return next((option for option in self.choices if option.key == key), None)

    @property
    def currency(self) -> str:
        return str(self.limits.get("currency") or "").upper()

    @property
    def max_files(self) -> int:
        return max(1, int(self.limits.get("max_files") or 5))

    @property
    def max_length(self) -> int:
        return max(1, min(4000, int(self.limits.get("max_length") or 2000)))

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind,
            "question": dict(self.question),
            "is_required": self.is_required,
            "is_sensitive": self.is_sensitive,
            "limits": dict(self.limits),
            "choices": [{"key": option.key, "label": dict(option.label)} for option in self.choices],
            "condition": dict(self.condition),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "FieldSpec":
        """Only `key` and `kind` must be there. Raises KeyError without them."""
        options = tuple(Option(str(item["key"]), dict(item.get("label") or {})) for item in values.get("choices") or ())
        return cls(
            key=values["key"],
            kind=values["kind"],
            question=dict(values.get("question") or {}),
            is_required=bool(values.get("is_required", True)),
            is_sensitive=bool(values.get("is_sensitive", False)),
            limits=dict(values.get("limits") or {}),
            choices=options,
            condition=dict(values.get("condition") or {}),
        )


@dataclass(frozen=True)
class Schema:
    """All questions in order. `is_checked`: show everything and ask before sending; None: when there is more than one."""

    fields: tuple[FieldSpec, ...]
    name: Mapping[str, str] = field(default_factory=dict)
    is_checked: bool | None = None

    def __iter__(self) -> Iterator[FieldSpec]:
        return iter(self.fields)

    def field(self, key: str) -> FieldSpec | None:
        return next((spec for spec in self.fields if spec.key == key), None)

    def visible_fields(self, answers: Mapping[str, Any]) -> list[FieldSpec]:
        """The fields to ask, given these answers. An answer to a field that is itself hidden counts for nothing."""
        shown: list[FieldSpec] = []
        counted: dict[str, Any] = {}
        for spec in self.fields:
            if conditions.holds(spec.condition, counted):
                shown.append(spec)
                counted[spec.key] = answers.get(spec.key)
        return shown

    @property
    def needs_check(self) -> bool:
        return len(self.fields) > 1 if self.is_checked is None else self.is_checked

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {"name": dict(self.name), "fields": [spec.to_json() for spec in self.fields]}
        if self.is_checked is not None:
            values["is_checked"] = self.is_checked
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Schema":
        return cls(
            fields=tuple(FieldSpec.from_json(item) for item in values.get("fields", ())),
            name=dict(values.get("name") or {}),
            is_checked=values.get("is_checked"),
        )
