"""The home: what needs a human now, a section per role, and the first steps of a new house."""

from apps.console.home.page import context

__all__ = ["context"]
