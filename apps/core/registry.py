"""Registries sit below, apps above register in them by autodiscover: this is the one shape of all of them."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from django.utils.module_loading import autodiscover_modules

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things, filled by every installed app's module called `module` (`kinds`, `targets`, ...) on first use."""

    def __init__(self, what: str, *, module: str) -> None:
        self._what = what
        self._module = module
        self._things: dict[str, T] = {}
        self._is_filled = False

    def register(self, name: str, thing: T) -> T:
        """Raises ValueError for a name that is taken: two apps meaning different things by one word is a bug."""
        if name in self._things and self._things[name] is not thing:
            raise ValueError(f"{self._what} “{name}” is registered twice.")
        self._things[name] = thing
        return thing

    def get(self, name: str) -> T | None:
        self._fill()
        return self._things.get(name)

    def __getitem__(self, name: str) -> T:
        """Raises LookupError with a sentence that names what is missing."""
        self._fill()
        try:
            return self._things[name]
        except KeyError:
            raise LookupError(f"No {self._what} is called “{name}”.") from None

    def __iter__(self) -> Iterator[tuple[str, T]]:
        self._fill()
        return iter(sorted(self._things.items()))

    def __contains__(self, name: str) -> bool:
        self._fill()
        return name in self._things

    def _fill(self) -> None:
        if not self._is_filled:
            self._is_filled = True
            autodiscover_modules(self._module)
