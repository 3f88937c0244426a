"""What the screens show about templates, as sentences and bubbles."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.providers import fetching, keeping, standing
from apps.providers.kinds import Kind, kinds, render
from apps.providers.models import Account, Approval, MessageTemplate, OtherTemplate, TemplateSync, Translation

State = Approval.State
LABELS: dict[str, str] = {
    State.PENDING: "info", State.APPROVED: "success", State.REJECTED: "danger", State.PAUSED: "warning",
    State.DISABLED: "danger", State.RECATEGORISED: "warning", "none": "default",
}  # fmt: skip
QUALITIES = {"GREEN": "success", "YELLOW": "warning", "RED": "danger"}


def quality(approval: Approval) -> str:
    """The carrier's word for how much people like it, in ours."""
    names = {
        "GREEN": _("good"),
        "YELLOW": _("medium"),
        "RED": _("bad: it will be paused soon"),
        "UNKNOWN": _("not known yet"),
    }
    return names.get(approval.quality, approval.quality)


def sentences(approval: Approval) -> list[str]:
    """What happened to it and what to do, a sentence each; empty when all is well."""
    told: list[str] = []
    if approval.reason:
        told.append(standing.sentence(approval.reason))
    if approval.advice:
        told.append(_("WhatsApp recommends: %(advice)s") % {"advice": approval.advice})
    if approval.state == State.PENDING:
        told.append(
            _(
                "WhatsApp reviews it: that takes minutes, at most a day. Messages that need it wait, and leave by themselves."
            )
        )
    if approval.state == State.PAUSED and not approval.reason:
        told.append(_("WhatsApp paused it. It is released by itself, or disabled if people go on disliking it."))
    if approval.state == State.RECATEGORISED:
        told.append(_("WhatsApp approved it as %(category)s, though %(asked)s was asked for: other prices and rules apply. What "
                      "needs it waits until somebody agrees, or the text is changed.")
                    % {"category": approval.category, "asked": approval.accepted_category})  # fmt: skip
    elif approval.correct_category:
        told.append(_("WhatsApp announces that it will become %(category)s within a day. Change the text to keep the category, or "
                      "agree when it happens.") % {"category": approval.correct_category})  # fmt: skip
    if approval.proposed and approval.state != State.REJECTED:
        told.append(
            _("A new text is being reviewed. Until it is approved, the old one is what WhatsApp sends, if any.")
        )
    return told


def bubble(kind: Kind | None, *, body: str, header: str, footer: str, titles: list[str]) -> dict[str, Any]:
    """A message as a phone shows it, its names filled with their examples."""
    samples = dict(kind.samples) if kind else {}
    return {"header": header, "body": render(body, samples), "footer": footer, "titles": titles}


def bubble_of(translation: Translation, kind: Kind | None) -> dict[str, Any]:
    titles = list(keeping.titles_in_order(translation, kind).values())
    return bubble(kind, body=translation.body, header=translation.header, footer=translation.footer, titles=titles)


def approved_bubble(approval: Approval, kind: Kind | None) -> dict[str, Any]:
    """The text as the carrier approved it."""
    titles = approval.titles or [approval.translation.buttons.get(action, action) for action in approval.buttons]
    return bubble(kind, body=approval.body, header=approval.header, footer=approval.footer, titles=list(titles))


def differs(approval: Approval, kind: Kind | None) -> bool:
    """Whether our wording is another one than the approved."""
    return approved_bubble(approval, kind) != bubble_of(approval.translation, kind)


def told_of_fetching(account: Account) -> str:
    """How the last fetching went, for the account's page: never, busy, done or failed."""
    job = TemplateSync.objects.filter(account=account).first() if account.pk else None
    if job is None:
        return _(
            "Not fetched yet. “Fetch templates” asks WhatsApp how all of them stand; “Hand in missing templates” registers "
            "those that are not there too."
        )
    others = OtherTemplate.objects.filter(account=account).count()
    told = f"{_told(job)} "
    if not others:
        return told.strip()
    link = f"{reverse('admin:providers_othertemplate_changelist')}?account__id__exact={account.pk}"
    return format_html(
        '{}<a href="{}">{}</a>',
        told,
        link,
        ngettext("%(count)s template there is not ours.", "%(count)s templates there are not ours.", others)
        % {"count": others},
    )


def _told(job: TemplateSync) -> str:
    ago = timesince(job.finished_at or job.started_at, clock.now(), depth=1)
    values = {"pages": job.pages, "there": 0, "ours": 0, "approved": 0, "ago": ago, "error": job.error, **job.counts}
    if fetching.is_busy(job):
        return (
            _("Being fetched: %(pages)s pages, %(there)s templates so far. Load the page again to see more.") % values
        )
    if job.state == TemplateSync.State.DONE:
        told = _("Fetched %(ago)s ago: %(there)s there, %(ours)s of them ours, %(approved)s approved.") % values
        refused = job.counts.get("refused") or []
        return f"{told} {_('Refused: %(names)s.') % {'names': ', '.join(refused)}}" if refused else told
    if job.state == TemplateSync.State.CANCELLED:
        return _("Stopped %(ago)s ago after %(pages)s pages; nothing was changed by what was not read.") % values
    if job.state == TemplateSync.State.FAILED:
        return _("Failed %(ago)s ago: %(error)s What was read before was kept; press the button again.") % values
    return _("It stopped in the middle %(ago)s ago, with its worker. Press the button again.") % values


# --- one template -----------------------------------------------------------------------------------------------------

_WORST_FIRST = [State.DISABLED, State.REJECTED, State.PAUSED, State.RECATEGORISED, State.PENDING, State.APPROVED]


def worst(template: MessageTemplate) -> tuple[str, str]:
    """The state of a template's worst language, as code and words; what stands at no carrier counts as nothing."""
    states = {approval.state for row in template.translations.all() for approval in row.approvals.all()}
    for state in _WORST_FIRST:
        if state in states:
            return state, str(State(state).label)
    return "none", _("not handed in")


def worst_quality(template: MessageTemplate) -> tuple[str, str] | str:
    rows = [approval for row in template.translations.all() for approval in row.approvals.all()]
    for code in ("RED", "YELLOW", "GREEN"):
        found = next((one for one in rows if one.quality == code), None)
        if found is not None:
            return code, quality(found)
    return "-"


def by_account(template: MessageTemplate, accounts: list[Account]) -> list[dict[str, Any]]:
    """What each account's carrier says of each language: {name, approvals: [...], missing: [language]}."""
    kind, rows = kinds.get(template.kind), list(template.translations.all())
    found = []
    for account in accounts:
        shown, missing = [], []
        for translation in rows:
            approval = next((one for one in translation.approvals.all() if one.account_id == account.pk), None)
            if approval is None:
                missing.append(translation.get_language_display())
            else:
                approval.translation = translation
                shown.append(_shown(approval, account, kind))
        found.append({"name": account.name, "approvals": shown, "missing": missing})
    return found


def _shown(approval: Approval, account: Account, kind: Kind | None) -> dict[str, Any]:
    is_known = bool(approval.body) and approval.state not in {State.REJECTED, State.PENDING}
    return {
        "pk": approval.pk, "account": account.name, "language": approval.translation.get_language_display(),
        "code": approval.translation.language, "label": approval.get_state_display(),
        "colour": LABELS.get(State(approval.state), "info"), "category": _category(approval), "quality": quality(approval),
        "since": approval.changed_at, "until": approval.until, "sentences": sentences(approval),
        "is_trouble": approval.needs_attention, "may_accept": approval.state == State.RECATEGORISED,
        "is_other": is_known and differs(approval, kind), "bubble": approved_bubble(approval, kind) if is_known else {},
    }  # fmt: skip


def _category(approval: Approval) -> str:
    names = {"UTILITY": _("utility"), "MARKETING": _("marketing"), "AUTHENTICATION": _("one-time codes")}
    return names.get(approval.category, approval.category)
