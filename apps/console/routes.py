"""Every address of the house, and what each needs. `declared.py` is the table; here is how it is read and held against the URLs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.functional import Promise

from apps.console import matrix
from apps.console.addresses import screen_of

StrOrPromise = str | Promise

_GROUP = re.compile(r"\(\?P(<\w+>)(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Need:
    """What somebody must have. `kind` is one of KINDS; of `one_of` one is enough, of `all_of` every one is needed."""

    kind: str
    all_of: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    screen: tuple[str, str] = ("", "")
    words: StrOrPromise = ""


PUBLIC, SIGNED_IN, DESK, KEY, SIGNATURE, LOOPBACK = "public", "signed_in", "desk", "key", "signature", "loopback"
KINDS = (PUBLIC, SIGNED_IN, DESK, KEY, SIGNATURE, LOOPBACK)


@dataclass(frozen=True)
class Route:
    """`address` as people read it: no anchors of regular expressions, places for values in angle brackets."""

    address: str
    name: str
    view: Any

    @property
    def view_class(self) -> Any:
        return getattr(self.view, "view_class", None) or getattr(self.view, "cls", None)


def walk(patterns: Any = None, prefix: str = "", space: str = "") -> Iterator[Route]:
    """Every route of the whole URL configuration."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        address = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from walk(one.url_patterns, address, inner)
        elif isinstance(one, URLPattern):
            yield Route(_readable(address), f"{space}{one.name}" if one.name else "", one.callback)


def _readable(address: str) -> str:
    return _GROUP.sub(r"\1", address.replace("^", "").removesuffix("$")).replace("$", "")


# --- screens: by rule -------------------------------------------------------------------------------------------------

RULE: tuple[tuple[str, str], ...] = (
    ("", "view"),
    ("add/", "add"),
    ("<path:object_id>/change/", "view"),
    ("<path:object_id>/delete/", "delete"),
    ("<path:object_id>/history/", "view"),
    ("<path:object_id>/", ""),
)
"""The addresses that Django makes for each screen, and the verb each needs; the last one only leads on to the page."""


def screens() -> dict[str, Need]:
    """What the rule says of every registered model."""
    found = {}
    for model in admin.site._registry:
        label, base = model._meta.label_lower, f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        for rest, verb in RULE:
            found[base + rest] = Need(DESK, screen=(label, verb)) if verb else Need(DESK)
    return found


# --- reading it -------------------------------------------------------------------------------------------------------


def allows(need: Need, holder: Any) -> bool:
    """Whether a sign-in (or its key) with these permissions gets through: for an address of the API, whether it may read.

    Rows are another matter.
    """
    if need.kind == SIGNATURE:
        return False
    label, verb = need.screen
    if verb:
        return verb in matrix.permitted(screen_of(label), holder)
    has_one = not need.one_of or any(holder.has_perm(one) for one in need.one_of)
    return has_one and holder.has_perms(need.all_of)


def wrong(routes: list[Route], table: Mapping[str, Need], *, only_sometimes: frozenset[str] = frozenset()) -> list[str]:
    """A sentence for every route that nobody declared, and for every declaration without a route."""
    known = {**screens(), **table}
    there = {route.address for route in routes}
    missing = sorted(there - set(known))
    gone = sorted(set(known) - there - only_sometimes)
    twice = sorted(set(screens()) & set(table))
    return [
        *(f"/{one}: nobody declared what it needs. Say so in apps/console/declared.py." for one in missing),
        *(f"/{one}: declared in apps/console/declared.py, but there is no such route." for one in gone),
        *(f"/{one}: the rule for screens says what it needs already." for one in twice),
    ]


def need_of(route: Route, table: Mapping[str, Need]) -> Need:
    """Raises KeyError for a route that nobody declared."""
    return table[route.address] if route.address in table else screens()[route.address]
