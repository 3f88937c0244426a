"""`manage.py roles_matrix`: write docs/roles.md from the rules; `--check` only compares, for CI."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.console import roles_page


class Command(BaseCommand):
    help = "Write docs/roles.md: who may see and do what, worked out from the rules."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page differs")

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / "docs" / "roles.md"
        found = roles_page.problems()
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found)} to declare; the page was not written.")
        text = roles_page.written()
        if not options["check"]:
            page.write_text(text, encoding="utf-8")
            self.stdout.write(f"{page.name} is written.")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            raise CommandError(
                "docs/roles.md differs from the rules: run manage.py roles_matrix and look at what changed."
            )
        else:
            self.stdout.write("docs/roles.md says what the rules say.")
