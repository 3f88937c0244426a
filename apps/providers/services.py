"""What may be done to accounts and wording."""

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig
from django.db import transaction

from apps.core import clock
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.providers import approving
from apps.providers.kinds import kinds
from apps.providers.machine import ACCOUNT
from apps.providers.models import Account, Approval, MessageTemplate, Number, Translation
from apps.providers.policy import OPERATE, require
from apps.providers.registry import provider_for
from apps.providers.types import NumberReport, TemplateChanged

seed_approvals = approving.seed_approvals


# --- wording ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def sync_kinds() -> int:
    """A template and its translations for every kind with shipped wording; returns how many translations were added.

    What exists is left as it is: HR's edits win over ours.
    """
    added = 0
    for name, kind in kinds:
        if not kind.bodies:
            continue
        template, _created = MessageTemplate.objects.get_or_create(kind=name)
        present = set(template.translations.values_list("language", flat=True))
        rows = [
            Translation(template=template, language=language, body=body, buttons=dict(kind.buttons.get(language, {})))
            for language, body in kind.bodies.items()
            if language not in present
        ]
        added += len(Translation.objects.bulk_create(rows, ignore_conflicts=True))
    return added


def sync_after_migrate(sender: AppConfig, **signal: Any) -> None:
    """Receiver of post_migrate: only when the tables of this app are there."""
    state = signal.get("apps")
    if signal.get("using", "default") == "default" and state is not None and (sender.label, "translation") in {
        (model._meta.app_label, model._meta.model_name) for model in state.get_models()
    }:  # fmt: skip
        sync_kinds()


@transaction.atomic
def apply_template_change(*, account: Account, event: TemplateChanged) -> bool:
    """The carrier changed its mind about a template of ours; False when we know no such template."""
    rows = Approval.objects.select_for_update().filter(account=account)
    row = rows.filter(remote_id=event.remote_id).first() if event.remote_id else None
    row = row or rows.filter(name=event.name, remote_language=event.language).first()
    if row is None:
        return False
    before = {"state": row.state, "category": row.category}
    if event.what == "state":
        row.state = approving.state_of(str(event.values.get("event") or ""), present=row.state)
        row.reason = _reason_of(event.values)
        row.remote_id = event.remote_id or row.remote_id
    elif event.what == "category":
        row.category = str(event.values.get("new_category") or row.category)[:20]
    after = {"what": event.what, "state": row.state, "category": row.category}
    if event.what == "quality":
        after["quality"] = str(event.values.get("new_quality_score") or "")
    row.changed_at = clock.now()
    row.save()
    record(
        "approval.changed", subject=row, before=before, after=after, body={"reason": row.reason} if row.reason else None
    )
    return True


def _reason_of(values: Mapping[str, Any]) -> str:
    for name, key in (("rejection_info", "reason"), ("other_info", "description"), ("other_info", "title")):
        part = values.get(name)
        if isinstance(part, dict) and part.get(key):
            return str(part[key])[:1000]
    reason = values.get("reason")
    return "" if reason in {None, "NONE"} else str(reason)[:1000]


# --- accounts ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def break_account(*, account: Account, reason: str, by: HasActor = SYSTEM) -> Account:
    """Nothing goes through until an operator mends it. Safe to call from many threads: only the first one is recorded.

    `reason` is a sentence for the operator; it holds no secret and no personal value.
    """
    row = Account.objects.select_for_update().get(pk=account.pk)
    if row.state == Account.State.BROKEN:
        return row
    return transition(row, ACCOUNT, "stop", by=by, state_reason=reason[:500], state_changed_at=clock.now())


@transaction.atomic
def forget_previous_secret(*, account: Account, by: HasActor) -> Account:
    """End a rotation: webhooks signed with the previous app secret are refused from now on."""
    require(by, OPERATE)
    account.previous_app_secret = ""
    account.save(update_fields=["previous_app_secret"])
    record("account.secret_changed", subject=account, by=by, after={"fields": ["previous_app_secret"]})
    return account


@transaction.atomic
def pause_account(*, account: Account, by: HasActor) -> Account:
    """Hold everything that would go out by this account. Raises NotPermittedError, MoveNotAllowedError."""
    require(by, OPERATE)
    return transition(account, ACCOUNT, "pause", by=by, state_reason="", state_changed_at=clock.now())


@transaction.atomic
def resume_account(*, account: Account, by: HasActor) -> Account:
    """Send again; whatever waited goes out. Raises NotPermittedError, MoveNotAllowedError."""
    require(by, OPERATE)
    return transition(account, ACCOUNT, "resume", by=by, state_reason="", state_changed_at=clock.now())


def check_connection(*, account: Account, by: HasActor) -> list[NumberReport]:
    """Ask the carrier about every number of the account and keep their quality. HTTP: never inside a transaction.

    Raises TryLater, Refused, Misconfigured with the carrier's complaint as a sentence, and NotPermittedError.
    """
    require(by, OPERATE)
    provider = provider_for(account)
    provider.list_templates()  # proves the account id (WABA) and the right to read its templates
    reports = [provider.report(number.remote_id) for number in account.numbers.all()]
    with transaction.atomic():
        for report in reports:
            Number.objects.filter(account=account, remote_id=report.remote_id).update(quality=report.quality[:12])
        qualities = {report.remote_id: report.quality for report in reports}
        record("account.tested", subject=account, by=by, after={"qualities": qualities})
    return reports
