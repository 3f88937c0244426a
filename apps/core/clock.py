"""The one clock of the house.

Everything of the business asks `now()`; sign-in sessions, one-time codes and Celery keep real time. With `SANDBOX=1` the
clock has an offset, kept in one file that every process reads, so that a demo can wind all of them forward at once.
Plain Python: provider adapters use it too, and they know no Django.
"""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

_cached: tuple[int, float] = (-1, 0.0)


def _is_sandbox() -> bool:
    return os.environ.get("SANDBOX", "") in {"1", "true", "True", "yes", "on"}


def _file() -> str:
    return os.path.join(os.environ.get("VAR_DIR", "var"), "clock")  # noqa: PTH118 - asked thousands of times a second


def offset() -> float:
    """Seconds by which the sandbox's clock runs ahead; always 0.0 without `SANDBOX=1`."""
    global _cached
    if not _is_sandbox():
        return 0.0
    name = _file()
    try:
        changed = os.stat(name).st_mtime_ns  # noqa: PTH116 - as above
        if changed != _cached[0]:
            _cached = (changed, float(Path(name).read_text()))
    except (FileNotFoundError, ValueError):
        return 0.0
    return _cached[1]


def now() -> datetime:
    """The present moment of the business, aware, UTC."""
    return datetime.now(UTC) + timedelta(seconds=offset())


def wind(seconds: float) -> float:
    """Move the sandbox's clock forward and return the new offset in seconds.

    Raises ValueError for a negative step (time never runs back: deadlines already fired would fire again) and
    RuntimeError outside the sandbox.
    """
    if not _is_sandbox():
        raise RuntimeError("The clock can be wound only with SANDBOX=1.")
    if seconds < 0:
        raise ValueError("The clock winds forward only.")
    moved = offset() + seconds
    path = Path(_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed: a reader sees the old number or the new one, never half of one.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="clock-")
    with os.fdopen(handle, "w") as file:
        file.write(repr(moved))
    Path(name).replace(path)
    return moved
