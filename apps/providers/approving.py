"""Registering our wording at a carrier, and learning what it thinks of it. Talks HTTP between its transactions."""

from dataclasses import dataclass

from django.db import transaction

from apps.core import clock
from apps.core.errors import Refused
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record
from apps.providers.base import WhatsAppProvider
from apps.providers.kinds import Kind, kinds
from apps.providers.models import Account, Approval, Translation
from apps.providers.policy import OPERATE, require
from apps.providers.registry import provider_for
from apps.providers.types import RemoteTemplate, TemplateDraft
from apps.providers.wording import placeholders

State = Approval.State

# The carrier's word to our five states: may be used, may be used later, or never again.
STATES = {
    "APPROVED": State.APPROVED, "REINSTATED": State.APPROVED, "UNPAUSED": State.APPROVED, "UNARCHIVED": State.APPROVED,
    "PENDING": State.PENDING, "IN_APPEAL": State.PENDING, "LIMIT_EXCEEDED": State.PENDING,
    "REJECTED": State.REJECTED,
    "PAUSED": State.PAUSED,
    "DISABLED": State.DISABLED, "DELETED": State.DISABLED, "PENDING_DELETION": State.DISABLED, "ARCHIVED": State.DISABLED,
    "LOCKED": State.DISABLED,
}  # fmt: skip
CATEGORY = "UTILITY"  # everything we say is about a person's own work; none of it advertises


@dataclass
class Seeded:
    """Counts for the operator's message: `created` were handed in (again), `found` were there. `refused` has the names of templates the carrier did not take."""

    created: int = 0
    found: int = 0
    approved: int = 0
    refused: tuple[str, ...] = ()


def state_of(word: str, *, present: str = State.PENDING) -> str:
    """Our state for the carrier's word; a word we do not know (FLAGGED is only a warning) changes nothing."""
    return STATES.get(word.upper(), State(present))


def remote_name(kind: str) -> str:
    """A kind's name as a template's: request.asked -> request_asked."""
    return kind.replace(".", "_")


def seed_approvals(*, account: Account, by: HasActor = SYSTEM) -> Seeded:
    """Register every translation that the carrier does not have, take over those it has by name and language.

    Safe to run again: it goes on where it stopped, and brings states up to date. Raises TryLater (Meta takes 100 new
    templates an hour), Misconfigured and NotPermittedError; what was registered before that is kept.
    """
    require(by, OPERATE)
    provider = provider_for(account)
    there = _by_name(provider)
    result = Seeded()
    wanted = [(row, kind) for row in _translations() if (kind := kinds.get(row.template.kind)) is not None]
    for translation, kind in wanted:
        draft = _draft(provider, translation, kind)
        present = there.get((draft.name, draft.language))
        if present is not None and not _is_worth_another_try(present, draft):
            result.found += 1
            continue
        try:
            remote = provider.edit_template(present.remote_id, draft) if present else provider.create_template(draft)
            result.created += 1
        except Refused as error:
            result.refused += (f"{draft.name} ({draft.language})",)
            remote = _refused(draft, present.remote_id if present else "", error)
        _keep(account, translation, kind, remote, by)
    # Asked again: a new template may be approved before the row that its webhook looks for was there.
    there = _by_name(provider) if result.created else there
    for translation, kind in wanted:
        draft = _draft(provider, translation, kind)
        found = there.get((draft.name, draft.language))
        if found is not None:
            result.approved += _keep(account, translation, kind, found, by).state == State.APPROVED
    return result


def _is_worth_another_try(present: RemoteTemplate, draft: TemplateDraft) -> bool:
    """A rejected template whose wording was edited since. An approved one is never changed behind anybody's back."""
    is_edited = (present.body, present.buttons) != (draft.body, draft.buttons)
    return state_of(present.state) == State.REJECTED and is_edited


def _refused(draft: TemplateDraft, remote_id: str, error: Refused) -> RemoteTemplate:
    return RemoteTemplate(
        remote_id, draft.name, draft.language, CATEGORY, State.REJECTED, error.detail or str(error), body=draft.body,
        parameters=tuple(placeholders(draft.body)), buttons=draft.buttons,
    )  # fmt: skip


def titles_in_order(translation: Translation, kind: Kind) -> dict[str, str]:
    """Titles by action in the order of the kind's declaration: PostgreSQL keeps no order of keys in JSON."""
    declared = next(iter(kind.buttons.values()), {})
    actions = [*(action for action in declared if action in translation.buttons), *sorted(translation.buttons)]
    return {action: translation.buttons[action] for action in actions}


def _translations() -> list[Translation]:
    return list(Translation.objects.select_related("template").order_by("template__kind", "language"))


def _by_name(provider: WhatsAppProvider) -> dict[tuple[str, str], RemoteTemplate]:
    return {(one.name, one.language): one for one in provider.list_templates()}


def _draft(provider: WhatsAppProvider, translation: Translation, kind: Kind) -> TemplateDraft:
    return TemplateDraft(
        name=remote_name(kind.name),
        language=provider.template_language(translation.language),
        category=CATEGORY,
        body=translation.body,
        samples=dict(kind.samples),
        buttons=tuple(titles_in_order(translation, kind).values()),
    )


@transaction.atomic
def _keep(account: Account, translation: Translation, kind: Kind, remote: RemoteTemplate, by: HasActor) -> Approval:
    """Write what the carrier says; recorded only when something changed."""
    row = Approval.objects.select_for_update().filter(account=account, translation=translation).first()
    is_new = row is None
    row = row or Approval(account=account, translation=translation)
    before = {} if is_new else {"state": row.state, "remote_id": row.remote_id}
    state, reason = state_of(remote.state), remote.reason
    if not remote.is_usable:
        state, reason = State.DISABLED, "The template at the carrier has parts that Recado does not fill in."
    changes = {
        "remote_id": remote.remote_id, "name": remote.name, "remote_language": remote.language, "state": state,
        "category": remote.category or CATEGORY, "reason": reason, "body": remote.body,
        "parameters": list(remote.parameters), "buttons": _actions(titles_in_order(translation, kind), remote),
    }  # fmt: skip
    if not is_new and all(getattr(row, name) == value for name, value in changes.items()):
        return row
    for name, value in changes.items():
        setattr(row, name, value)
    row.changed_at = clock.now()
    row.save()
    after = {"state": row.state, "remote_id": row.remote_id, "name": row.name, "language": row.remote_language}
    record("approval.registered" if is_new else "approval.changed", subject=row, by=by, before=before, after=after)
    return row


def _actions(titles: dict[str, str], remote: RemoteTemplate) -> list[str]:
    """Our actions in the order of the carrier's buttons: by title, else by place when there are as many."""
    by_title = {title: action for action, title in titles.items()}
    actions = [by_title.get(title, "") for title in remote.buttons]
    if "" in actions and len(actions) == len(titles):
        return list(titles)
    return actions
