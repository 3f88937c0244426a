"""From a posted page to answers: the same parser as the chat's, an error beside each field, nothing typed is lost. No tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import InvalidInputError
from apps.forms import conditions, parse, show
from apps.forms.numbers import SYMBOLS
from apps.forms.schema import FILE_KINDS, FieldSpec, Schema

FEW = 7
"""So many options stand below each other; more become a list to open."""
ONE_LINE = 200
"""Texts that may be longer get a larger box."""
SHOWN = "shown"


class Posted(Protocol):
    """What is used of a QueryDict."""

    def get(self, key: str, default: Any = ...) -> Any: ...

    def getlist(self, key: str) -> Sequence[Any]: ...


@dataclass
class Asked:
    """One question on the page. `id` names its control, `value` is what the person typed, `error` what to do about it."""

    spec: FieldSpec
    question: str
    value: str = ""
    error: str = ""
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    files: Sequence[Any] = ()

    @property
    def id(self) -> str:
        return f"f-{self.spec.key}"

    @property
    def widget(self) -> str:
        """How it is asked: text, area, decimal, date, radios, select, files."""
        kind = self.spec.kind
        if kind in FILE_KINDS:
            return "files"
        if kind in {"choice", "yesno"}:
            return "radios" if len(self.options) <= FEW else "select"
        if kind in {"number", "money"}:
            return "decimal"
        return "area" if kind == "text" and self.spec.max_length > ONE_LINE else ("date" if kind == "date" else "text")

    @property
    def prefix(self) -> str:
        return SYMBOLS.get(self.spec.currency, self.spec.currency) if self.spec.kind == "money" else ""

    @property
    def described_by(self) -> str:
        parts = [f"{self.id}-hint" if self.hint else "", f"{self.id}-error" if self.error else ""]
        return " ".join(part for part in parts if part)


@dataclass
class Reading:
    """`answers` in canonical shapes; `wrong` by field key; `new`: keys that came up because of these very answers."""

    answers: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    typed: dict[str, str] = field(default_factory=dict)
    visible: list[FieldSpec] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        return not self.wrong and not self.new


def read(schema: Schema, posted: Posted, files: Mapping[str, list[int]], language: str, today: date) -> Reading:
    """What was typed, field by field in order, since each may bring up later ones. `files`: ids of kept uploads by key."""
    found = Reading()
    shown = set(posted.getlist(SHOWN))
    counted: dict[str, Any] = {}
    for spec in schema:
        if not conditions.holds(spec.condition, counted):
            continue
        found.visible.append(spec)
        typed = str(posted.get(f"f-{spec.key}") or "") if spec.kind not in FILE_KINDS else ""
        found.typed[spec.key] = typed
        if spec.key not in shown:
            found.new.add(spec.key)
            counted[spec.key] = None
            continue
        try:
            counted[spec.key] = found.answers[spec.key] = _answer(spec, typed, files.get(spec.key, []), language, today)
        except InvalidInputError as error:
            found.wrong[spec.key] = _on_a_page(spec, typed, str(error))
            counted[spec.key] = None
    return found


def _answer(spec: FieldSpec, typed: str, files: list[int], language: str, today: date) -> Any:
    if spec.kind in FILE_KINDS:
        return parse.check(spec, files or None, today=today)
    if not typed.strip():
        return parse.check(spec, None, today=today)
    return parse.answer(spec, typed, language, today=today)


def _on_a_page(spec: FieldSpec, typed: str, sentence: str) -> str:
    """The chat speaks of its paper clip, which a page has not."""
    if spec.kind == "location" and typed.strip():
        return _("Paste the link of a map, or write the two numbers of the place, like -23.55, -46.63.")
    if spec.kind in FILE_KINDS and not sentence:
        return _("Choose a file.")
    return sentence


def first_questions(schema: Schema) -> list[FieldSpec]:
    """What an empty page asks."""
    return schema.visible_fields({})


def asked(spec: FieldSpec, language: str, *, typed: str = "", error: str = "", files: Sequence[Any] = ()) -> Asked:
    """One question as the page shows it, in `language`."""
    with translation.override(language):
        return Asked(
            spec=spec, question=spec.text(language), value=typed, error=error, hint=_hint(spec, language),
            options=_options(spec, language), files=files,
        )  # fmt: skip


def _options(spec: FieldSpec, language: str) -> Sequence[tuple[str, str]]:
    if spec.kind == "yesno":
        return [("yes", _("Yes")), ("no", _("No"))]
    return [(option.key, option.text(language)) for option in spec.choices] if spec.kind == "choice" else []


def _hint(spec: FieldSpec, language: str) -> str:
    secret = _("Sensitive: shown to nobody in a message or an e-mail.") if spec.is_sensitive else ""
    return " ".join(sentence for sentence in (_how(spec, language), secret) if sentence)


def _how(spec: FieldSpec, language: str) -> str:
    if spec.kind == "photo":
        return ngettext("One photo.", "Up to %(count)s photos.", spec.max_files) % {"count": spec.max_files}
    if spec.kind == "document":
        return ngettext("One file: a PDF, a document or a photo of it.",
                        "Up to %(count)s files: PDFs, documents or photos of them.", spec.max_files) % {"count": spec.max_files}  # fmt: skip
    if spec.kind == "money":
        return _("For example %(sample)s.") % {"sample": show.money("1780.50", spec.currency, language)}
    if spec.kind == "location":
        if spec.limits.get("typed"):
            return _("Write where it is: street and number, or building and floor.")
        return _("Paste the link of a map, or write the two numbers of the place, like -23.55, -46.63.")
    return ""
