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


def hold_port(port: int) -> bool:
    """Whether no other Recado of this user is about to listen there; it is ours then, until this process ends.

    Seconds lie between our look at a port and the server's start: two that start together would both find it free, and
    Granian, which shares its port among workers, would share it with a stranger.
    """
    if port in _PORTS:
        return True
    path = Path(tempfile.gettempdir()) / f"recado-{os.getuid()}-port-{port}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:  # somebody else's file: nothing can be told
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return False
    _PORTS[port] = handle
    return True


_PORTS: dict[int, int] = {}
"""Open files by port; the system lets go of them whatever happens to us."""


def lock(folder: Path) -> TextIO | None:
    """One supervisor per folder: the lock, which the system lets go of whatever happens to us, or None when it is held."""
    handle = (folder / "up.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle
