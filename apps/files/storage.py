"""Bytes on disk, addressed by what they are: `MEDIA_ROOT/<first two of sha256>/<sha256>`. Knows no rows.

The same content is one file on disk. A file there is whole: it is written beside its place, flushed, then renamed.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from apps.core import clock


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def digest(content: bytes) -> str:
    """Under which name these bytes are kept: their sha256 in hex."""
    return hashlib.sha256(content).hexdigest()


def write(content: bytes) -> str:
    """Keep `content` and return its sha256 in hex. Writing what is there already changes nothing."""
    sha256 = digest(content)
    path = path_of(sha256)
    now = clock.now().timestamp()
    try:
        if path.stat().st_size == len(content):
            os.utime(path, (now, now))  # wanted again: `remove` looks at it
            return sha256
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a row that is committed must not name bytes that a power cut took away
        os.utime(name, (now, now))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return sha256


def remove(sha256: str, *, unless_since: datetime) -> bool:
    """Take these bytes off the disk, unless somebody wrote them (again) since that moment. False: they stay, or were gone.

    Moved aside first: whoever writes them from then on finds nothing there and writes them anew.
    """
    path = path_of(sha256)
    aside = path.with_name(f"old-{sha256}")
    with suppress(FileNotFoundError):
        path.replace(aside)
    if not aside.exists():
        return False
    if aside.stat().st_mtime >= unless_since.timestamp():
        aside.replace(path)
        return False
    aside.unlink()
    return True


def open_for_reading(sha256: str) -> BinaryIO:
    """Raises FileNotFoundError when the bytes are gone."""
    return path_of(sha256).open("rb")
