"""What a check of the house found, and where the checks of every room are registered. No tables, no business words.

A room declares its checks in its `health.py`; one page, `manage.py doctor` and the home read them all from above.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from apps.core.registry import Registry

log = logging.getLogger("recado.health")


class Level(StrEnum):
    """How bad it is. `SKIPPED`: nobody could look, which proves neither well nor ill."""

    GREEN = "green"
    SKIPPED = "skipped"
    AMBER = "amber"
    RED = "red"

    @property
    def rank(self) -> int:
        """Bigger is worse."""
        return list(Level).index(self)


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was seen, and one sentence how to mend it (empty when all is well).

    `code` is stable, for machines; `about` names the account, number or queue where there are several. Neither `seen` nor
    `mend` ever holds a secret or a person's data.
    """

    code: str
    title: str
    level: Level
    seen: str
    mend: str = ""
    about: str = ""

    def to_json(self) -> dict[str, str]:
        return {**asdict(self), "level": str(self.level)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Finding":
        """The reverse of `to_json`; keys that the class does not have are left out, an unknown level counts as red."""
        known = {one.name for one in fields(cls)}
        rest = {key: str(value) for key, value in values.items() if key in known and key != "level"}
        level = Level(values["level"]) if values.get("level") in set(Level) else Level.RED
        return cls(level=level, **rest)


Check = Callable[[], Iterable[Finding]]

checks: Registry[Check] = Registry("health check", module="health")


def check(name: str) -> Callable[[Check], Check]:
    """Register a function that looks at one thing of an app: `@check("outbox.queue")` in its `health.py`.

    It must answer within about a second, change nothing and ask nobody outside but the house's own database and broker.
    """

    def register(run: Check) -> Check:
        return checks.register(name, run)

    return register


def guarded(name: str, run: Check) -> list[Finding]:
    """The findings of one check. A check that breaks is a red line of its own: it must not hide the others."""
    try:
        return list(run())
    except Exception as error:  # whatever a room's check raises; the log has the rest
        log.exception("the check %s broke", name)
        return [Finding(
            code=name, title=name, level=Level.RED,
            seen=_("The check itself broke: %(error)s.") % {"error": type(error).__name__},
            mend=_("Look at the web process’s log for the lines of this minute, and report them."),
        )]  # fmt: skip


def run_all() -> list[Finding]:
    """Every check of every room, by name."""
    return [finding for name, run in checks for finding in guarded(name, run)]


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among them; green for none. What was skipped does not count."""
    levels = [finding.level for finding in findings if finding.level != Level.SKIPPED]
    return max(levels, key=lambda level: level.rank, default=Level.GREEN)
