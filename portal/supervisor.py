"""A small supervisor: starts what the Procfile lists, restarts what dies, stops in order, leaves no orphans."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import requests

from portal import leash, places, valkey

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
CALM_SECONDS = 30.0
"""A process that lived this long has earned a quick restart again."""
STOP_ORDER = (("beat", "worker", "sender"), ("web", "sandbox"), ("valkey",))
STOP_SECONDS = {"beat": 4.0, "worker": 4.0, "sender": 4.0, "web": 3.0, "sandbox": 3.0, "valkey": 2.0}
START_SECONDS = 90.0
WORKERS = ("worker", "sender")
COLOURS = {"web": 32, "worker": 36, "sender": 34, "beat": 35, "sandbox": 33, "valkey": 31, "recado": 1}
# A worker or beat may die at any point (the rows are the truth), and without a broker it would try to say goodbye for ever.
LAST_SIGNAL = {"worker": signal.SIGKILL, "sender": signal.SIGKILL, "beat": signal.SIGKILL}

_print_lock = threading.Lock()


class Stopped(Exception):  # noqa: N818 - the wish of a person, not an error
    """Ctrl-C or SIGTERM."""


def say(name: str, line: str) -> None:
    """One line of output under the name of its process."""
    label = f"{name:<8}| "
    if sys.stdout.isatty():
        label = f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m"
    with _print_lock:
        print(label + line, flush=True)


def read_procfile(path: Path) -> dict[str, str]:
    """Name to shell command, in the file's order.

    >>> read_procfile(places.BASE_DIR / "Procfile")["sandbox"].split()[0]
    'python'
    """
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"([\w-]+):\s*(.+)", line.strip())
        if match:
            found[match[1]] = match[2]
    return found


@dataclass
class Process:
    """One child: what it is, whether it runs, and when it may be started again."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    popen: "subprocess.Popen[str] | None" = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0
    is_finished: bool = False
    said: list[str] = field(default_factory=list)
    """Patterns already seen in its output; see `wait_for_line`."""
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        number = LAST_SIGNAL.get(self.name, signal.SIGTERM)
        flags = [] if sys.platform.startswith("linux") else ["--watch"]
        runner = [sys.executable, "-S", "-E", leash.__file__, *flags, str(int(number)), str(os.getpid())]
        # A session of its own: Ctrl-C at the terminal reaches the supervisor alone, which then stops everything in order.
        self.popen = subprocess.Popen(  # noqa: S603 - our own Procfile
            [*runner, *self.command], env=dict(self.env), cwd=places.BASE_DIR, start_new_session=True, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
        )  # fmt: skip
        self.started_at = time.monotonic()
        threading.Thread(target=self._pass_on, args=(self.popen,), daemon=True).start()

    def _pass_on(self, popen: "subprocess.Popen[str]") -> None:
        for line in popen.stdout or ():
            text = line.rstrip()
            if text:
                say(self.name, text)
            if self.name in WORKERS and text.endswith(" ready."):
                self.ready.set()

    def signal(self, number: int) -> None:
        if self.popen is not None and self.is_running:
            self.popen.send_signal(number)

    def kill(self) -> None:
        """The whole session at once: a killed Celery parent must not leave its children."""
        if self.popen is None:
            return
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
        self.popen.wait()


class Supervisor:
    """Owns the children from start to stop. One per VAR_DIR; `run` returns the exit code."""

    def __init__(self, *, folder: Path, needs_valkey: bool) -> None:
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        env["PYTHONUNBUFFERED"] = "1"
        self.folder = folder
        self.processes: dict[str, Process] = {}
        self.on_restart: Callable[[], None] = lambda: None
        self._stops = 0
        if needs_valkey:
            command = valkey.command(folder, places.valkey_socket(folder))
            self.processes["valkey"] = Process("valkey", command, env)
        for name, line in read_procfile(places.BASE_DIR / "Procfile").items():
            self.processes[name] = Process(name, ["sh", "-c", f"exec {line}"], env)

    # --- start --------------------------------------------------------------------------------------------------------
    def catch_signals(self) -> None:
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._stops += 1
        if self._stops == 1:
            raise Stopped
        say("recado", "Killing everything at once.")
        for process in self.processes.values():
            process.kill()
        os._exit(130)

    def start(self, name: str) -> None:
        if name in self.processes:
            self.processes[name].start()

    def wait_for_socket(self) -> None:
        """Until the embedded broker listens."""
        if "valkey" in self.processes:
            path = places.valkey_socket(self.folder)
            self._wait(path.is_socket, "valkey")

    def wait_for_page(self, name: str, url: str) -> None:
        """Until `url` answers 200."""

        def answers() -> bool:
            try:
                return requests.get(url, timeout=5).status_code == 200
            except requests.RequestException:
                return False

        self._wait(answers, name)

    def wait_for_workers(self) -> None:
        for name in WORKERS:
            self._wait(self.processes[name].ready.is_set, name)

    def _wait(self, is_there: Callable[[], bool], name: str) -> None:
        """Raises SystemExit with a sentence when `name` does not come up: its own last lines say why."""
        deadline = time.monotonic() + START_SECONDS
        while not is_there():
            self.tend()
            process = self.processes[name]
            if time.monotonic() > deadline or process.failures > 3:
                raise SystemExit(f"{name} does not start; its last lines above say why. Nothing was lost.")
            time.sleep(0.1)

    # --- keep running -------------------------------------------------------------------------------------------------
    def tend(self) -> None:
        """Restart what has died and whose pause is over."""
        for process in self.processes.values():
            if process.popen is None or process.is_running or process.is_finished:
                continue
            self._restart(process)

    def _restart(self, process: Process) -> None:
        now = time.monotonic()
        if process.not_before == 0.0:
            code = process.popen.returncode if process.popen else 0
            if process.name == "sandbox" and code == 0:
                process.is_finished = True  # it stays off without SANDBOX=1
                return
            process.failures = 0 if now - process.started_at > CALM_SECONDS else process.failures + 1
            pause = BACKOFF_SECONDS[min(max(process.failures - 1, 0), len(BACKOFF_SECONDS) - 1)]
            process.not_before = now + pause
            say("recado", f"{process.name} ended ({_ending(code)}); starting it again in {pause:g} s.")
            process.kill()  # what is left of its session
        elif now >= process.not_before:
            process.not_before = 0.0
            process.start()
            self.on_restart()

    def run_until_stopped(self) -> None:
        while True:
            self.tend()
            time.sleep(0.2)

    # --- stop ---------------------------------------------------------------------------------------------------------
    def stop(self) -> None:
        """In order, so that nobody loses the one they talk to: beat and workers, web and sandbox, then the broker."""
        for group in STOP_ORDER:
            members = [self.processes[name] for name in group if name in self.processes]
            for process in members:
                process.signal(signal.SIGTERM)
            started = time.monotonic()
            for process in members:
                left = STOP_SECONDS[process.name] - (time.monotonic() - started)
                if process.popen is None:
                    continue
                try:
                    process.popen.wait(max(left, 0.05))
                except subprocess.TimeoutExpired:
                    say("recado", f"{process.name} did not stop in time: killed. What it was doing is taken up again.")
                process.kill()
        socket = places.valkey_socket(self.folder)
        if "valkey" in self.processes and socket.parent != self.folder:
            socket.unlink(missing_ok=True)

    def pids(self) -> dict[str, int]:
        """Process ids by name, the supervisor's own included."""
        running = {name: process.popen.pid for name, process in self.processes.items() if process.popen}
        return {"supervisor": os.getpid(), **running}


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
