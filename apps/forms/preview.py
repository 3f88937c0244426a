"""The chat face as an admin sees it: every prompt of a form, in every language. Reads nothing, saves nothing."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation

from apps.forms import chat, faces, policy, show
from apps.forms.schema import Schema
from apps.forms.translated import OPS
from apps.providers.types import Buttons, Choices, Content


def preview(schema: Schema) -> dict[str, Any]:
    """What `forms/preview.html` shows."""
    return {
        "faces": [{"label": faces.LABELS[face], "obstacles": faces.obstacles(schema, face)} for face in faces.Face],
        "problems": list(dict.fromkeys(problem.sentence for problem in policy.problems(schema))),
        "phones": [
            {"code": code, "language": language, "steps": [_step(schema, n, code) for n in range(len(schema.fields))]}
            for code, language in settings.LANGUAGES
        ],
    }


def bubble(content: Content) -> dict[str, Any]:
    """One outgoing content as `forms/bubble.html` shows it."""
    return {
        "body": getattr(content, "body", ""),
        "buttons": [button.title for button in content.buttons] if isinstance(content, Buttons) else [],
        "list_button": content.button if isinstance(content, Choices) else "",
        "rows": content.rows if isinstance(content, Choices) else (),
    }


def condition_in_words(condition: Mapping[str, Any], schema: Schema, language: str) -> str:
    """ "Amount is more than R$ 500.00"; empty when it always holds."""
    other = schema.field(str(condition.get("field", "")))
    if not condition or other is None:
        return ""
    with translation.override(language):
        words = dict(OPS).get(str(condition.get("op")), "?")
        try:
            value = show.answer(other, condition.get("value"), language)
        except ArithmeticError:  # a number that is none: the page says so beside it
            value = str(condition.get("value"))
        return f"“{other.text(language)}” {words} {value}"


def _step(schema: Schema, n: int, language: str) -> dict[str, Any]:
    field = schema.fields[n]
    ask = chat.Ask(language=language, payload=lambda option: option, can_go_back=n > 0)
    return {
        "bubble": bubble(chat.question(field, ask)),
        "condition": condition_in_words(field.condition, schema, language),
    }
