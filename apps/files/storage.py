"""Bytes on disk, addressed by what they are: `MEDIA_ROOT/<first two of sha256>/<sha256>`. Knows no rows.

The same content is one file on disk. A file there is whole: it is written beside its place, flushed, then renamed.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from django.conf import settings


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def write(content: bytes) -> str:
    """Keep `content` and return its sha256 in hex. Writing what is there already changes nothing."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(sha256)
    if path.exists() and path.stat().st_size == len(content):
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a row that is committed must not name bytes that a power cut took away
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return sha256


def open_for_reading(sha256: str) -> BinaryIO:
    """Raises FileNotFoundError when the bytes are gone."""
    return path_of(sha256).open("rb")
