"""Translation catalogues: what can be translated, what is translated, and whether the two agree.

Pure Python (polib), so that it runs wherever Recado is developed; GNU gettext is not needed. Running Recado needs neither:
the compiled .mo files are committed beside their sources.

Texts come from two places. Ours are read from the source each time. The admin theme and the scheduler ship no (or not
all) translations into our languages; what Django does not translate for them is kept in `packages.pot`, because two
releases of the theme are in use, one per Python version, and only one of them can be installed here.
"""

import ast
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import polib  # type: ignore[import-untyped]
from django.apps import apps
from django.utils.translation.template import templatize

BASE_DIR = Path(__file__).resolve().parent.parent
LOCALE_DIR = BASE_DIR / "portal" / "locale"
PACKAGES_POT = LOCALE_DIR / "packages.pot"
HOUSE_FOLDERS = ("apps", "portal", "templates")
PACKAGES = {"django-unfold": "unfold", "django-celery-beat": "django_celery_beat"}
# The theme has screens for packages that Recado does not use; nobody ever sees their texts.
USED_EXTRAS = {"filters", "forms", "inlines"}

LANGUAGES = {"pt_BR": "nplurals=2; plural=(n > 1);", "es": "nplurals=2; plural=(n != 1);"}
WIDTH = 110

# Which arguments hold context, msgid and plural, by the function's name without `_lazy` and `_noop`.
ARGUMENTS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "pgettext": (0, 1, None),
    "ngettext": (None, 0, 1),
    "npgettext": (0, 1, 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
TEMPLATE_CALL = re.compile(r"(?<!\w)(?:_|n?p?gettext)\(")


class CatalogueError(Exception):
    """A text in the source cannot be extracted; the sentence says where and why."""


@dataclass(frozen=True)
class Key:
    """What gettext looks a text up by."""

    context: str
    msgid: str


@dataclass
class Text:
    """One translatable text: its plural ("" when it has none) and the files or packages that show it."""

    plural: str = ""
    places: set[str] = field(default_factory=set)


Texts = dict[Key, Text]


# --- reading the source -----------------------------------------------------------------------------------------------
def python_texts(source: str, place: str, *, is_ours: bool = True) -> Texts:
    """Texts that one Python file gives to a gettext function, under whatever name it imports it.

    Raises CatalogueError when our own code gives it a text made at run time (an f-string, say), which no catalogue can
    hold; packages do that, and it stays English. A bare name is fine, since its text is marked where it was written.
    """
    tree = ast.parse(source, filename=place)
    names = _imported_functions(tree)
    texts: Texts = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := _function_name(node.func, names)):
            try:
                _add_call(texts, node, function, place)
            except CatalogueError:
                if is_ours:
                    raise
    return texts


def template_texts(source: str, place: str) -> Texts:
    """Texts of one Django template: translate, blocktranslate (count, context, trimmed) and _("...")."""
    flat = templatize(source, origin=place)
    texts: Texts = {}
    for match in TEMPLATE_CALL.finditer(flat):
        call = _shortest_call(flat, match.start(), place)
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        _add_call(texts, call, "gettext" if name == "_" else name, place)
    return texts


def _shortest_call(flat: str, start: int, place: str) -> ast.Call:
    """templatize writes Python calls between blanked-out text: read on until one is complete."""
    end = flat.find(")", start)
    while end != -1:
        try:
            node = ast.parse(flat[start : end + 1], mode="eval").body
        except SyntaxError:
            end = flat.find(")", end + 1)
            continue
        if isinstance(node, ast.Call):
            return node
        break
    raise CatalogueError(f"{place}: cannot read the translation call at {flat[start : start + 60]!r}")


def _base_name(function: str) -> str:
    return function.removesuffix("_lazy").removesuffix("_noop")


def _imported_functions(tree: ast.AST) -> dict[str, str]:
    return {
        alias.asname or alias.name: _base_name(alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if _base_name(alias.name) in ARGUMENTS
    }


def _function_name(called: ast.expr, names: dict[str, str]) -> str:
    if isinstance(called, ast.Name):
        return names.get(called.id, "")
    if isinstance(called, ast.Attribute) and _base_name(called.attr) in ARGUMENTS:
        return _base_name(called.attr)
    return ""


def _add_call(texts: Texts, call: ast.Call, function: str, place: str) -> None:
    values: list[str] = []
    for position in ARGUMENTS[function]:
        if position is None:
            values.append("")
            continue
        argument = call.args[position] if position < len(call.args) else None
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            values.append(argument.value)
        elif isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Call | None):
            raise CatalogueError(
                f"{place}:{call.lineno}: {function}() needs a plain text with %(named)s placeholders, "
                "filled in after it is translated"
            )
        else:
            return  # a name: marked elsewhere
    context, msgid, plural = values
    if msgid:
        _add(texts, Key(context, msgid), plural, place)


def _add(texts: Texts, key: Key, plural: str, place: str) -> None:
    text = texts.setdefault(key, Text())
    text.plural = text.plural or plural
    text.places.add(place)


def _merged(many: Iterable[Texts]) -> Texts:
    merged: Texts = {}
    for texts in many:
        for key, text in texts.items():
            for place in text.places:
                _add(merged, key, text.plural, place)
    return merged


def _file_texts(name: str, source: str, place: str, *, is_ours: bool = False) -> Texts:
    if name.endswith(".py"):
        return python_texts(source, place, is_ours=is_ours)
    return template_texts(source, place)


def house_texts(base: Path = BASE_DIR) -> Texts:
    """Every text of our own code and templates, with the files that show it."""
    paths = (
        path
        for folder in HOUSE_FOLDERS
        for path in sorted((base / folder).rglob("*"))
        if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts
    )
    return _merged(
        _file_texts(path.name, path.read_text("utf-8"), path.relative_to(base).as_posix(), is_ours=True)
        for path in paths
    )


# --- texts of packages ------------------------------------------------------------------------------------------------
def _is_shown(path: PurePosixPath) -> bool:
    if path.suffix not in {".py", ".html"} or {"migrations", "tests"} & set(path.parts):
        return False
    return "contrib" not in path.parts or bool(USED_EXTRAS & set(path.parts))


def wheel_texts(wheel: Path) -> Texts:
    """Texts of one package as released; the places name the package, not its files, which move about."""
    package = wheel.name.split("-")[0].replace("_", "-")
    with zipfile.ZipFile(wheel) as archive:
        return _merged(
            _file_texts(name, archive.read(name).decode("utf-8"), package)
            for name in sorted(archive.namelist())
            if _is_shown(PurePosixPath(name))
        )


def installed_texts() -> Texts:
    """Texts of the packages as installed here: one of the releases that `packages.pot` was made from."""

    def sources() -> Iterator[Texts]:
        for package, module in PACKAGES.items():
            spec = find_spec(module)
            root = Path((spec and spec.origin) or "").parent
            for path in sorted(root.rglob("*")):
                if _is_shown(PurePosixPath(path.relative_to(root).as_posix())):
                    yield _file_texts(path.name, path.read_text("utf-8"), package)

    return without_django(_merged(sources()))


def without_django(texts: Texts) -> Texts:
    """The texts that Django's own catalogues leave in English in at least one of our languages."""
    translated = set.intersection(*(_django_keys(language) for language in LANGUAGES))
    return {key: text for key, text in texts.items() if key not in translated}


def _django_keys(language: str) -> set[Key]:
    spec = find_spec("django")
    folders = [Path((spec and spec.origin) or "").parent / "conf"]
    folders += [Path(app.path) for app in apps.get_app_configs() if app.name.startswith("django.")]
    files = (folder / "locale" / language / "LC_MESSAGES" / "django.po" for folder in folders)
    return {
        _key(entry)
        for file in files
        if file.exists()
        for entry in polib.pofile(str(file))
        if entry.translated() and not entry.obsolete
    }


# --- catalogues -------------------------------------------------------------------------------------------------------
def _key(entry: polib.POEntry) -> Key:
    return Key(entry.msgctxt or "", entry.msgid)


def po_path(language: str, folder: Path = LOCALE_DIR) -> Path:
    return folder / language / "LC_MESSAGES" / "django.po"


def read(path: Path) -> dict[Key, polib.POEntry]:
    """The entries of one .po or .pot file, obsolete ones left out; empty when there is no file yet."""
    if not path.exists():
        return {}
    return {_key(entry): entry for entry in polib.pofile(str(path), wrapwidth=WIDTH) if not entry.obsolete}


def package_texts() -> Texts:
    """The texts kept in `packages.pot`."""
    return {
        key: Text(entry.msgid_plural, {place for place, _line in entry.occurrences})
        for key, entry in read(PACKAGES_POT).items()
    }


def wanted_texts() -> Texts:
    return _merged((package_texts(), house_texts()))


def rebuild_packages(wheels: Iterable[Path]) -> int:
    """Make `packages.pot` anew from these wheels; every release named in requirements/ must be among them."""
    texts = without_django(_merged(wheel_texts(wheel) for wheel in wheels))
    _catalogue("", texts, {}).save(str(PACKAGES_POT), newline="\n")
    return len(texts)


def update(language: str, texts: Texts, folder: Path = LOCALE_DIR) -> None:
    """Bring one language's .po in line with `texts`, keeping translations, and compile it."""
    path = po_path(language, folder)
    catalogue = _catalogue(language, texts, read(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path), newline="\n")
    path.with_suffix(".mo").write_bytes(catalogue.to_binary())


def _catalogue(language: str, texts: Texts, known: dict[Key, polib.POEntry]) -> polib.POFile:
    """Sorted, undated and without line numbers: the same texts give the same bytes, and a diff shows words only."""
    catalogue = polib.POFile(wrapwidth=WIDTH)
    catalogue.metadata = {
        "Project-Id-Version": "recado",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    } | ({"Plural-Forms": LANGUAGES[language]} if language else {})
    for key in sorted(texts, key=lambda key: (key.msgid.casefold(), key.msgid, key.context)):
        catalogue.append(_entry(language, key, texts[key], known.get(key)))
    return catalogue


def _entry(language: str, key: Key, text: Text, old: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(
        msgid=key.msgid,
        msgctxt=key.context or None,
        occurrences=[(place, "") for place in sorted(text.places)],
        flags=["python-format"] if re.search(r"%[(sd]", key.msgid) else [],
        tcomment=old.tcomment if old else "",
    )
    if text.plural:
        entry.msgid_plural = text.plural
        forms = old.msgstr_plural if old else {}
        entry.msgstr_plural = {form: forms.get(form, "") for form in (0, 1)} if language else {0: "", 1: ""}
    elif old:
        entry.msgstr = old.msgstr
    if old and old.fuzzy:
        entry.flags.append("fuzzy")
    return entry


# --- checking ---------------------------------------------------------------------------------------------------------
def problems(language: str, texts: Texts, folder: Path = LOCALE_DIR) -> list[str]:
    """What is wrong with one language, a line each; empty when it is complete."""
    path = po_path(language, folder)
    known = read(path)
    found = [f"{language}: no entry for {key.msgid!r}" for key in texts if key not in known]
    found += [f"{language}: stale, nothing shows {key.msgid!r} any more" for key in known if key not in texts]
    for key, entry in known.items():
        if key in texts:
            found += [f"{language}: {complaint}: {key.msgid!r}" for complaint in _complaints(entry, texts[key])]
    compiled = path.with_suffix(".mo")
    if known and (not compiled.exists() or compiled.read_bytes() != polib.pofile(str(path)).to_binary()):
        found.append(f"{language}: {compiled.name} was not compiled from this {path.name}")
    return sorted(found)


def _complaints(entry: polib.POEntry, text: Text) -> Iterator[str]:
    if entry.fuzzy:
        yield "fuzzy"
    if entry.msgid_plural != text.plural:
        yield "plural differs from the source"
    sources = [entry.msgid, entry.msgid_plural or entry.msgid]
    forms = [entry.msgstr_plural.get(0, ""), entry.msgstr_plural.get(1, "")] if text.plural else [entry.msgstr]
    for number, form in enumerate(forms):
        if not form:
            yield "not translated"
            continue
        # A singular may drop the number ("one photo"), the plural may not.
        allowed = sources if number == 0 else sources[1:]
        if not any(sorted(set(PLACEHOLDER.findall(form))) == sorted(set(PLACEHOLDER.findall(one))) for one in allowed):
            yield "placeholders differ"
        if (form[0] == "\n", form[-1] == "\n") != (entry.msgid[0] == "\n", entry.msgid[-1] == "\n"):
            yield "line breaks at the ends differ"


def all_problems() -> list[str]:
    """What is wrong with all catalogues, packages included, a line each."""
    kept = package_texts()
    found = [f"packages.pot: lacks {key.msgid!r}" for key in installed_texts() if key not in kept]
    texts = wanted_texts()
    for language in LANGUAGES:
        found += problems(language, texts)
    return found
