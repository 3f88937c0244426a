"""Small files, short functions, honest names, imports at the top: what keeps the house readable."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 400, 50
LATE_IMPORTS = 0.015
VAGUE_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "tools.py"}

# Path (and function) to the reason why it may be longer. An entry that is no longer needed fails the test too.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    found = [*(BASE_DIR / "apps").rglob("*.py"), *(BASE_DIR / "portal").rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return path.relative_to(BASE_DIR).as_posix()


def functions() -> Iterator[tuple[str, Function]]:
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, Function):
                yield f"{named(path)}:{node.name}", node


def test_no_file_is_long() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}
    assert set(LONG_FILES) <= set(long), "an exception that is no longer needed"


def test_no_function_is_long() -> None:
    lengths = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in functions()}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}
    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}
    assert set(LONG_FUNCTIONS) <= set(long), "an exception that is no longer needed"


def test_no_file_has_a_vague_name() -> None:
    assert [named(path) for path in sources() if path.name in VAGUE_NAMES] == []


def test_imports_stand_at_the_top() -> None:
    every = late = 0
    where = []
    for path in sources():
        every += sum(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree(path)))
        inside = {
            node.lineno
            for function in ast.walk(tree(path))
            if isinstance(function, Function)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        late += len(inside)
        where += [f"{named(path)}:{line}" for line in sorted(inside)]
    assert late / every < LATE_IMPORTS, where


@pytest.mark.parametrize("room", sorted(path.parent.name for path in (BASE_DIR / "apps").glob("*/__init__.py")))
def test_every_app_has_its_page(room: str) -> None:
    page = BASE_DIR / "apps" / room / "README.md"
    assert page.exists()
    assert len(page.read_text(encoding="utf-8")) > 300


# Read as a sentence everywhere: `record("ticket.taken", ...)`, `transition(ticket, TICKET, "take", ...)`.
POSITIONAL = {"journal.transition", "people.check_manager"}


def test_public_services_take_keywords_only() -> None:
    """One plain argument cannot be confused with another; two can."""
    wrong = []
    for path in (BASE_DIR / "apps").glob("*/services.py"):
        for node in tree(path).body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                positional = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
                name = f"{path.parent.name}.{node.name}"
                if len(positional) > 1 and name not in POSITIONAL:
                    wrong.append(f"{name}({', '.join(positional)})")
    assert wrong == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """Paths of one workshop mean nothing to anybody else."""
    suffixes = {".py", ".md", ".toml", ".html", ".css", ".js", ".yml", ".yaml", ".txt", ".in", ".example", ".sh", ""}
    forbidden = ("/" + "work/", ".." + "/shared")
    folders = ("apps", "portal", "tests", "docs", "static", "templates", ".ci", "requirements")
    files = [path for folder in folders for path in (BASE_DIR / folder).rglob("*") if path.is_file()]
    files += [path for path in BASE_DIR.iterdir() if path.is_file()]
    wrong = [
        named(path)
        for path in files
        if path.suffix in suffixes and "__pycache__" not in path.parts
        if any(text in path.read_text(encoding="utf-8", errors="ignore") for text in forbidden)
    ]
    assert wrong == []


def test_a_person_is_locked_without_their_key() -> None:
    """A plain lock keeps out every row that names the person: no message of theirs could be kept while HR's change runs,
    and a decision that names the next decider could wait in a circle with it.
    """
    locks = r"Employee\.objects\.select_for_update\((?P<how>[^)]*\)?[^)]*)\)"
    found = [(named(path), match["how"]) for path in sources() for match in re.finditer(locks, path.read_text())]
    assert [where for where, how in found if "no_key=True" not in how] == []
    assert len(found) > 8
