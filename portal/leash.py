"""Runs one command that must not outlive the supervisor: `python leash.py SIGNAL PARENT command ...`. Standard library only.

On Linux the kernel is asked to send SIGNAL when the parent dies, and the command replaces this process. Elsewhere this
process stays in between and watches its standard input, a pipe that closes when the supervisor is gone.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int) -> bool:
    """Ask Linux to send us `number` when our parent dies; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    return ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) == 0


def watch(command: list[str], number: int) -> int:
    """Run `command` until it ends or standard input closes; returns its exit code."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as child:  # noqa: S603 - our own Procfile

        def wait_for_end_of_pipe() -> None:
            while os.read(0, 1024):
                pass
            child.send_signal(number)

        for passed in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(passed, lambda received, _frame: child.send_signal(received))
        threading.Thread(target=wait_for_end_of_pipe, daemon=True).start()
        return child.wait()


def main(arguments: list[str]) -> int:
    is_watching = arguments[0] == "--watch"
    number, parent, *command = arguments[is_watching:]
    if not is_watching and die_with_parent(int(number)):
        if os.getppid() != int(parent):
            return 1  # the supervisor died before we could ask
        os.execvp(command[0], command)  # noqa: S606 - our own Procfile
    return watch(command, int(number))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
