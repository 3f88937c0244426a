"""What every measurement stands on: servers of its own, a migrated database to copy, children with the product's settings."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.servers import PostgreSQL, Valkey, servers
from tests.stack import NOT_INHERITED

BASE_DIR = Path(__file__).resolve().parents[2]
TEMPLATE = "recado_template"
CHILD_SECONDS = 900.0


@dataclass
class Rig:
    """`fresh()` before each run gives an empty, migrated database and an empty broker; `env` is then a child's environment."""

    database: PostgreSQL
    broker: Valkey
    folder: Path
    is_small: bool
    env: dict[str, str] = field(default_factory=dict)
    _children: list["subprocess.Popen[str]"] = field(default_factory=list)

    def fresh(self, name: str = "bench", **extra: str) -> None:
        """Forget everything: a new copy of the migrated database, an empty broker, a new folder."""
        self.stop_children()
        self.broker.flush()
        url = self.database.create(name, template=TEMPLATE if name != TEMPLATE else "template1")
        folder = Path(tempfile.mkdtemp(prefix="var-", dir=self.folder))
        (folder / "static").mkdir()
        kept = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
        self.env = {
            **kept, "VAR_DIR": str(folder), "DATABASE_URL": url, "REDIS_URL": self.broker.url, "SANDBOX": "1",
            "SECRET_KEY": "for measuring only, long enough to please the system check, and then some",
            "ENCRYPTION_KEYS": "dGVzdHMtb25seS0tdGVzdHMtb25seS0tdGVzdHMtb28=", "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(BASE_DIR), **extra,
        }  # fmt: skip

    def spawn(self, *command: str, **extra: str) -> "subprocess.Popen[str]":
        """Start `python command...` with the product's settings; it is stopped by `stop_children` at the latest."""
        child = subprocess.Popen(
            [sys.executable, *command], cwd=BASE_DIR, env={**self.env, **extra}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._children.append(child)
        return child

    def run(self, *command: str, **extra: str) -> Any:
        """Run `python command...` to its end; its last line of output is JSON and is returned."""
        done = subprocess.run(
            [sys.executable, *command], cwd=BASE_DIR, env={**self.env, **extra}, text=True, stdout=subprocess.PIPE,
            check=True, timeout=CHILD_SECONDS,
        )  # fmt: skip
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None

    def stop_children(self) -> None:
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        for child in self._children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
        self._children.clear()

    def database_cpu(self) -> float:
        """Seconds of CPU that the database has used since its start, its ended backends included."""
        return sum(_cpu(process, with_ended=True) for process in self.database.processes()[:1]) + sum(
            _cpu(process) for process in self.database.processes()[1:]
        )


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and its children have used, ended children included."""
    try:
        head = psutil.Process(pid)
        return _cpu(head, with_ended=True) + sum(
            _cpu(child, with_ended=True) for child in head.children(recursive=True)
        )
    except psutil.NoSuchProcess:
        return 0.0


def _cpu(process: psutil.Process, *, with_ended: bool = False) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    ended = times.children_user + times.children_system if with_ended else 0.0
    return float(times.user + times.system + ended)


@contextmanager
def rig(*, is_small: bool) -> Iterator[Rig]:
    """Servers up, the database migrated once."""
    with servers() as (database, broker), tempfile.TemporaryDirectory(prefix="recado-bench-") as folder:
        made = Rig(database, broker, Path(folder), is_small)
        made.fresh(TEMPLATE)
        made.run("manage.py", "migrate", "--verbosity", "0")
        try:
            yield made
        finally:
            made.stop_children()


def machine() -> Mapping[str, str]:
    """What the figures were measured on."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": str(psutil.cpu_count()),
        "memory": f"{memory:.0f} GB",
        "Python": sys.version.split()[0],
    }
