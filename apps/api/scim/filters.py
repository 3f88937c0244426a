"""SCIM filters (RFC 7644 section 3.4.2.2): read once, then asked of the database or of one element of a list.

Length, depth and number of terms are bounded: a filter comes from outside.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from apps.api.scim.errors import ScimError

LONGEST, DEEPEST, MOST_TERMS = 2000, 10, 40
_TOKEN = re.compile(r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))""")
_OPERATORS = {"eq", "ne", "co", "sw", "ew"}


@dataclass(frozen=True)
class Term:
    """`path` in lower case, without a schema in front; `operator` eq ne co sw ew pr."""

    path: str
    operator: str
    value: Any = None


@dataclass(frozen=True)
class Both:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Either:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Not:
    inner: "Node"


Node = Term | Both | Either | Not


def parse(text: str) -> Node:
    """Raises ScimError (400 invalidFilter) for what is no filter, or is too large."""
    if len(text) > LONGEST:
        raise _bad("It is too long.")
    reader = _Reader(_tokens(text))
    node = reader.either("", 0)
    if reader.rest:
        raise _bad(f"“{reader.rest[0][:40]}” is not understood there.")
    return node


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = _TOKEN.match(stripped, at)
        if match is None:
            raise _bad("A quotation mark is missing.")
        found.append(match.group(match.lastgroup or 0))
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.rest, self.terms = tokens, 0

    def _next(self) -> str:
        if not self.rest:
            raise _bad("It ends too early.")
        return self.rest.pop(0)

    def _is(self, word: str) -> bool:
        return bool(self.rest) and self.rest[0].lower() == word

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise _bad(f"“{mark}” is missing.")

    def either(self, prefix: str, depth: int) -> Node:
        parts = [self._both(prefix, depth)]
        while self._is("or"):
            self._next()
            parts.append(self._both(prefix, depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, prefix: str, depth: int) -> Node:
        parts = [self._single(prefix, depth)]
        while self._is("and"):
            self._next()
            parts.append(self._single(prefix, depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self, prefix: str, depth: int) -> Node:
        self.terms += 1
        if depth > DEEPEST or self.terms > MOST_TERMS:
            raise _bad("It is too large.")
        if self._is("not"):
            self._next()
            self._expect("(")
            inner = self.either(prefix, depth + 1)
            self._expect(")")
            return Not(inner)
        word = self._next()
        if word == "(":
            inner = self.either(prefix, depth + 1)
            self._expect(")")
            return inner
        return self._term(plain_path(word), prefix, depth)

    def _term(self, path: str, prefix: str, depth: int) -> Node:
        if not re.fullmatch(r"[a-z$][\w.$-]*", path):
            raise _bad(f"“{path[:40]}” is not an attribute.")
        if self._is("[") and not prefix:
            self._next()
            inner = self.either(f"{path}.", depth + 1)
            self._expect("]")
            return inner
        operator = self._next().lower()
        if operator == "pr":
            return Term(prefix + path, "pr")
        if operator not in _OPERATORS:
            raise _bad(f"The operator “{operator[:20]}” is not supported.")
        try:
            value = json.loads(self._next())
        except ValueError as error:
            raise _bad("A value must be a quoted text, true, false or a number.") from error
        if (value is not None and not isinstance(value, str | bool | int | float)) or "\x00" in str(value):
            raise _bad("A value must be a quoted text, true, false or a number.")
        return Term(prefix + path, operator, value)


def plain_path(word: str) -> str:
    """An attribute in lower case, without the schema in front of it."""
    lower = word.lower()
    return lower.rpartition(":")[2] if lower.startswith("urn:") else lower


# --- asked of the database --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """Where an attribute lives. `kind`: text (any case), exact, truth (`lookup` is a value of `state`), key, fixed.

    A key of many: `lookup` is a column of the rows `among`, whose only value is the key of what is filtered.
    """

    lookup: str
    kind: str = "text"
    among: QuerySet[Any, Any] | None = None


_LOOKUPS = {
    "text": {"eq": "iexact", "co": "icontains", "sw": "istartswith", "ew": "iendswith"},
    "exact": {"eq": "exact", "co": "contains", "sw": "startswith", "ew": "endswith"},
}
NOTHING = Q(pk__in=[])


def as_q(node: Node, columns: Mapping[str, Column]) -> Q:
    """The filter as a condition. Raises ScimError for an attribute that cannot be filtered by."""
    if isinstance(node, Not):
        return ~as_q(node.inner, columns)
    if isinstance(node, Both | Either):
        joined = as_q(node.parts[0], columns)
        for part in node.parts[1:]:
            inner = as_q(part, columns)
            joined = joined & inner if isinstance(node, Both) else joined | inner
        return joined
    column = columns.get(node.path)
    if column is None:
        raise _bad(f"“{node.path[:60]}” cannot be filtered by.")
    if node.operator == "ne":
        return ~_term_q(Term(node.path, "eq", node.value), column)
    return _term_q(node, column)


def _term_q(term: Term, column: Column) -> Q:
    if column.kind == "fixed":
        return ~NOTHING if term.operator == "pr" or str(term.value).lower() == column.lookup else NOTHING
    if column.kind == "truth":
        return _truth(term, column)
    if column.kind == "key":
        return _key(term, column)
    if term.operator == "pr":
        return ~Q(**{column.lookup: ""}) & Q(**{f"{column.lookup}__isnull": False})
    if term.value is None:
        return Q(**{column.lookup: ""}) | Q(**{f"{column.lookup}__isnull": True})
    return Q(**{f"{column.lookup}__{_LOOKUPS[column.kind][term.operator]}": str(term.value)})


def _truth(term: Term, column: Column) -> Q:
    if term.operator == "pr":
        return ~NOTHING
    said = str(term.value).lower()
    if term.operator != "eq" or said not in {"true", "false"}:
        raise _bad("Compare it with true or false.")
    name, value = column.lookup.split("=")
    return Q(**{name: value}) if said == "true" else ~Q(**{name: value})


def _key(term: Term, column: Column) -> Q:
    if term.operator == "pr":
        return Q(**{f"{column.lookup}__isnull": False}) if column.among is None else Q(pk__in=column.among)
    if term.operator != "eq":
        raise _bad("An id can only be compared by eq and ne.")
    pk = key_of(term.value)
    if pk is None:
        return NOTHING
    wanted = Q(**{column.lookup: pk})
    return wanted if column.among is None else Q(pk__in=column.among.filter(wanted))


def key_in(name: str, letter: str) -> int:
    """The key in an id that begins with this letter; 0, which no row has, for anything else."""
    return (key_of(name) or 0) if name.startswith(letter) else 0


def key_of(value: Any) -> int | None:
    """The row's key in one of our ids ("u17", "g4"); None for what is none."""
    if isinstance(value, str) and re.fullmatch(r"[ug][1-9]\d{0,17}", value, re.ASCII):
        return int(value[1:])
    return None


# --- asked of one element ---------------------------------------------------------------------------------------------


def matches(node: Node, element: Mapping[str, Any]) -> bool:
    """Whether one element of a multi-valued attribute is meant."""
    if isinstance(node, Not):
        return not matches(node.inner, element)
    if isinstance(node, Both):
        return all(matches(part, element) for part in node.parts)
    if isinstance(node, Either):
        return any(matches(part, element) for part in node.parts)
    value = next((value for name, value in element.items() if name.lower() == node.path), None)
    if node.operator == "pr":
        return value not in (None, "")
    has, wanted = str(value).lower(), str(node.value).lower()
    if node.operator in {"eq", "ne"}:
        return (has == wanted) == (node.operator == "eq")
    if value is None:
        return False
    return {"co": wanted in has, "sw": has.startswith(wanted), "ew": has.endswith(wanted)}[node.operator]


def named_by(node: Node) -> dict[str, Any]:
    """What a filter of `eq` terms says about the element it looks for; empty when it says anything else."""
    parts = node.parts if isinstance(node, Both) else (node,)
    terms = [part for part in parts if isinstance(part, Term) and part.operator == "eq"]
    return {term.path: term.value for term in terms} if len(terms) == len(parts) else {}


def _bad(why: str) -> ScimError:
    return ScimError(400, "invalidFilter", f"The filter cannot be used. {why}")
