"""What may be done to accounts and wording."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, Refused
from apps.core.tasks import nudge
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.providers import approving, calls, fetching, keeping, queries, syncing, tasks
from apps.providers.kinds import kinds
from apps.providers.machine import ACCOUNT
from apps.providers.models import Account, Approval, MessageTemplate, TemplateSync, Translation
from apps.providers.policy import OPERATE, SUBMIT, require
from apps.providers.registry import PROVIDERS, provider_for
from apps.providers.types import TemplateChanged

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
    row = keeping.hear(account=account, event=event)
    if row is not None and row.is_doubtful:
        nudge(tasks.look)
    return row is not None


@transaction.atomic
def accept_category(*, approval: Approval, by: HasActor) -> Approval:
    """Agree that the template goes out in the category that the carrier chose; what waited for that leaves.

    Raises NotPermittedError, MoveNotAllowedError.
    """
    require(by, SUBMIT, OPERATE)
    row = Approval.objects.select_for_update().get(pk=approval.pk)
    if row.state != Approval.State.RECATEGORISED:
        raise MoveNotAllowedError(_("There is no other category to agree to."))
    return keeping.change(approval=row, by=by, name="approval.changed", state=Approval.State.APPROVED,
                          accepted_category=row.category)  # fmt: skip


@transaction.atomic
def set_fallback(*, template: MessageTemplate, fallback: str, by: HasActor) -> MessageTemplate:
    """What becomes of messages while the template cannot be used: hold or knock. Raises NotPermittedError."""
    require(by, "providers.change_messagetemplate", SUBMIT, OPERATE)
    row = MessageTemplate.objects.select_for_update().get(pk=template.pk)
    if row.fallback != fallback:
        before = {"fallback": row.fallback}
        row.fallback = MessageTemplate.Fallback(fallback)
        row.save(update_fields=["fallback", "updated_at"])
        record("messagetemplate.fallback_set", subject=row, by=by, before=before, after={"fallback": row.fallback})
    return row


def ask_again(*, approval: Approval, by: HasActor) -> bool:
    """Ask the carrier about one template now; True when something has changed. HTTP: never inside a transaction.

    Raises NotPermittedError, TryLater, Refused, Misconfigured.
    """
    require(by, SUBMIT, OPERATE)
    return syncing.look_at(approval, by=by)


def doubt_template(*, account: Account, name: str, language: str, code: str) -> bool:
    """A send with this template was refused with `code`: ask the carrier how it stands. True when that was news."""
    if account.kind not in PROVIDERS or code not in PROVIDERS[account.kind].template_codes:
        return False
    rows = Approval.objects.filter(account=account, name=name, remote_language=language, is_doubtful=False)
    found = rows.exclude(remote_id="").update(is_doubtful=True)
    if found:
        nudge(tasks.look)
    return bool(found)


def note_told(*, approvals: Iterable[Approval]) -> None:
    """Somebody has been told of what these need now (nothing, when all is well)."""
    for row in approvals:
        Approval.objects.filter(pk=row.pk).exclude(told=row.trouble).update(told=row.trouble)


def templates_in_trouble() -> QuerySet[Any]:
    """Ids of the templates that a person should look at: a language of theirs cannot be used, or soon becomes another category."""
    states = Approval.State
    bad = Approval.objects.exclude(state__in=[states.APPROVED, states.PENDING]) | Approval.objects.exclude(
        correct_category=""
    )
    return bad.values("translation__template")


def submit_templates(
    *, account: Account, rows: Iterable[Translation], by: HasActor, is_confirmed: bool
) -> list[approving.Outcome]:
    """Hand wording in at a carrier; see `approving.submit`. What came of it is asked at once, and heard by webhook."""
    try:
        return approving.submit(account=account, rows=rows, by=by, is_confirmed=is_confirmed)
    finally:
        nudge(tasks.look)


# --- fetching all templates -------------------------------------------------------------------------------------------


@transaction.atomic
def begin_fetching(*, account: Account, by: HasActor, registers: bool = False) -> TemplateSync:
    """Fetch all templates soon, in a worker; `registers`: then hand in what is missing there.

    Raises NotPermittedError, and MoveNotAllowedError while it runs already.
    """
    require(by, OPERATE)
    job = fetching.ask(account, by=by, registers=registers)
    record("account.templates_asked", subject=account, by=by, after={"registers": registers})
    nudge(tasks.run, job_id=job.pk)
    return job


@transaction.atomic
def cancel_fetching(*, account: Account, by: HasActor) -> bool:
    """Stop after the page that is being read; what was read is not used. True when there was something to stop."""
    require(by, OPERATE)
    running = TemplateSync.objects.filter(account=account, state__in=["waiting", "running"])
    stopped = running.update(state=TemplateSync.State.CANCELLED, finished_at=clock.now())
    if stopped:
        record("account.templates_cancelled", subject=account, by=by)
    return bool(stopped)


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


def subscribe(*, account: Account, by: HasActor) -> None:
    """Have this account's webhooks sent to its own address here. HTTP: never inside a transaction.

    The carrier tests the address while we wait. Raises InvalidInputError when there is no verify token to test with,
    TryLater, Refused, Misconfigured with the carrier's complaint, and NotPermittedError.
    """
    require(by, OPERATE)
    setup = provider_for(account).setup()
    if setup is None:
        raise Refused(_("This carrier has no such button: enter the address on its own pages."))
    if not account.verify_token or not account.app_secret:
        sentence = _("Enter the app secret and any long verify token first: WhatsApp tests the address with them.")
        raise InvalidInputError(sentence)
    address = queries.webhook_address(account)
    calls.spend(account)
    setup.subscribe(address, account.verify_token)
    with transaction.atomic():
        record("account.subscribed", subject=account, by=by, after={"address": address})
