"""`manage.py doctor`: the health page and every account's checklist, at the terminal. Exit code 1 when a line is red."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from apps.core import findings
from apps.core.findings import Finding, Level
from apps.providers import checkup
from apps.providers.models import Account

MARKS = {Level.GREEN: "ok  ", Level.SKIPPED: "--  ", Level.AMBER: "!   ", Level.RED: "XX  "}


class Command(BaseCommand):
    help = "Look at everything: this machine, the queues, every WhatsApp account. Changes nothing but what WhatsApp says of numbers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document with every line")
        parser.add_argument("--offline", action="store_true", help="ask WhatsApp nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        carrier = [] if options["offline"] else asked()
        found = findings.run_all() + carrier  # asked first: the lines about accounts then show this very run
        worst = findings.worst(found)
        if options["json"]:
            lines = [line.to_json() for line in found]
            self.stdout.write(json.dumps({"worst": str(worst), "findings": lines}, ensure_ascii=False, indent=1))
        else:
            self._print(found)
        if worst == Level.RED:
            sys.exit(1)

    def _print(self, found: list[Finding]) -> None:
        for line in found:
            about = f" ({line.about})" if line.about else ""
            self.stdout.write(f"{MARKS[line.level]}{line.title}{about}: {line.seen}")
            if line.mend and line.level != Level.GREEN:
                self.stdout.write(f"      {line.mend}")
        count = {level: sum(line.level == level for line in found) for level in Level}
        self.stdout.write(f"{count[Level.RED]} to mend, {count[Level.AMBER]} to watch, {count[Level.GREEN]} well.")


def asked() -> list[Finding]:
    """Every account's checklist, run now and kept; each line says which account it is about."""
    found = []
    try:
        for account in Account.objects.order_by("name"):
            for line in checkup.findings_of(checkup.run(account=account)):
                if line.code.startswith("house."):
                    continue  # said already, and once is enough
                about = f"{account.name}, {line.about}" if line.about else account.name
                found.append(Finding(line.code, line.title, line.level, line.seen, line.mend, about))
    except DatabaseError:
        return found  # the database has its own red line
    return found
