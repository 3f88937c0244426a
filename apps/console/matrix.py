"""Who may see and do what, worked out from the rules themselves: roles, screens, row scopes. Reads no table.

A screen is asked as it is asked on every request (`has_view_permission` and the like), by a stand-in who holds nothing
but the permissions of one role. So the matrix cannot say anything else than what the screens do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.console.groups import GROUPS
from apps.console.special_words import WORDS
from apps.core import scope
from apps.people.roles import NAMES, ROLES

StrOrPromise = str | Promise

VERBS = ("view", "add", "change", "delete")
NOBODY = "nobody"
NOBODY_TITLE = _("Nobody special (any sign-in)")
ELSEWHERE = _("Found on other pages")
INSIDE = _("Inside other pages")


class Holder:
    """Somebody who holds these permissions ("app.codename") and nothing else, not even a row."""

    is_active = is_staff = is_authenticated = True
    is_superuser = is_anonymous = False
    pk = id = None

    def __init__(self, codenames: Iterable[str] = ()) -> None:
        self._codenames = frozenset(codenames)

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return permission in self._codenames

    def has_perms(self, permissions: Iterable[str], obj: Any = None) -> bool:
        return all(self.has_perm(one) for one in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return any(one.startswith(f"{app_label}.") for one in self._codenames)


@dataclass(frozen=True)
class Column:
    """One role. `kind`: house, widened, narrowed (of the house, changed by an administrator), own, or nobody."""

    name: str
    title: StrOrPromise
    codenames: frozenset[str]
    kind: str = "house"

    @property
    def holder(self) -> Holder:
        return Holder(self.codenames)


@dataclass(frozen=True)
class Line:
    """One model: the verbs of each column, in the order of the columns, and whose rows are seen."""

    label: str
    title: StrOrPromise
    cells: tuple[frozenset[str], ...]
    words: StrOrPromise
    page: StrOrPromise = ""


@dataclass(frozen=True)
class Section:
    title: StrOrPromise
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Special:
    """A permission beyond see, add, change and delete, and which columns have it."""

    codename: str
    title: StrOrPromise
    cells: tuple[bool, ...]


# --- columns ----------------------------------------------------------------------------------------------------------


def house_models() -> list[type[models.Model]]:
    """Every table of our own rooms."""
    return [
        model for config in apps.get_app_configs() if config.name.startswith("apps.") for model in config.get_models()
    ]


def codenames_of(model: type[models.Model]) -> list[str]:
    """All permissions on a model, those that Django makes and its own."""
    meta = model._meta
    made = [f"{verb}_{meta.model_name}" for verb in meta.default_permissions]
    return [f"{meta.app_label}.{codename}" for codename in [*made, *(own for own, _title in meta.permissions)]]


def of_role(role: str) -> frozenset[str]:
    """What a role of the house holds after `migrate`; "*.view" is every view permission of our own rooms."""
    named = set(ROLES[role])
    if "*.view" in named:
        every = (codename for model in house_models() for codename in codenames_of(model))
        named |= {codename for codename in every if codename.partition(".")[2].startswith("view_")}
    return frozenset(named - {"*.view"})


def house_columns() -> list[Column]:
    """The six roles as they are delivered, and somebody who signs in without any."""
    roles = [Column(role, NAMES[role][0], of_role(role)) for role in ROLES]
    return [*roles, Column(NOBODY, NOBODY_TITLE, frozenset(), NOBODY)]


def column_of(group: str, codenames: Iterable[str]) -> Column:
    """A role as it stands in the database; `kind` says what an administrator made of it."""
    held = frozenset(codenames)
    if group not in ROLES:
        return Column(group, group, held, "own")
    delivered = of_role(group)
    kind = "widened" if held - delivered else "narrowed" if delivered - held else "house"
    return Column(group, NAMES[group][0], held, kind)


# --- lines ------------------------------------------------------------------------------------------------------------


def permitted(screen: Any, holder: Any) -> frozenset[str]:
    """The verbs that a screen (or an inline) offers to somebody. Changing includes seeing."""
    request = HttpRequest()
    request.user = holder
    found = {verb for verb in VERBS if getattr(screen, f"has_{verb}_permission")(*_asked(screen, verb, request))}
    return frozenset(found | {"view"} if "change" in found else found)


def _asked(screen: Any, verb: str, request: HttpRequest) -> tuple[Any, ...]:
    """An inline is asked about adding with the row it stands on."""
    return (request, None) if verb == "add" and not isinstance(screen, admin.ModelAdmin) else (request,)


def sections(columns: list[Column]) -> list[Section]:
    """Every registered model once: by the groups of the navigation, then what has no row there, then what stands inside."""
    holders = [column.holder for column in columns]
    registered = {model._meta.label_lower: screen for model, screen in admin.site._registry.items()}
    found = []
    for title, rows in GROUPS:
        named = [(label, name) for label, _icon, name in rows if name in registered]
        found.append(Section(title, tuple(_line(registered.pop(name), label, holders) for label, name in named)))
    left = sorted(registered.items())
    found.append(Section(ELSEWHERE, tuple(_line(screen, _plural(screen.model), holders) for _name, screen in left)))
    inside = tuple(_line(inline, _plural(inline.model), holders, page) for page, inline in inlines())
    found.append(Section(INSIDE, inside))
    return [section for section in found if section.lines]


def inlines() -> Iterator[tuple[StrOrPromise, Any]]:
    """(the page's plural, the inline) of every table that stands on another one's page."""
    for model, screen in sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label_lower):
        for inline in screen.inlines:
            yield _plural(model), inline(model, admin.site)


def _line(screen: Any, title: StrOrPromise, holders: list[Holder], page: StrOrPromise = "") -> Line:
    cells = tuple(permitted(screen, holder) for holder in holders)
    return Line(screen.model._meta.label_lower, title, cells, scope.of(screen.model).words, page)


def _plural(model: type[models.Model]) -> StrOrPromise:
    return str(capfirst(model._meta.verbose_name_plural))


def specials(columns: list[Column]) -> list[Special]:
    """Every permission of our rooms that is more than see, add, change or delete. Raises KeyError for one without words."""
    own = {
        f"{model._meta.app_label}.{codename}"
        for model in house_models()
        for codename, _title in model._meta.permissions
    }
    named = sorted(own, key=list(WORDS).index) if own <= set(WORDS) else sorted(own)
    return [Special(name, WORDS[name], tuple(name in column.codenames for column in columns)) for name in named]
