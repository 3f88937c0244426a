"""What can be done to many rows at once: each app declares its deeds in `deeds.py`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.functional import Promise

from apps.core.registry import Registry
from apps.people.models import User


@dataclass(frozen=True)
class Words:
    """What is typed once for all rows, like a reason. `is_needed`: nothing is ordered without it."""

    label: str | Promise
    is_needed: bool = False
    longest: int = 500


@dataclass(frozen=True)
class Given:
    """What the order carries to each row: `words` as typed, and what `look` found in the row when it was shown."""

    words: str = ""
    seen: Any = None


@dataclass(frozen=True)
class Deed:
    """`title` stands on the button. `permission` is a full codename, asked when it is shown, ordered, and for each chunk.

    `why_not(rows, by)` gives, in the active language, the reason for every row that must be left as it is, without writing
    and in a constant number of statements. `act(row, by, given)` does it to one row through the app's own service and raises
    RecadoError where it cannot; a row on which it was done before is no harm. `warning` says what cannot be undone.
    """

    model: str
    title: str | Promise
    permission: str
    why_not: Callable[[Sequence[Any], User], Mapping[int, str]]
    act: Callable[[Any, User, Given], Any]
    warning: str | Promise = ""
    consequence: str | Promise = ""
    label: Callable[[Any], str] = str
    """How one row is named, with `related` (as of select_related) read together."""
    related: tuple[str, ...] = ()
    words: Words | None = None
    look: Callable[[Sequence[Any], User], Mapping[int, Any]] | None = None
    """What of each row must still be so when it is done, as JSON by key, in a constant number of statements."""

    @property
    def rows_of(self) -> type[models.Model]:
        return apps.get_model(self.model)


deeds: Registry[Deed] = Registry("deed for many rows", module="deeds")


def register(name: str, deed: Deed) -> None:
    """Add a deed under its name, like "outbox.cancel"."""
    deeds.register(name, deed)


def offered(model: type[models.Model], user: Any) -> list[tuple[str, Deed]]:
    """What this person may do to many rows of the model."""
    return [(name, deed) for name, deed in deeds if deed.model == model._meta.label_lower and may(user, deed)]


def may(user: Any, deed: Deed) -> bool:
    return bool(user.is_active and user.has_perm(deed.permission))
