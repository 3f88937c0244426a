"""`manage.py catalogues`: bring the translation catalogues in line with the source; see docs/translating.md."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import catalogues


class Command(BaseCommand):
    help = "Update and compile the translation catalogues (for developers; needs `make dev-env`)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; name every gap and exit 1")
        parser.add_argument(
            "--packages", nargs="+", type=Path, metavar="WHEEL", help="make packages.pot anew from these releases"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check()
            else:
                self._update(options["packages"] or [])
        except catalogues.CatalogueError as error:
            raise CommandError(str(error)) from error

    def _check(self) -> None:
        found = catalogues.all_problems()
        for line in found:
            self.stdout.write(line)
        if found:
            raise CommandError(f"{len(found)} to mend: run `make messages`, then fill in portal/locale/.")
        self.stdout.write("Every text is translated.")

    def _update(self, wheels: list[Path]) -> None:
        if wheels:
            self.stdout.write(f"packages.pot: {catalogues.rebuild_packages(wheels)} texts")
        texts = catalogues.wanted_texts()
        for language in catalogues.LANGUAGES:
            catalogues.update(language, texts)
            gaps = len(catalogues.problems(language, texts))
            self.stdout.write(f"{language}: {len(texts)} texts, {gaps} to mend")
