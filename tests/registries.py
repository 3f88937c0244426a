"""Swapping what a registry holds for the length of one test."""

from typing import Any

import pytest

from apps.core.registry import Registry


def swap(monkeypatch: pytest.MonkeyPatch, registry: Registry[Any], things: dict[str, Any]) -> None:
    """`registry` holds `things` and nothing else until the test ends.

    It is filled first: a registry that fills itself while it is swapped would lose what it found with the swap.
    """
    registry.get("")
    monkeypatch.setattr(registry, "_things", dict(things))


def add(monkeypatch: pytest.MonkeyPatch, registry: Registry[Any], name: str, thing: Any) -> None:
    """`registry` also holds `thing`, instead of what had its name."""
    swap(monkeypatch, registry, {**dict(registry), name: thing})
