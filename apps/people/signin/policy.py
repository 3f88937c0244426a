"""Who needs a second factor, and what counts as one. Pure."""

from collections.abc import Collection, Iterable

SUPERUSER = "superuser"
FACTORS = frozenset({"totp", "webauthn"})
"""What counts by itself; recovery codes only stand in for one of these."""


def needs_factor(*, roles: Iterable[str], is_superuser: bool, wanted: Collection[str]) -> bool:
    """Whether somebody with these roles reaches nothing before a second factor."""
    return (is_superuser and SUPERUSER in wanted) or any(role in wanted for role in roles)


def would_be_last(types: Iterable[str], removed: str) -> bool:
    """Whether taking one factor of type `removed` away leaves none that counts."""
    left = [kind for kind in types if kind in FACTORS]
    return removed in FACTORS and len(left) <= 1
