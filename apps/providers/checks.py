"""What `manage.py check` says about wording: found before a carrier refuses it."""

from typing import Any

from django.core import checks

from apps.providers.kinds import kinds
from apps.providers.policy import faults_of_wording


@checks.register("providers")
def check_kinds(app_configs: Any, **_options: Any) -> list[checks.CheckMessage]:
    """A shipped wording that no carrier would approve can be sent inside the window only."""
    found: list[checks.CheckMessage] = []
    for name, kind in kinds:
        for language, body in kind.bodies.items():
            titles = kind.buttons.get(language, {})
            faults = faults_of_wording(body, titles, variables=set(kind.samples))
            found += [checks.Warning(f"{name} ({language}): {fault}", id="providers.W001") for fault in faults]
    return found
