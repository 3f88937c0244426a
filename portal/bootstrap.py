"""What must be true before Django's settings can load: `manage.py up` on a fresh machine has no secrets yet."""

import base64
import os
import secrets
import shutil
import socket
from pathlib import Path

import environ

from portal import places
from portal.demo import company

WEB_PORT = 8000
SANDBOX_PORT = 8001
# What an installation keeps in VAR_DIR: RESET=1 removes these and nothing else.
KEPT = (
    ".env", "clock", "demo.json", "files", "static", "valkey", "anchors", "recado.sqlite3", "recado.sqlite3-shm",
    "recado.sqlite3-wal", "sandbox.sqlite3", "sandbox.sqlite3-shm", "sandbox.sqlite3-wal",
)  # fmt: skip
_HEADER = """# Written by `manage.py up` on its first run. Keep this file secret and keep a copy of it:
# without ENCRYPTION_KEYS the tokens stored in the database cannot be read again.
"""


def prepare(*, is_demo: bool) -> Path:
    """Make VAR_DIR, its secrets and the addresses of this run; returns VAR_DIR. The real environment always wins.

    Raises SystemExit with a sentence when a chosen PORT is taken.
    """
    folder = places.var_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["VAR_DIR"] = str(folder)
    if is_on("RESET"):
        reset(folder)
    write_secrets(folder / ".env")
    environ.Env.read_env(folder / ".env", overwrite=False)
    if is_demo:
        os.environ["SANDBOX"] = "1"
        os.environ.setdefault("COMPANY_NAME", company.COMPANY)
    choose_ports()
    os.environ.setdefault("BASE_URL", f"http://127.0.0.1:{os.environ['PORT']}")
    os.environ.setdefault("SANDBOX_URL", f"http://127.0.0.1:{os.environ['SANDBOX_PORT']}")
    return folder


def is_on(name: str) -> bool:
    return os.environ.get(name, "") in {"1", "true", "True", "yes", "on"}


def reset(folder: Path) -> None:
    """Forget everything that an earlier run left in `folder`."""
    if os.environ.get("DATABASE_URL"):
        raise SystemExit("RESET=1 empties VAR_DIR only. You gave a DATABASE_URL: empty that database yourself first.")
    for name in KEPT:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_secrets(path: Path) -> None:
    """Add the secrets that `path` lacks, readable by this user alone; what is there stays."""
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    names = {line.partition("=")[0].strip() for line in known.splitlines()}
    missing = {name: value for name, value in fresh.items() if name not in names and not os.environ.get(name)}
    if not missing:
        return
    text = (known or _HEADER) + "".join(f"{name}={value}\n" for name, value in missing.items())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)


def choose_ports() -> None:
    """Set PORT and SANDBOX_PORT: the usual ones, else the next free; a chosen port must be free."""
    taken: set[int] = set()
    for name, usual in (("PORT", WEB_PORT), ("SANDBOX_PORT", SANDBOX_PORT)):
        chosen = os.environ.get(name)
        if chosen:
            hindered = _hindrance(int(chosen), taken)
            if hindered:
                raise SystemExit(f"{hindered} Choose another: {name}={free_port(int(chosen) + 1, taken)}")
        port = int(chosen) if chosen else free_port(usual, taken)
        taken.add(port)
        os.environ[name] = str(port)


def _hindrance(port: int, taken: set[int]) -> str:
    """Why a chosen port cannot be ours, in a sentence; empty when it is ours from now on."""
    if port in taken:
        return f"Port {port} is chosen twice."
    if not is_free(port):
        return f"Port {port} is taken."
    return "" if places.hold_port(port) else f"Port {port} is about to be used by another Recado of yours."


def free_port(first: int, taken: set[int]) -> int:
    """The first free port of the hundred from `first`, else any."""
    for port in range(first, min(first + 100, 65_535)):
        if port not in taken and is_free(port) and places.hold_port(port):
            return port
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return int(any_port.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that only lingers in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((os.environ.get("BIND", "127.0.0.1"), port))
        except OSError:
            return False
    return True
