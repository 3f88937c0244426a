"""The leash as it works where the kernel offers none: it watches a pipe."""

import subprocess
import sys
import time

import psutil

from portal import leash


def _start(*command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, leash.__file__, "--watch", "15", "1", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_the_command_ends_when_the_pipe_closes() -> None:
    with _start(sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        children = psutil.Process(process.pid).children()
        process.stdin.close()
        process.wait(10)
    assert not any(child.is_running() for child in children)


def test_a_signal_is_passed_on_and_the_exit_code_comes_back() -> None:
    code = (
        "import signal, sys, time; signal.signal(15, lambda *a: sys.exit(7)); print('up', flush=True); time.sleep(60)"
    )
    with _start(sys.executable, "-c", code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        started = time.monotonic()
        process.terminate()
        assert process.wait(10) == 7
        assert time.monotonic() - started < 5
