"""What people type when they look for somebody by phone."""

import re

from django.db.models import Q

from apps.core.errors import InvalidInputError
from apps.people.phones import normalise, variants

FEWEST, MOST = 5, 15
"""Digits that a text must have to mean a phone, or a part of one."""
_PHONE = re.compile(r"[\d\s+().\-/]+")


def by_phone(text: str, field: str = "phone") -> Q | None:
    """Where `field` holds this number, spelled in any way, or has it as a part ("91234-5678"). None: it is no number."""
    digits = re.sub(r"\D", "", text)
    if not _PHONE.fullmatch(text) or not FEWEST <= len(digits) <= MOST:
        return None
    spelled = {spelling for one in (text, f"+{digits}") for spelling in _spellings(one)}
    return Q(**{f"{field}__in": sorted(spelled)}) | Q(**{f"{field}__icontains": digits})


def _spellings(text: str) -> list[str]:
    try:
        return variants(normalise(text))
    except InvalidInputError:
        return []
