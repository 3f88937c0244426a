"""Where a template is used: apps above register in their `uses.py`, so that whoever changes or loses one sees what hangs on it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from apps.core.registry import Registry
from apps.providers.models import MessageTemplate


@dataclass(frozen=True)
class Use:
    """One thing that needs the template: `label` for people, `url` of its screen (empty: none), `count` of what is
    affected (None: it cannot be counted). `waits`: these messages wait for the template right now."""

    label: str
    url: str = ""
    count: int | None = None
    waits: bool = False


Finder = Callable[[Collection[str]], Mapping[str, Sequence[Use]]]
"""Given names of kinds: their uses by kind, in a constant number of queries."""

finders: Registry[Finder] = Registry("finder of a template's uses", module="uses")


def uses_of(names: Collection[str]) -> dict[str, list[Use]]:
    """The uses of every one of these kinds, by kind."""
    found: dict[str, list[Use]] = {name: [] for name in names}
    for _name, finder in finders:
        for kind, some in finder(names).items():
            found.setdefault(kind, []).extend(some)
    return found


def uses(template: MessageTemplate) -> list[Use]:
    """The uses of one template."""
    return uses_of([template.kind])[template.kind]
