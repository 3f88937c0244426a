"""`manage.py tour`: play the stories against the running demo, through HTTP alone; non-zero at the first thing wrong."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.demo import notes
from portal.demo.sandbox import Sandbox, SandboxError
from portal.tour.driver import FailedError, Narrator, Stage
from portal.tour.stories import STORIES


class Command(BaseCommand):
    help = "Play the stories against the running demo (start it with `make demo`), through HTTP alone."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--story", type=int, choices=sorted(STORIES), help="only this one")
        parser.add_argument("--base-url", help="the portal; by default what the demo wrote down")
        parser.add_argument("--sandbox-url", help="the pretend phones; by default what the demo wrote down")

    def handle(self, *args: Any, **options: Any) -> None:
        known = notes.read()
        if not known.get("people"):
            sys.exit(f"No demo runs here ({notes.path()} is not there). Start it in another terminal: make demo")
        known["base_url"] = options["base_url"] or known["base_url"]
        known["sandbox_url"] = options["sandbox_url"] or known["sandbox_url"]
        narrator = Narrator(tell=self._tell)
        started = time.monotonic()
        chosen = [options["story"]] if options["story"] else sorted(STORIES)
        try:
            for number in chosen:
                STORIES[number].play(Stage(Sandbox(known["sandbox_url"]), narrator, known))
        except (FailedError, SandboxError) as error:
            sys.exit(f"\n  ✗ {error}\n\nThe tour stopped here, after {narrator.steps} steps that were right.")
        self.stdout.write(f"\nAll {narrator.steps} steps were right ({time.monotonic() - started:.0f} s).")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
