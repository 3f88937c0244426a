"""The checklist of one account: which rooms look at what, one run of all of it, and what it leaves behind.

Rooms register their lines in their `checklist.py`: this one asks the carrier, those above it know of webhooks, workers
and budgets. A run talks to the carrier, so it keeps no transaction open meanwhile.
"""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils.translation import get_language

from apps.core import clock
from apps.core.findings import Finding, guarded, worst
from apps.core.registry import Registry
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record
from apps.providers.models import Account, Checkup
from apps.providers.policy import OPERATE, require

Step = Callable[[Account], Iterable[Finding]]

steps: Registry[Step] = Registry("step of the checklist", module="checklist")
"""By name, in the order of names: "1 carrier", "2 webhooks", ..."""

KEPT = 20  # runs per account


def step(name: str) -> Callable[[Step], Step]:
    """Register a function of one account that looks at something and changes nothing of the business."""

    def register(run: Step) -> Step:
        return steps.register(name, run)

    return register


def run(*, account: Account, by: HasActor = SYSTEM) -> Checkup:
    """Look at everything now and keep the result. Raises NotPermittedError; a failing step is a red line, not an error."""
    require(by, OPERATE)
    found: list[Finding] = []
    for name, one in steps:
        found += guarded(name, lambda one=one: one(account))  # type: ignore[misc]
    with transaction.atomic():
        kept = Checkup.objects.create(
            account=account,
            at=clock.now(),
            by=by.as_actor().label,
            language=get_language() or "",
            findings=[finding.to_json() for finding in found],
        )
        old = Checkup.objects.filter(account=account).order_by("-id").values_list("pk", flat=True)[KEPT:]
        Checkup.objects.filter(pk__in=list(old)).delete()
        levels = {finding.code: str(finding.level) for finding in found}
        record("account.checked", subject=account, by=by, after={"worst": str(worst(found)), "levels": levels})
    return kept


def last_of(account: Account) -> Checkup | None:
    """The newest run."""
    return Checkup.objects.filter(account=account).order_by("-id").first()


def findings_of(checkup: Checkup) -> list[Finding]:
    return [Finding.from_json(values) for values in checkup.findings if isinstance(values, dict)]
