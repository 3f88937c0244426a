"""Everything the house knows about itself, in the order in which an operator reads it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core import findings
from apps.core.findings import Finding, Level
from apps.providers.gauges import Gauge, gauges_around
from apps.providers.models import Account

KEPT = 60  # seconds
REDS = "health:reds"


@dataclass(frozen=True)
class Section:
    """Lines of one kind; the worst first."""

    title: str
    findings: list[Finding]


def sections(lines: Iterable[Finding]) -> list[Section]:
    """What to mend first, then the machine, the accounts, and the work."""
    lines = list(lines)
    bad = [line for line in lines if line.level in {Level.RED, Level.AMBER}]
    well = [line for line in lines if line not in bad]
    groups = [
        (_("To mend"), sorted(bad, key=lambda line: -line.level.rank)),
        (_("This machine"), [line for line in well if line.code.startswith("house.")]),
        (_("WhatsApp"), [line for line in well if line.code.startswith("providers.")]),
        (_("The work"), [line for line in well if not line.code.startswith(("house.", "providers."))]),
    ]
    return [Section(title, found) for title, found in groups if found]


def look() -> list[Finding]:
    """Every check of every room, now."""
    lines = findings.run_all()
    reds = sum(line.level == Level.RED for line in lines)
    cache.set_many({_key(): [line.to_json() for line in lines], REDS: reds}, KEPT)
    return lines


def recent() -> list[Finding]:
    """What was seen within the last minute, else what is seen now, in the active language."""
    kept = cache.get(_key())
    return look() if kept is None else [Finding.from_json(line) for line in kept]


def reds() -> int:
    """How many lines were red when somebody looked within the last minute; asks nobody, and is 0 when nobody looked."""
    return int(cache.get(REDS) or 0)


def _key() -> str:
    return f"health:seen:{get_language()}"


def gauges() -> list[Gauge]:
    """Every budget once, though accounts share a portfolio."""
    found = [gauge for account in Account.objects.select_related("portfolio") for gauge in gauges_around(account)]
    return list(dict.fromkeys(found))
