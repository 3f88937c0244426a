"""Everything a person reads exists in English, Brazilian Portuguese and Spanish; docs/translating.md says how."""

import re
from io import StringIO
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation
from django.utils.translation import gettext, ngettext

from apps.conversations.words import WORDS
from apps.forms import chat
from apps.forms.parse import fold
from apps.inbox.words import Word, whole_word
from portal import catalogues
from portal.catalogues import CatalogueError, Key, Text

DJANGO_CODES = {"pt_BR": "pt-br", "es": "es"}


def test_nothing_is_untranslated_fuzzy_stale_or_uncompiled() -> None:
    found = catalogues.all_problems()
    assert not found, "Run `make messages` and fill in portal/locale/:\n" + "\n".join(found)


def test_every_language_of_the_house_has_a_catalogue() -> None:
    codes = {code for code, _name in settings.LANGUAGES} - {"en"}
    assert codes == {DJANGO_CODES[folder] for folder in catalogues.LANGUAGES}


def test_running_it_again_changes_nothing(tmp_path: Path) -> None:
    texts = catalogues.wanted_texts()
    for language in catalogues.LANGUAGES:
        committed = catalogues.po_path(language)
        copy = catalogues.po_path(language, tmp_path)
        copy.parent.mkdir(parents=True)
        copy.write_bytes(committed.read_bytes())
        catalogues.update(language, texts, tmp_path)
        before, after = polib.pofile(str(committed)), polib.pofile(str(copy))
        # Which file shows a text may have changed since; the words may not.
        assert [(e.msgid, e.msgstr, e.msgstr_plural) for e in before] == [
            (e.msgid, e.msgstr, e.msgstr_plural) for e in after
        ]
        assert copy.with_suffix(".mo").read_bytes() == committed.with_suffix(".mo").read_bytes()


@pytest.mark.parametrize(("code", "of_none"), [("pt-br", "foto "), ("es", "fotos ")])
def test_django_finds_the_compiled_words(code: str, of_none: str) -> None:
    photos = ("%(count)s photo received.", "%(count)s photos received.")
    with translation.override(code):
        assert gettext("Cancel") == "Cancelar"
        assert "foto " in ngettext(*photos, 1)
        assert "fotos " in ngettext(*photos, 2)
        assert of_none in ngettext(*photos, 0)


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_titles_of_chat_buttons_fit_their_place(language: str) -> None:
    """WhatsApp cuts nothing by itself: it refuses a button over 20 characters and a list row over 24."""
    entries = catalogues.read(catalogues.po_path(language))
    source = (catalogues.BASE_DIR / "apps" / "forms" / "chat.py").read_text("utf-8")
    titles = set(re.findall(r'[A-Z]+: _\("([^"]+)"\)', source))
    assert {"Back", "Cancel", "Send"} <= titles
    for title in titles:
        assert len(entries[Key("", title)].msgstr) <= 20


@pytest.mark.parametrize("code", [code for code, _name in settings.LANGUAGES])
def test_the_title_of_every_control_may_be_typed_instead(code: str) -> None:
    with translation.override(code):
        for control, spellings in WORDS.items():
            assert fold(chat.title_of(control)) in spellings


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_words_that_a_sentence_tells_people_to_write_are_understood(language: str) -> None:
    told = {"*menu*": Word.MENU, "Write START": Word.START, "write START": Word.START, "Write STOP": Word.STOP}
    found = set()
    for entry in catalogues.read(catalogues.po_path(language)).values():
        for phrase, word in told.items():
            if phrase in entry.msgid:
                candidates = re.findall(r"\*(\w+)\*|\b([A-Z]{4,})\b", entry.msgstr)
                assert word in {whole_word("".join(pair)) for pair in candidates}, entry.msgstr
                found.add(word)
    assert found == {Word.MENU, Word.START, Word.STOP}


# --- the tool itself --------------------------------------------------------------------------------------------------
def test_python_texts_follow_the_import_and_keep_context_and_plural() -> None:
    source = (
        "from django.utils.translation import gettext_lazy as later, npgettext, pgettext as p\n"
        "from django.utils import translation\n"
        'later("one" " two"); p("month", "May"); npgettext("chat", "%(n)s file", "%(n)s files", n)\n'
        'translation.gettext("by module"); later(NAME); other("not ours")\n'
    )
    assert catalogues.python_texts(source, "a.py") == {
        Key("", "one two"): Text("", {"a.py"}),
        Key("month", "May"): Text("", {"a.py"}),
        Key("chat", "%(n)s file"): Text("%(n)s files", {"a.py"}),
        Key("", "by module"): Text("", {"a.py"}),
    }


def test_template_texts_know_blocks_contexts_and_plurals() -> None:
    source = """{% load i18n %}{% translate "It's (here)" %}{{ _("Quiet") }}{% translate "May" context "month" %}
    {% blocktranslate count n=rows trimmed %}
      {{ n }} row
    {% plural %}
      {{ n }} rows
    {% endblocktranslate %}"""
    assert set(catalogues.template_texts(source, "a.html")) == {
        Key("", "It's (here)"), Key("", "Quiet"), Key("month", "May"), Key("", "%(n)s row"),
    }  # fmt: skip
    assert catalogues.template_texts(source, "a.html")[Key("", "%(n)s row")].plural == "%(n)s rows"


def test_a_text_made_at_run_time_is_refused_with_its_place() -> None:
    source = 'from django.utils.translation import gettext as _\n_(f"Hello {name}")\n'
    with pytest.raises(CatalogueError, match=r"apps/x\.py:2"):
        catalogues.python_texts(source, "apps/x.py")


def test_each_kind_of_gap_is_named(tmp_path: Path) -> None:
    kept = {Key("", text): Text() for text in ("Plain", "Stale", "Fuzzy", "Hello %(name)s", "\nEnds", "Empty")}
    catalogues.update("es", kept, tmp_path)
    path = catalogues.po_path("es", tmp_path)
    words = {
        "Plain": "Llano",
        "Stale": "Viejo",
        "Fuzzy": "Borroso",
        "Hello %(name)s": "Hola %(nombre)s",
        "\nEnds": "Fin",
    }
    book = polib.pofile(str(path))
    for entry in book:
        entry.msgstr = words.get(entry.msgid, "")
        if entry.msgid == "Fuzzy":
            entry.flags.append("fuzzy")
    book.save(str(path))
    wanted = {key: text for key, text in kept.items() if key.msgid != "Stale"} | {Key("", "Added"): Text()}
    assert catalogues.problems("es", wanted, tmp_path) == [
        "es: django.mo was not compiled from this django.po",
        "es: fuzzy: 'Fuzzy'",
        "es: line breaks at the ends differ: '\\nEnds'",
        "es: no entry for 'Added'",
        "es: not translated: 'Empty'",
        "es: placeholders differ: 'Hello %(name)s'",
        "es: stale, nothing shows 'Stale' any more",
    ]


def test_a_plural_may_not_lose_its_number_but_a_singular_may(tmp_path: Path) -> None:
    texts = {Key("", "%(count)s photo"): Text("%(count)s photos")}
    catalogues.update("es", texts, tmp_path)
    path = catalogues.po_path("es", tmp_path)

    def complaints(one: str, many: str) -> list[str]:
        book = polib.pofile(str(path))
        book[0].msgstr_plural = {0: one, 1: many}
        book.save(str(path))
        catalogues.update("es", texts, tmp_path)
        return catalogues.problems("es", texts, tmp_path)

    assert complaints("%(count)s foto", "%(count)s fotos") == []
    assert complaints("%(count)s foto", "unas fotos") == ["es: placeholders differ: '%(count)s photo'"]
    assert complaints("%(count)s foto", "") == ["es: not translated: '%(count)s photo'"]


def test_the_command_fails_and_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogues.LANGUAGES, "fr", "nplurals=2; plural=(n > 1);")
    out = StringIO()
    with pytest.raises(CommandError, match="make messages"):
        call_command("catalogues", "--check", stdout=out)
    assert "fr: no entry for 'Cancel'" in out.getvalue()
