"""`manage.py verify_journal`: exit 0 when nobody changed the log, 1 with every fault named."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.journal import sealer, verify


class Command(BaseCommand):
    help = "Prove that the journal was not changed, and print the newest anchor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anchor", action="append", default=[], metavar="POSITION:HASH",
                            help="an anchor you kept; may be given several times")  # fmt: skip
        parser.add_argument("--no-seal", action="store_true", help="do not seal pending entries first")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["no_seal"]:
            sealer.seal_pending(look_back=None)
        report = verify.verify(anchors=[*verify.kept_anchors(), *options["anchor"]])
        for fault in report.faults:
            self.stdout.write(self.style.ERROR(f"FAULT  {fault}"))
        self.stdout.write(f"{report.entries} entries, {report.erased} bodies erased lawfully, "
                          f"{report.unsealed} not sealed yet, {report.anchors} anchors held against it")  # fmt: skip
        self.stdout.write(f"anchor {report.newest or sealer.newest_anchor()}")
        if not report.is_sound:
            raise CommandError("The journal was tampered with, or is damaged: see the lines above.")
        self.stdout.write(self.style.SUCCESS("The journal is whole."))
