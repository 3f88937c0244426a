"""The machine's part of an account's checklist: without a broker and workers nothing goes through any account."""

from collections.abc import Iterator

from apps.core.findings import Finding
from apps.health import health
from apps.providers.checkup import step
from apps.providers.models import Account


@step("3 machine")
def machine(account: Account) -> Iterator[Finding]:
    yield from (line for line in health.ready() if line.code == "house.broker")
    yield from health.workers()
