"""Every text that a person reads is translated: nothing missing, nothing fuzzy, every placeholder kept.

English is the source and needs no catalogue. These tests sleep until the catalogues exist.
"""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

BASE_DIR = Path(__file__).resolve().parents[2]
LANGUAGES = ("pt_BR", "es")
SINGULAR = {"_", "gettext", "gettext_lazy", "pgettext", "pgettext_lazy"}
PLURAL = {"ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
IN_TEMPLATE = re.compile(r"""{%\s*(?:trans|translate)\s+(?:"([^"]+)"|'([^']+)')""")


def catalogue(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> polib.POFile:
    path = catalogue(language)
    if not path.exists():
        pytest.skip(f"no catalogue for {language} yet")
    return polib.pofile(str(path))


def texts_in_code() -> set[str]:
    found: set[str] = set()
    sandbox = BASE_DIR / "apps" / "sandbox"  # the toy carries its own words
    for path in [*(BASE_DIR / "apps").rglob("*.py"), *(BASE_DIR / "portal").rglob("*.py")]:
        if sandbox in path.parents or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                wanted = node.args[:1] if name in SINGULAR else node.args[:2] if name in PLURAL else []
                wanted = node.args[1:2] if name.startswith("pgettext") else wanted
                found |= {arg.value for arg in wanted if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    for folder in ("templates", "apps"):
        for path in (BASE_DIR / folder).rglob("*.html"):
            if sandbox not in path.parents:
                found |= {one or other for one, other in IN_TEMPLATE.findall(path.read_text(encoding="utf-8"))}
    return found - {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_or_fuzzy(language: str) -> None:
    entries = read(language)
    assert [entry.msgid for entry in entries.untranslated_entries()] == []
    assert [entry.msgid for entry in entries.fuzzy_entries()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_in_the_code_is_in_the_catalogue(language: str) -> None:
    known = {text for entry in read(language) if not entry.obsolete for text in (entry.msgid, entry.msgid_plural)}
    assert sorted(texts_in_code() - known) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_placeholder_is_kept(language: str) -> None:
    wrong = []
    for entry in read(language):
        if entry.obsolete:
            continue
        wanted = set(PLACEHOLDER.findall(entry.msgid)) | set(PLACEHOLDER.findall(entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and not set(PLACEHOLDER.findall(text)) <= wanted:
                wrong.append(entry.msgid)
            if text and not entry.msgid_plural and set(PLACEHOLDER.findall(text)) != wanted:
                wrong.append(entry.msgid)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_the_one_that_was_written(language: str) -> None:
    entries = read(language)
    compiled = polib.mofile(str(catalogue(language).with_suffix(".mo")))
    said = {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in compiled}
    written = {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in entries.translated_entries()}
    assert said == written
