"""The machine's own lines: database, broker, workers, beat, disk, settings."""

import ipaddress
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.health import checks, pulse

GIGABYTE = 1024**3
# UNSOURCED, ours: a day of webhooks of a busy company is some hundred megabytes.
DISK_AMBER, DISK_RED = 2 * GIGABYTE, GIGABYTE // 4


@check("house.1 ready")
def ready() -> Iterator[Finding]:
    """What `/readyz` asks."""
    asked = {
        "database": (_("Database"), checks.database, _("Start the database and check DATABASE_URL.")),
        "migrations": (_("Migrations"), checks.migrations, _("Run `python manage.py migrate`, or start with `up`, which does.")),
        "broker": (_("Broker (Redis)"), checks.broker,
                   _("Start Redis and check REDIS_URL; nothing is lost meanwhile, but nothing leaves either.")),
    }  # fmt: skip
    for code, (title, look, mend) in asked.items():
        wrong = look()
        if wrong:
            yield Finding(f"house.{code}", title, Level.RED, wrong, mend)
        else:
            yield Finding(f"house.{code}", title, Level.GREEN, _("Answers."))


@check("house.2 workers")
def workers() -> Iterator[Finding]:
    """A fresh pulse proves both; a stale one sends us looking who is missing."""
    title_workers, title_beat = _("Workers"), _("Beat (the clockwork)")
    last = pulse.last()
    if last is not None and pulse.real_now() - last < pulse.STALE:
        seen = _("Worked at %(at)s (UTC).") % {"at": date_format(last, "H:i:s")}
        yield Finding("house.workers", title_workers, Level.GREEN, seen)
        yield Finding("house.beat", title_beat, Level.GREEN, seen)
        return
    names = pulse.workers()
    when = _("never") if last is None else date_format(last, "j N Y H:i")
    seen = _("No sign of work since: %(when)s.") % {"when": when}
    if not names:
        yield Finding("house.workers", title_workers, Level.RED, seen,
                      _("Start the worker and sender processes of the Procfile; what waits is taken up at once."))  # fmt: skip
        yield Finding("house.beat", title_beat, Level.SKIPPED, _("Cannot be told apart while no worker answers."),
                      _("Start the workers first."))  # fmt: skip
        return
    yield Finding("house.workers", title_workers, Level.GREEN, ", ".join(names))
    if last is None:
        yield Finding("house.beat", title_beat, Level.AMBER, _("No pulse yet: this house has only just begun."),
                      _("Look again in half a minute; if it stays so, start the beat process of the Procfile."))  # fmt: skip
        return
    yield Finding("house.beat", title_beat, Level.RED, seen,
                  _("Start the beat process of the Procfile, exactly one; without it nothing is swept or reminded."))  # fmt: skip


@check("house.3 disk")
def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.VAR_DIR).free
    seen = _("%(free)s GB free where Recado keeps its files.") % {"free": f"{free / GIGABYTE:.1f}"}
    level = Level.RED if free < DISK_RED else Level.AMBER if free < DISK_AMBER else Level.GREEN
    mend = (
        ""
        if level == Level.GREEN
        else _("Make room or enlarge the disk: a full one stops the database and every webhook.")
    )
    yield Finding("house.disk", _("Disk"), level, seen, mend)


@check("house.4 settings")
def configuration() -> Iterator[Finding]:
    """What a demo may have and the world must not see."""
    title = _("Settings")
    address = urlsplit(settings.BASE_URL)
    hosts = {address.hostname or "", *settings.ALLOWED_HOSTS}
    public = sorted(host for host in hosts if not _is_loopback(host))
    troubles = [
        (settings.SANDBOX and bool(public), _("SANDBOX=1 meets a public host (%(hosts)s).") % {"hosts": ", ".join(public)},
         _("Unset SANDBOX: its phones have no login and its clock can be wound.")),
        (settings.DEBUG and bool(public), _("DEBUG is on."), _("Unset DEBUG: error pages show what nobody should see.")),
        (bool(public) and address.scheme != "https", _("BASE_URL is not https."),
         _("Put TLS in front and set BASE_URL to the https address: WhatsApp sends webhooks to nothing else.")),
    ]  # fmt: skip
    found = [Finding("house.settings", title, Level.RED, seen, mend) for is_so, seen, mend in troubles if is_so]
    if found:
        yield from found
    elif settings.SANDBOX:
        yield Finding("house.settings", title, Level.GREEN, _("A demo on this machine only (SANDBOX=1)."))
    else:
        yield Finding("house.settings", title, Level.GREEN, settings.BASE_URL)
    if clock.offset():
        hours = round(clock.offset() / 3600, 1)
        yield Finding(
            "house.clock", _("Clock of the demo"), Level.GREEN, _("%(hours)s hours ahead.") % {"hours": hours}
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
