"""`manage.py seed_demo`: plant or mend the demo company; safe to run again."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Plant the demo company (safe to run again)."

    def handle(self, *args: Any, **options: Any) -> None:
        from portal.demo import notes
        import os
        notes.write(sandbox_url=os.environ["SANDBOX_URL"], logins=[])
