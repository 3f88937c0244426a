"""Thin shells over the sealer and the reactions."""

from apps.core.tasks import task
from apps.journal import reactor, sealer


@task("journal.advance", time_limit=120)
def advance(**_: object) -> dict[str, int]:
    """Seal what has just been committed, then let the reactions read on."""
    return {"sealed": sealer.seal_pending(look_back=sealer.NEAR), "reacted": reactor.run_all()}


@task("journal.sweep", time_limit=120)
def sweep(**_: object) -> dict[str, int]:
    """The same, looking further back: for what was committed late, and for what a lost nudge forgot."""
    return {"sealed": sealer.seal_pending(), "reacted": reactor.run_all()}


@task("journal.anchor", time_limit=30)
def anchor(**_: object) -> str:
    """Write the newest seal into the anchor file, outside the database."""
    return sealer.write_anchor()
