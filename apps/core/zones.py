"""Time zones by name. Pure."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for one that nobody knows: a spoilt row shifts a moment by hours, and stops nothing.

    >>> zone_of("Mars/Olympus")
    zoneinfo.ZoneInfo(key='UTC')
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the zones, like "America"
        return ZoneInfo("UTC")
