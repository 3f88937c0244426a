"""Where the screens of the desk are, by "app.model"."""

from typing import Any

from django.contrib import admin
from django.urls import reverse


def list_of(model: str, query: str = "") -> str:
    """The address of a list, narrowed by `query`."""
    address = reverse(f"admin:{model.replace('.', '_')}_changelist")
    return f"{address}?{query}" if query else address


def page_of(model: str, key: object) -> str:
    """The address of one row's page."""
    return reverse(f"admin:{model.replace('.', '_')}_change", args=[key])


def button_of(model: str, key: object, name: str) -> str:
    """The address of a button on one row's page."""
    return reverse(f"admin:{model.replace('.', '_')}_{name}", args=[key])


def screen_of(model: str) -> Any:
    """The admin class. Raises LookupError for what has no list."""
    for registered, screen in admin.site._registry.items():
        if registered._meta.label_lower == model:
            return screen
    raise LookupError(f"“{model[:100]}” has no list.")
