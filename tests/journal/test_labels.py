"""Coloured labels of lists: the theme's, rendered once for each different one."""

from django.utils.html import escape
from unfold.utils import display_for_label

from apps.journal.labels import labelled

COLOURS = {"new": "danger"}


def shown(told: object) -> str:
    return str(labelled(COLOURS, description="state")(lambda screen, row: told)(None, None))


def test_a_label_looks_as_the_theme_has_it() -> None:
    for told in (("new", "neu"), ("new", "new"), "new", ("gone", "gone"), "gone"):
        assert shown(told) == display_for_label(told, "-", COLOURS)


def test_words_of_a_stranger_are_words() -> None:
    assert escape("<script>") in shown(("new", "<script>"))
    assert "<script>" not in shown(("new", "<script>"))
