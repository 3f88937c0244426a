"""A value as a coloured label in a column of a list."""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display


def labelled(colours: Mapping[Any, str], **options: Any) -> Callable[[Callable[..., Any]], Callable[..., SafeString]]:
    """The theme's `@display(label=...)`, each different label rendered once: the theme does it for every row of a page.

    What it decorates returns a value, or a value and the words for it; `colours` goes by the value. `options` are those
    of `display`.
    """

    def decorate(tell: Callable[..., Any]) -> Callable[..., SafeString]:
        @wraps(tell)
        def shown(*arguments: Any) -> SafeString:
            told = tell(*arguments)
            value, words = told if isinstance(told, tuple) else (told, told)
            return _label(str(words), colours.get(value))

        decorated: Callable[..., SafeString] = display(**options)(shown)
        return decorated

    return decorate


@cache  # by words that are ours, in three languages
def _label(words: str, colour: str | None) -> SafeString:
    context = {"label": words, "label_type": colour, "multiple": False}
    return mark_safe(render_to_string("unfold/helpers/display_label.html", context))  # noqa: S308 - escaped by the template
