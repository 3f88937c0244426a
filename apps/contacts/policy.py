"""What a code proves, and how often one may be tried. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from apps.people.phones import variants

GUESSES = timedelta(hours=1)
"""Wrong codes are counted over this time."""
GUESSES_OF_ONE = 5
"""Wrong codes of one address; then it gets no answer until an hour is over."""
GUESSES_OF_ALL = 200
"""Wrong codes of all addresses together: beyond it only codes from the phone of HR's record count, so that somebody who
tries codes with a thousand phones finds nothing and locks nobody out."""

DAYS = 14
"""How long an invitation lasts unless HR chooses otherwise."""
LONGEST_DAYS = 90


class Proof(StrEnum):
    """What stands between a right code and a link."""

    ENOUGH = "enough"
    OTHER_PHONE = "other_phone"
    HIDDEN = "hidden"
    TAKEN = "taken"


def is_same_phone(one: str, other: str) -> bool:
    """True when both are spellings of one number.

    >>> is_same_phone("+5511987654321", "+551187654321")
    True
    >>> is_same_phone("", "")
    False
    """
    return bool(one and other) and not set(variants(one)).isdisjoint(variants(other))


def judge(*, phone: str, record: str, is_of_another: bool) -> Proof:
    """Whether a right code from `phone` proves the person whose phone HR wrote down as `record`.

    `is_of_another`: the address belongs to another employee, who never loses it silently.
    """
    if is_of_another:
        return Proof.TAKEN
    if not phone:
        return Proof.HIDDEN
    return Proof.ENOUGH if is_same_phone(phone, record) else Proof.OTHER_PHONE


def expires(now: datetime, days: int) -> datetime:
    return now + timedelta(days=days)
