"""`var/demo.json`: what a running demo tells the people and programs that want to talk to it."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from portal import places


def path() -> Path:
    return places.var_dir() / "demo.json"


def read() -> dict[str, Any]:
    """The notes of the demo that runs in VAR_DIR; empty when none does."""
    try:
        notes: dict[str, Any] = json.loads(path().read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return notes


def write(**facts: Any) -> None:
    """Add `facts` to the notes, atomically, readable by this user alone (they hold passwords)."""
    notes = {**read(), **facts}
    handle, name = tempfile.mkstemp(dir=path().parent, prefix="demo-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(notes, file, indent=2, ensure_ascii=False)
    Path(name).replace(path())


def remove() -> None:
    path().unlink(missing_ok=True)


def join() -> None:
    """Let this process belong to the demo that runs in VAR_DIR, if one does: its addresses, its clock.

    Only while its supervisor holds the lock: notes that a killed one left behind switch nothing on.
    """
    known = read()
    if not {"base_url", "sandbox_url"} <= set(known):
        return
    lock = places.lock(places.var_dir())
    if lock is not None:
        lock.close()
        return
    for name, value in (("BASE_URL", known["base_url"]), ("SANDBOX_URL", known["sandbox_url"]), ("SANDBOX", "1")):
        os.environ.setdefault(name, value)
