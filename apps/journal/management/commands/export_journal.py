"""`manage.py export_journal`: the journal as CSV or JSON Lines on standard output. The export itself is recorded."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from apps.journal import export
from apps.journal.models import Entry
from apps.journal.services import record


class Command(BaseCommand):
    help = "Write the journal to standard output as CSV (formula-safe) or JSON Lines; the export is recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["csv", "jsonl"], default="csv")
        parser.add_argument(
            "--since", type=datetime.fromisoformat, help="first day or moment, ISO 8601, UTC if no zone"
        )
        parser.add_argument("--until", type=datetime.fromisoformat, help="first moment that is no longer wanted")

    def handle(self, *args: Any, **options: Any) -> None:
        entries = Entry.objects.all()
        for option, lookup in (("since", "at__gte"), ("until", "at__lt")):
            moment = options[option]
            if moment is not None:
                aware = (
                    moment
                    if timezone.is_aware(moment)
                    else timezone.make_aware(moment, timezone.get_default_timezone())
                )
                entries = entries.filter(**{lookup: aware})
        with transaction.atomic():
            record("journal.exported", after={"format": options["format"], "since": str(options["since"] or ""),
                                              "until": str(options["until"] or ""), "by": "manage.py"})  # fmt: skip
        lines = export.as_csv(entries) if options["format"] == "csv" else export.as_json_lines(entries)
        sys.stdout.writelines(lines)
