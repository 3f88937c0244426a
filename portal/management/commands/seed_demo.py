"""`manage.py seed_demo`: plant the demo company; safe to run again."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import RecadoError
from portal.demo import notes
from portal.demo.sandbox import SandboxError
from portal.demo.seed import seed


class Command(BaseCommand):
    help = "Plant the demo company (safe to run again). The sandbox must be running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = notes.read()
        parser.add_argument("--base-url", default=known.get("base_url") or settings.BASE_URL)
        parser.add_argument("--sandbox-url", default=known.get("sandbox_url") or os.environ.get("SANDBOX_URL"))

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("The demo company belongs in a sandbox: set SANDBOX=1, or run `manage.py up --demo`.")
        if not options["sandbox_url"]:
            raise CommandError("Where are the pretend phones? Give --sandbox-url, or run `manage.py up --demo`.")
        try:
            notes.write(**seed(base_url=options["base_url"], sandbox_url=options["sandbox_url"]))
        except SandboxError as error:
            raise CommandError(f"{error} Start it and run seed_demo again.") from error
        except RecadoError as error:
            said = (
                f"The demo company could not be planted: {error} Nothing was changed; an empty VAR_DIR has room for it."
            )
            raise CommandError(said) from error
        if options["verbosity"]:
            self.stdout.write("The demo company is there; addresses and logins are in var/demo.json.")
