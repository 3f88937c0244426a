"""Handing our wording in at a carrier: what would happen and why not, then doing it. Talks HTTP between its transactions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import NotPermittedError, Refused
from apps.journal.actors import SYSTEM, HasActor
from apps.providers import calls, keeping, policy, standing
from apps.providers.kinds import kinds
from apps.providers.models import Account, Approval, OtherTemplate, Translation
from apps.providers.policy import OPERATE, SUBMIT, require
from apps.providers.registry import provider_for
from apps.providers.syncing import listed, remote_name, take_over, translations
from apps.providers.types import RemoteTemplate, TemplateDraft
from apps.providers.wording import placeholders

State = Approval.State
MOST_AT_ONCE = 25
"""Templates handed in by one press: each is a call to the carrier while somebody waits at the screen."""


class Act(StrEnum):
    CREATE = "create"
    EDIT = "edit"
    """An approved text is replaced, once the carrier approves the new one."""
    MEND = "mend"
    NOTHING = "nothing"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Handing:
    """What handing in one translation would do. `why` says it in a sentence for NOTHING and BLOCKED."""

    translation: Translation
    draft: TemplateDraft
    act: Act
    why: Sequence[str] = ()
    doubts: Sequence[str] = ()
    approval: Approval | None = None

    @property
    def is_possible(self) -> bool:
        return self.act in {Act.CREATE, Act.EDIT, Act.MEND}


@dataclass
class Seeded:
    """Counts for the operator's message: `created` were handed in (again), `found` were there. `refused` has the names of
    templates that the carrier did not take, or that we did not hand in because it would not."""

    created: int = 0
    found: int = 0
    approved: int = 0
    refused: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)


def draft_of(translation: Translation, account: Account) -> TemplateDraft:
    """A translation as it would be handed in."""
    kind = kinds.get(translation.template.kind)
    return TemplateDraft(
        name=remote_name(translation.template.kind),
        language=provider_for(account).template_language(translation.language),
        category=translation.template.category,
        body=translation.body,
        samples=dict(kind.samples) if kind else {},
        buttons=tuple(keeping.titles_in_order(translation, kind).values()),
        header=translation.header,
        footer=translation.footer,
    )


def faults_of(translation: Translation, draft: TemplateDraft) -> list[str]:
    """Everything about the wording itself that the carrier would refuse, a sentence each."""
    kind = kinds.get(translation.template.kind)
    if kind is None:
        return [_("The product no longer says this.")]
    return [
        *policy.faults_of_name(draft.name),
        *policy.faults_of_wording(translation.body, translation.buttons, variables=set(kind.samples),
                                  header=translation.header, footer=translation.footer),
        *policy.faults_of_samples(translation.body, kind.samples),
    ]  # fmt: skip


# --- what would happen ------------------------------------------------------------------------------------------------


def plan(*, account: Account, rows: Iterable[Translation], is_confirmed: bool = True) -> list[Handing]:
    """What handing these in would do, each with its faults. `is_confirmed` False leaves approved texts alone."""
    wanted = list(rows)
    known = {one.translation_id: one for one in Approval.objects.filter(account=account, translation__in=wanted)}
    room = _room(account)
    now = clock.now()
    wait = policy.next_creation(_created(account, now), now)
    planned = []
    for translation in wanted:
        handing = _plan_one(translation, draft_of(translation, account), known.get(translation.pk), now)
        if handing.act == Act.EDIT and not is_confirmed:
            handing = replace(
                handing, act=Act.NOTHING, why=[_("Its approved text stays until somebody confirms the new one.")]
            )
        if handing.act == Act.CREATE:
            room -= 1
            if wait is not None:
                handing = _blocked(handing, _("WhatsApp takes 100 new templates an hour. Hand it in after %(time)s.")
                                   % {"time": _time(wait)})  # fmt: skip
            elif room < 0:
                handing = _blocked(handing, _("The account has room for %(most)s templates at WhatsApp and all are taken. "
                                              "Delete some there, or have the business verified.")
                                   % {"most": account.templates_most})  # fmt: skip
        planned.append(handing)
    return planned


def _plan_one(translation: Translation, draft: TemplateDraft, row: Approval | None, now: datetime) -> Handing:
    handing = Handing(translation, draft, Act.CREATE, doubts=policy.doubts_about(translation.body), approval=row)
    if row is not None and row.remote_id and row.reason != "GONE":
        handing = _of_known(handing, row, now)
    if not handing.is_possible:
        return handing
    faults = faults_of(translation, draft)
    return replace(handing, act=Act.BLOCKED, why=faults) if faults else handing


def _of_known(handing: Handing, row: Approval, now: datetime) -> Handing:
    """The template is there: what its state allows."""
    is_same = _is_same(handing, row)
    if row.state == State.PENDING:
        return replace(
            handing, act=Act.NOTHING, why=[_("WhatsApp is reviewing it; until that is over it cannot be changed.")]
        )
    if row.state == State.REJECTED:
        if is_same:
            return _blocked(handing, _("WhatsApp rejected this very text. Change it first: %(reason)s")
                            % {"reason": standing.sentence(row.reason) or "-"})  # fmt: skip
        return replace(handing, act=Act.MEND)
    if row.state == State.DISABLED:
        return _blocked(handing, _("WhatsApp disabled it, and a disabled template cannot be changed: %(reason)s")
                        % {"reason": standing.sentence(row.reason) or "-"})  # fmt: skip
    if is_same:
        return replace(handing, act=Act.NOTHING, why=[_("WhatsApp has this very text.")])
    free = policy.next_edit([datetime.fromisoformat(moment) for moment in row.edited_at], now)
    if free is not None:
        return _blocked(handing, _("WhatsApp takes a new text for an approved template once a day and ten times in 30 days. "
                                   "Hand it in after %(time)s.") % {"time": _time(free)})  # fmt: skip
    # The category of an approved template is fixed, so it is not handed in again.
    return replace(handing, act=Act.EDIT, draft=replace(handing.draft, category=""))


def _is_same(handing: Handing, row: Approval) -> bool:
    draft, proposed = handing.draft, row.proposed
    there = (proposed.get("body"), proposed.get("header"), proposed.get("footer")) if proposed else (
        row.body, row.header, row.footer
    )  # fmt: skip
    titles = handing.translation.buttons
    actions = proposed.get("buttons", []) if proposed else row.buttons
    shown = proposed.get("titles") if proposed else row.titles
    is_same_buttons = list(draft.buttons) == list(shown) if shown else set(actions) == set(titles)
    return there == (draft.body, draft.header, draft.footer) and is_same_buttons


def _blocked(handing: Handing, why: str) -> Handing:
    return replace(handing, act=Act.BLOCKED, why=[why])


def _created(account: Account, now: datetime) -> list[datetime]:
    recent = Approval.objects.filter(account=account, submitted_at__gt=now - timedelta(hours=1))
    return [moment for moment in recent.values_list("submitted_at", flat=True) if moment is not None]


def _room(account: Account) -> int:
    there = Approval.objects.filter(account=account).exclude(remote_id="").exclude(reason="GONE").count()
    return account.templates_most - there - OtherTemplate.objects.filter(account=account).count()


def _time(moment: datetime) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")


# --- doing it ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    handing: Handing
    approval: Approval | None = None
    error: str = ""


def submit(*, account: Account, rows: Iterable[Translation], by: HasActor, is_confirmed: bool) -> list[Outcome]:
    """Hand in what can be handed in now; an approved text is replaced only when `is_confirmed`.

    HTTP: never inside a transaction. What the carrier refuses is an Outcome with its sentence. Raises NotPermittedError,
    TryLater, Misconfigured; what was handed in before that is kept.
    """
    require(by, SUBMIT, OPERATE)
    planned = plan(account=account, rows=rows, is_confirmed=is_confirmed)
    if sum(one.is_possible for one in planned) > MOST_AT_ONCE:
        raise NotPermittedError(_("At most %(most)s templates at once: choose fewer.") % {"most": MOST_AT_ONCE})
    return [
        _hand_in(account, one, by) if one.is_possible else Outcome(one, one.approval, " ".join(one.why))
        for one in planned
    ]


def _hand_in(account: Account, handing: Handing, by: HasActor) -> Outcome:
    provider, row, draft = provider_for(account), handing.approval, handing.draft
    calls.spend(account)
    asked_at, error = clock.now(), ""
    try:
        remote = (provider.create_template(draft) if handing.act == Act.CREATE or row is None
                  else provider.edit_template(row.remote_id, draft))  # fmt: skip
    except Refused as refusal:
        error = refusal.detail or str(refusal)
        if handing.act == Act.EDIT:
            return Outcome(handing, row, error)  # the approved text stands
        # What was never made has no id there: it is made, not mended, the next time.
        remote = _refused(draft, row.remote_id if row and handing.act == Act.MEND else "", error)
    return Outcome(handing, _note(account, handing, remote, asked_at, by, is_taken=not error), error)


@transaction.atomic
def _note(
    account: Account, handing: Handing, remote: RemoteTemplate, asked_at: datetime, by: HasActor, *, is_taken: bool
) -> Approval:
    if handing.act == Act.EDIT and handing.approval is not None:
        return _note_edit(handing.approval, remote, asked_at, by)
    row, _news = keeping.keep(account=account, translation=handing.translation, remote=remote, asked_at=asked_at, by=by)
    if not is_taken:
        return row
    # Its first webhook may have come before the row was there, so it is asked about.
    return keeping.change(approval=row, by=by, name="approval.submitted", submitted_at=asked_at, is_doubtful=True,
                          accepted_category=handing.draft.category)  # fmt: skip


def _note_edit(approval: Approval, remote: RemoteTemplate, asked_at: datetime, by: HasActor) -> Approval:
    """The approved text stands until the carrier says what became of the new one: that is asked at once."""
    proposed = {"body": remote.body, "header": remote.header, "footer": remote.footer, "titles": list(remote.buttons),
                "parameters": list(remote.parameters),
                "buttons": list(keeping.titles_in_order(approval.translation, kinds.get(approval.translation.template.kind)))}  # fmt: skip
    edits = [*approval.edited_at, asked_at.isoformat()][-2 * policy.EDITS_MOST :]
    return keeping.change(approval=approval, by=by, name="approval.submitted", proposed=proposed, edited_at=edits,
                          submitted_at=asked_at, is_doubtful=True)  # fmt: skip


def _refused(draft: TemplateDraft, remote_id: str, reason: str) -> RemoteTemplate:
    return RemoteTemplate(
        remote_id, draft.name, draft.language, draft.category, State.REJECTED, reason, body=draft.body,
        parameters=tuple(placeholders(draft.body)), buttons=draft.buttons, header=draft.header, footer=draft.footer,
    )  # fmt: skip


def seed_approvals(*, account: Account, by: HasActor = SYSTEM) -> Seeded:
    """Register every translation that the carrier does not have, take over those it has by name and language.

    A rejected one goes again once its text was edited; an approved one is never changed behind anybody's back. Safe to
    run again: it goes on where it stopped, and brings states up to date. Raises TryLater (Meta takes 100 new templates an
    hour), Misconfigured and NotPermittedError; what was registered before that is kept.
    """
    require(by, OPERATE)
    there, asked_at = listed(account)
    take_over(account, there, asked_at, by)
    return register_missing(account=account, found=len(there), by=by)


def register_missing(
    *, account: Account, found: int, by: HasActor, step: Callable[[int], None] = lambda created: None
) -> Seeded:
    """Hand in what a list that was just taken over did not have; then ask again.

    `step` is told before every template and after every page how many were created so far; whatever it raises ends it
    there, and what was handed in is kept.
    """
    result = Seeded()
    wanted = [row for row in translations() if row.template.kind in kinds]
    for handing in plan(account=account, rows=wanted, is_confirmed=False):
        name = f"{handing.draft.name} ({handing.draft.language})"
        if handing.act == Act.BLOCKED and (handing.approval is None or not handing.approval.remote_id):
            result.refused += (name,)
        if not handing.is_possible:
            result.found += handing.approval is not None and bool(handing.approval.remote_id)
            continue
        step(result.created)
        outcome = _hand_in(account, handing, by)
        result.created += not outcome.error
        result.refused += (name,) if outcome.error else ()
    if result.created:
        # Asked again: a new template may be approved before the row that its webhook looks for was there.
        step(result.created)
        there, asked_at = listed(account, lambda _pages, _templates: step(result.created))
        result.counts = take_over(account, there, asked_at, by)
    ours = Approval.objects.filter(account=account, translation__in=wanted)
    result.approved = ours.filter(state=State.APPROVED).count()
    return result
