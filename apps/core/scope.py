"""Which rows of a model somebody may see: one declaration per model, in its app's `rows.py`, read by every screen.

A model that nobody declared has no rows for anybody: asking for it raises LookupError, in the first test that opens it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.functional import Promise

from apps.core.registry import Registry

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Scope:
    """`rows(user)` is the queryset of one's rows; None: whoever may view the model sees all of it. `words` say it."""

    words: str | Promise
    rows: Callable[[Any], QuerySet[Any]] | None = None


scopes: Registry[Scope] = Registry("row scope", module="rows")


def declare(*labels: str, words: str | Promise, rows: Callable[[Any], QuerySet[Any]] | None = None) -> None:
    """Declare models ("people.employee"). `rows` gets the user; without it the models hold nobody's matters."""
    for label in labels:
        scopes.register(label, Scope(words, rows))


def of(model: type[Model]) -> Scope:
    """Raises LookupError for a model that nobody declared."""
    return scopes[model._meta.label_lower]


def narrow(queryset: QuerySet[M], user: Any) -> QuerySet[M]:
    """Only the rows that `user` may see. Raises LookupError for a model that nobody declared."""
    rows = of(queryset.model).rows
    if rows is None:
        return queryset
    visible = rows(user)
    # Who sees everything gets the plain query: a sub-select over a million rows would filter nothing, slowly.
    return queryset.filter(pk__in=visible.order_by().values("pk")) if visible.query.where else queryset


def may_see(obj: Model, user: Any) -> bool:
    """Whether this row is within the scope of `user`."""
    return narrow(type(obj)._default_manager.all(), user).filter(pk=obj.pk).exists()
