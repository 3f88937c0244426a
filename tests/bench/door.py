"""Webhooks stored per second, and how long the sender waits at a fixed rate while a worker is busy with what came in."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from portal.supervisor import read_procfile
from tests.bench.frame import Figure, Sort
from tests.bench.poster import Order
from tests.bench.rig import BASE_DIR, Rig, cpu_of
from tests.servers import free_port

PORTAL, BARE, LEAN = "portal.wsgi:application", "tests.bench.bare:view", "tests.bench.bare:lean"
SECRET = "for measuring"
CONNECTIONS = 32
RATES = (320, 1000)

ACCOUNT = f"""
import django; django.setup()
from apps.providers.models import Account, Number, Portfolio
portfolio = Portfolio.objects.create(name="Bench")
account = Account.objects.create(id=1, portfolio=portfolio, kind="meta_cloud", name="Bench", hook_key="bench", app_secret="{SECRET}")
Number.objects.create(account=account, remote_id="100", phone="+15550001111", is_default=True)
"""
BUSY = """
import django; django.setup()
import time
from apps.inbox import parsing, processing
print("{}", flush=True)
while True:
    if not parsing.parse_waiting() + processing.take_up():
        time.sleep(0.02)
"""


def measure(rig: Rig) -> list[Figure]:
    """Each server is warm before it counts; those that are compared run one after the other."""
    seconds = 2.0 if rig.is_small else 8.0
    rates = {name: _throughput(rig, app, seconds) for name, app in (("bare", BARE), ("lean", LEAN), ("door", PORTAL))}
    door = rates["door"]
    figures = [
        Figure("stored, times a bare Django view's", door["rate"] / rates["bare"]["rate"], "x", 2.0, 3.0),
        Figure("stored, times a lean handler's", door["rate"] / rates["lean"]["rate"], "x", None, 0.8),
        Figure("CPU of a bare view's delivery over ours", rates["bare"]["cpu"] / door["cpu"], "x", None, 3.0),
        Figure("stored", door["rate"], "/s", sort=Sort.SEEN),
        Figure("stored by the bare view", rates["bare"]["rate"], "/s", sort=Sort.SEEN),
        Figure("CPU of one delivery, web and database", door["cpu"] * 1e6, "µs", sort=Sort.SEEN),
        Figure("answered 200 and not stored", door["lost"], "", 0, 0, Sort.COUNT),
    ]
    for rate in RATES:
        bare, ours = (_paced(rig, app, rate, seconds) for app in (BARE, PORTAL))
        asked = 2.0 if rate == RATES[0] else None
        figures += [
            Figure(f"errors at {rate}/s", ours["errors"], "", 0, 0, Sort.COUNT),
            Figure(f"p99 at {rate}/s, times the bare view's", ours["p99"] / bare["p99"], "x", asked, 2.0, Sort.LATENCY),
            Figure(f"p99 at {rate}/s", ours["p99"] * 1000, "ms", sort=Sort.SEEN),
        ]
    return figures


def _throughput(rig: Rig, app: str, seconds: float) -> dict[str, float]:
    with _server(rig, app) as (port, pid):
        warm = _post(rig, port, seconds=1.0)
        web, database = cpu_of(pid), rig.database_cpu()
        done = _post(rig, port, seconds=seconds)
        cpu = cpu_of(pid) - web + rig.database_cpu() - database
    _accept_only(done)
    stored = _stored(rig)  # one more for the bare ones: the first empty request
    answered = sum(one["statuses"].get("200", 0) for one in (warm, done))
    return {"rate": done["per_second"], "cpu": cpu / done["sent"], "lost": max(0, answered - stored)}


def _paced(rig: Rig, app: str, rate: int, seconds: float) -> dict[str, float]:
    with _server(rig, app) as (port, _pid):
        _post(rig, port, seconds=1.0, rate=rate)
        busy = rig.spawn("-c", BUSY)
        assert busy.stdout is not None
        busy.stdout.readline()
        done = _post(rig, port, seconds=seconds, rate=rate)
    errors = done["unanswered"] + sum(count for status, count in done["statuses"].items() if status != "200")
    return {"p99": done["p99"], "errors": errors}


@contextlib.contextmanager
def _server(rig: Rig, app: str) -> Iterator[tuple[int, int]]:
    """The web server as the Procfile starts it, with this application; an empty database behind it."""
    rig.fresh()
    Path(rig.env["VAR_DIR"], "static").mkdir(exist_ok=True)
    rig.run("-c", ACCOUNT)
    port = free_port()
    line = read_procfile(BASE_DIR / "Procfile")["web"].replace(PORTAL, app)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        ["sh", "-c", f"exec {line}"], cwd=BASE_DIR, env={**rig.env, "PORT": str(port), "PATH": path}
    )
    try:
        _wait_for(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    empty = (
        b"POST /hooks/meta_cloud/nobody/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as probe:
                probe.sendall(empty)
                if probe.recv(1):
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web server did not start")


def _post(rig: Rig, port: int, **order: Any) -> dict[str, Any]:
    wanted = Order(port=port, path="/hooks/meta_cloud/bench/", secret=SECRET, connections=CONNECTIONS, **order)
    done: dict[str, Any] = rig.run("-m", "tests.bench.poster", json.dumps(asdict(wanted)))
    return done


def _accept_only(done: dict[str, Any]) -> None:
    if set(done["statuses"]) != {"200"}:
        raise RuntimeError(f"not everything was taken: {done['statuses']}")


def _stored(rig: Rig) -> int:
    with rig.database.connect("bench") as connection:
        row = connection.execute("SELECT count(*) FROM inbox_receipt").fetchone()
        return int(row[0]) if row else 0
