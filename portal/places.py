"""Where this installation keeps its things. Plain Python: settings and `up` both ask before Django is there."""

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TextIO

BASE_DIR = Path(__file__).resolve().parent.parent

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100


def var_dir() -> Path:
    """`VAR_DIR`, else `var/` beside manage.py."""
    return Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()


def valkey_socket(folder: Path) -> Path:
    """The embedded server's socket: in `folder`, or under a short temporary name derived from it when that is too long."""
    wanted = folder / "valkey.sock"
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_PATH:
        return wanted
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"recado-{os.getuid()}-{digest}" / "valkey.sock"


def lock(folder: Path) -> TextIO | None:
    """One supervisor per folder: the lock, which the system lets go of whatever happens to us, or None when it is held."""
    handle = (folder / "up.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle
