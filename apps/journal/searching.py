"""What a list finds by the words in its search box, so that a million rows are not read for it.

Rows of other tables (the person of a message) are found first, and then what names them, by its key. What has no index is
looked for among the newest rows only. All words must be found in one place: in the row itself, or in one row it names.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.db.models import AutoField, IntegerField, Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from apps.core.texts import one_line

LONGEST, MOST_WORDS = 200, 8
MOST_KEYS = 500
"""Up to so many rows of another table are named by their keys. With more, enough rows match for a page to be full soon."""
RECENT = 100_000
"""Among how many of the newest rows `search_recent` looks."""
NOTHING = Q(pk__in=())


class Searched:
    """Mixin of admin classes: `search_fields` as Django has them, but `=name` means exactly this and uses its index."""

    search_recent: Sequence[str] = ()
    """Text columns of one's own that have no index: looked through among the newest rows only."""

    def search_exactly(self, text: str) -> Q | None:
        """What else the whole text may mean: a code, a phone, an id. None: nothing."""
        return None

    def search_condition(self, request: HttpRequest, text: str) -> Q:
        """The rows that `text`, already cleaned, finds."""
        model: type[Model] = self.model  # type: ignore[attr-defined]
        wanted = matching(model, self.get_search_fields(request), text)  # type: ignore[attr-defined]
        if self.search_recent:
            wanted |= newest(model, _all_words(self.search_recent, words_of(text)))
        return wanted | (self.search_exactly(text) or NOTHING)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = cleaned(search_term)
        return (queryset.filter(self.search_condition(request, text)) if text else queryset), False


def cleaned(text: str) -> str:
    """One line of at most LONGEST characters, without what nobody sees: controls, marks of direction in a copied phone."""
    return one_line(text[: 4 * LONGEST])[:LONGEST].strip()


def words_of(text: str) -> list[str]:
    """The words of a cleaned text; what stands in quotes is one. A text of very many words is one, too."""
    words = []
    for bit in smart_split(text):
        is_quoted = len(bit) > 1 and bit[0] in "\"'" and bit[0] == bit[-1]
        words.append(unescape_string_literal(bit) if is_quoted else bit)
    words = [word for word in words if word]
    return words if 0 < len(words) <= MOST_WORDS else [text]


def whole_number(text: str) -> int | None:
    """The number when the text is one that a key can be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def coded(letter: str, text: str) -> int | None:
    """The number of a short code ("T-104", "t104") or of its number alone; None for anything else."""
    bare = text.strip()
    if bare[:1].upper() == letter:
        bare = bare[1:].removeprefix("-")
    return whole_number(bare)


def newest(model: type[Model], wanted: Q) -> Q:
    """What is `wanted`, among the RECENT newest rows."""
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Q(pk__gt=last - RECENT) & wanted


def about(number: str) -> Q:
    """Rows whose subject, of whatever kind, has this number: said as their index by (subject_type, subject_id) has it."""
    labels = sorted(model._meta.label_lower for model in apps.get_models())
    return Q(subject_type__in=labels, subject_id=number)


def matching(model: type[Model], fields: Iterable[str], text: str) -> Q:
    """Where the text is found: in the row's own columns, or in those of one row that it names."""
    wanted, places = NOTHING, {}  # type: Q, dict[tuple[str, ...], list[str]]
    for spec in fields:
        *path, name = spec.removeprefix("=").split(LOOKUP_SEP)
        if spec.startswith("="):
            wanted |= _exactly(model, path, name, text)
        else:
            places.setdefault(tuple(path), []).append(name)
    for place, names in places.items():
        found = _all_words(names, words_of(text))
        wanted |= naming(model, place, found) if place else found
    return wanted


def naming(model: type[Model], path: Sequence[str], wanted: Q) -> Q:
    """Rows of `model` that name, by the relations of `path`, a row that is `wanted`."""
    chain = [model]
    for name in path:
        chain.append(chain[-1]._meta.get_field(name).related_model)  # type: ignore[arg-type]
    steps = list(zip(chain, path, strict=False))
    if not all(
        near._meta.get_field(name).concrete and not near._meta.get_field(name).many_to_many for near, name in steps
    ):
        found = model._default_manager.filter(_prefixed(path, wanted))
        return Q(pk__in=found.order_by().values("pk"))
    rows: QuerySet[Any] = chain[-1]._default_manager.filter(wanted)
    condition = NOTHING
    for near, name in reversed(steps):
        keys = list(rows.order_by().values_list("pk", flat=True)[: MOST_KEYS + 1])
        if not keys:
            return NOTHING
        condition = Q(**{f"{name}__in": keys if len(keys) <= MOST_KEYS else rows.order_by().values("pk")})
        rows = near._default_manager.filter(condition)
    return condition


def _exactly(model: type[Model], path: list[str], name: str, text: str) -> Q:
    far = model
    for one in path:
        far = far._meta.get_field(one).related_model  # type: ignore[assignment]
    field = far._meta.pk if name == "pk" else far._meta.get_field(name)
    value: Any = whole_number(text) if isinstance(field, IntegerField | AutoField) else text
    if value is None:
        return NOTHING
    return naming(model, path, Q(**{name: value})) if path else Q(**{name: value})


def _all_words(names: Iterable[str], words: Iterable[str]) -> Q:
    """Every word in one of the columns."""
    every = Q()
    for word in words:
        every &= Q.create([(f"{name}__icontains", word) for name in names], connector=Q.OR)
    return every


def _prefixed(path: Sequence[str], wanted: Q) -> Q:
    prefix = LOOKUP_SEP.join(path)
    inside: Iterable[Any] = wanted.children
    children: list[Any] = [
        _prefixed(path, child) if isinstance(child, Q) else (f"{prefix}__{child[0]}", child[1]) for child in inside
    ]
    return Q.create(children, connector=wanted.connector, negated=wanted.negated)
