"""`manage.py up [--demo]`: the whole product with one command; see portal/supervisor.py."""

import hashlib
import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from portal import places
from portal.demo import notes
from portal.supervisor import WORKERS, Stopped, Supervisor, say


class Command(BaseCommand):
    help = "Start everything: the broker (unless REDIS_URL is set), migrations, then what the Procfile lists."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="with a demo company and pretend phones (SANDBOX=1)")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = places.var_dir()
        lock = take_lock(folder)
        started = time.monotonic()
        needs_valkey = f"redis+socket://{places.valkey_socket(folder)}" == settings.REDIS_URL
        supervisor = Supervisor(folder=folder, needs_valkey=needs_valkey)
        supervisor.catch_signals()
        try:
            start(supervisor, is_demo=options["demo"])
            summary(seconds=time.monotonic() - started, is_demo=options["demo"])
            supervisor.run_until_stopped()
        except Stopped:
            say("recado", "Stopping; a second Ctrl-C kills at once.")
        finally:
            notes.remove()
            supervisor.stop()
            lock.close()
        say("recado", "Stopped. Everything is kept; the next start goes on from here.")


def take_lock(folder: Path) -> TextIO:
    """One supervisor per VAR_DIR. Raises SystemExit when another one runs."""
    lock = places.lock(folder)
    if lock is None:
        raise SystemExit(f"Recado already runs on {folder}. Stop it first, or choose another VAR_DIR.")
    return lock


def start(supervisor: Supervisor, *, is_demo: bool) -> None:
    """Broker, tables, pages, then the processes; the web first, since two cores import one thing at a time best."""
    notes.remove()
    supervisor.start("valkey")
    supervisor.wait_for_socket()
    say("recado", "Bringing the tables up to date.")
    call_command("migrate", verbosity=0, interactive=False)
    collect_static()
    connections.close_all()
    supervisor.start("web")
    supervisor.wait_for_page("web", f"{address()}/livez")
    if is_demo:
        supervisor.start("sandbox")
        supervisor.wait_for_page("sandbox", f"{os.environ['SANDBOX_URL']}/healthz")
        say("recado", "Planting the demo company.")
        call_command("seed_demo", verbosity=0)
        connections.close_all()
    for name in (*WORKERS, "beat", *(() if is_demo else ("sandbox",))):
        supervisor.start(name)
    supervisor.wait_for_workers()
    supervisor.on_restart = lambda: notes.write(pids=supervisor.pids())
    if is_demo:
        notes.write(pids=supervisor.pids(), is_ready=True)


def address() -> str:
    """Where this machine reaches the web process, whatever name the world calls it by."""
    return f"http://127.0.0.1:{os.environ['PORT']}"


def collect_static() -> None:
    """Gather and compress the static files, only when something they are made of has changed."""
    stamp = settings.STATIC_ROOT / ".stamp"
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            changed = storage.get_modified_time(name).timestamp()
            digest.update(f"{name} {storage.size(name)} {changed}".encode())
    wanted = digest.hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        say("recado", "Gathering the static files.")
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.write_text(wanted)


def summary(*, seconds: float, is_demo: bool) -> None:
    """What a person wants to know once it runs."""
    lines = [f"Recado runs (after {seconds:.0f} s).", "", f"  Admin    {settings.BASE_URL}/admin/"]
    if is_demo:
        known = notes.read()
        lines.append(f"  Phones   {known['sandbox_url']}/")
        lines += ["", "  Sign in to the admin as"]
        for login in known["logins"]:
            lines.append(f"    {login['username']:<10} {login['password']:<22} {login['what']}")
            if login["totp_secret"]:
                lines.append(f"    {'':<10} and a code from the app with the key {login['totp_secret']}")
        lines += ["", f"  The present codes, one click each: {known['codes_url']}"]
        lines += ["", "  On the phones page pick a person and send: menu"]
    else:
        lines.append("  First sign-in: python manage.py createsuperuser")
    for line in [*lines, "", "  Ctrl-C stops everything; data stays in " + str(places.var_dir())]:
        say("recado", line)
