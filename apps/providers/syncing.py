"""Reading the templates of an account from its carrier: all pages, or one of which we are not sure. HTTP: no transactions.

Nothing is believed twice: a template of ours that a list leaves out is asked for by its id before it counts as deleted,
since a list may change while it is paged.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction

from apps.core import clock
from apps.core.errors import Misconfigured, Refused, TryLater
from apps.journal.actors import SYSTEM, HasActor
from apps.providers import calls, keeping
from apps.providers.models import Account, Approval, OtherTemplate, Translation
from apps.providers.registry import provider_for
from apps.providers.types import RemoteTemplate

log = logging.getLogger(__name__)

LOOKS_MOST = 50
"""Templates asked for one by one in one go; the others follow a minute later."""

There = Mapping[tuple[str, str], RemoteTemplate]
Step = Callable[[int, int], None]


def remote_name(kind: str) -> str:
    """A kind's name as a template's: request.asked -> request_asked."""
    return kind.replace(".", "_")


def translations() -> list[Translation]:
    return list(Translation.objects.select_related("template").order_by("template__kind", "language"))


def listed(
    account: Account, step: Step = lambda pages, templates: None
) -> tuple[dict[tuple[str, str], RemoteTemplate], datetime]:
    """All templates of the account by name and language, and when we began to ask. `step` is told of every page.

    Raises TryLater, Refused, Misconfigured.
    """
    asked_at = clock.now()
    found: dict[str, RemoteTemplate] = {}
    pages = provider_for(account).template_pages(lambda: calls.spend(account))
    for number, page in enumerate(pages, start=1):
        found |= {one.remote_id: one for one in page}
        step(number, len(found))
    return {(one.name, one.language): one for one in found.values()}, asked_at


def take_over(account: Account, there: There, asked_at: datetime, by: HasActor = SYSTEM) -> dict[str, int]:
    """Write a whole list into our rows; returns counts: there, ours, approved, changed, gone (not yet certain), other."""
    provider = provider_for(account)
    ours: set[str] = set()
    counts = {"there": len(there), "ours": 0, "approved": 0, "changed": 0}
    for translation in translations():
        key = (remote_name(translation.template.kind), provider.template_language(translation.language))
        remote = there.get(key)
        if remote is None:
            continue
        row, is_news = keeping.keep(account=account, translation=translation, remote=remote, asked_at=asked_at, by=by)
        ours.add(remote.remote_id)
        counts["ours"] += 1
        counts["approved"] += row.is_usable
        counts["changed"] += is_news
    counts["gone"] = _doubt_missing(account, ours, asked_at)
    others = [one for one in there.values() if one.remote_id not in ours]
    counts["other"] = len(others)
    _list_others(account, others, asked_at)
    return counts


def _doubt_missing(account: Account, seen: set[str], asked_at: datetime) -> int:
    """Ours that the list left out: deleted there, or slipped between two pages. `look` asks for each."""
    rows = Approval.objects.filter(account=account).exclude(remote_id="").exclude(remote_id__in=seen)
    rows = rows.exclude(submitted_at__gte=asked_at).exclude(state=Approval.State.DISABLED, reason="GONE")
    return rows.update(is_doubtful=True)


@transaction.atomic
def _list_others(account: Account, others: list[RemoteTemplate], asked_at: datetime) -> None:
    rows = [
        OtherTemplate(account=account, remote_id=one.remote_id[:64], name=one.name[:512], language=one.language[:15],
                      category=one.category[:20], state=one.state[:20], body=one.body, seen_at=asked_at)
        for one in others
    ]  # fmt: skip
    OtherTemplate.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["account", "remote_id"],
        update_fields=["name", "language", "category", "state", "body", "seen_at"],
    )  # fmt: skip
    OtherTemplate.objects.filter(account=account, seen_at__lt=asked_at).delete()


# --- one by one -------------------------------------------------------------------------------------------------------


def look(limit: int = LOOKS_MOST) -> int:
    """Ask the carrier about templates of which two reports disagree; returns how many were settled."""
    doubtful = Approval.objects.filter(is_doubtful=True).exclude(account__state=Account.State.BROKEN)
    stopped: set[int] = set()
    settled = 0
    for row in doubtful.select_related("account", "translation__template").order_by("asked_at", "id")[:limit]:
        # Whoever turns the mark off asks; two workers never ask for the same one.
        is_mine = row.account_id not in stopped and Approval.objects.filter(pk=row.pk, is_doubtful=True).update(
            is_doubtful=False
        )
        if not is_mine:
            continue
        try:
            look_at(row)
            settled += 1
        except (TryLater, Misconfigured) as error:
            stopped.add(row.account_id)
            Approval.objects.filter(pk=row.pk).update(is_doubtful=True)
            log.warning("templates of %s are asked for later: %s", row.account, error)
        except Refused as error:
            log.warning("no answer about template %s: %s", row, error)
        except Exception:  # one that falls must not stop the others, nor be taken for settled
            Approval.objects.filter(pk=row.pk).update(is_doubtful=True)
            log.exception("template %s could not be asked about", row)
    return settled


def look_at(row: Approval, *, by: HasActor = SYSTEM) -> bool:
    """Ask about one template and write the answer; True when that is news. Raises TryLater, Refused, Misconfigured."""
    provider, asked_at = provider_for(row.account), clock.now()
    calls.spend(row.account)
    remote = provider.fetch_template(row.remote_id, row.name) if row.remote_id else None
    if remote is None:
        return keeping.lose(approval=row, asked_at=asked_at, by=by)
    kept = keeping.keep(account=row.account, translation=row.translation, remote=remote, asked_at=asked_at, by=by)
    return kept[1]
