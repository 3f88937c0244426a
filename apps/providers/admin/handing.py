"""The page on which templates are handed in: what would happen to each language, its faults, and the button."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import RecadoError
from apps.journal.capture import acting
from apps.providers import services
from apps.providers.admin import showing
from apps.providers.approving import MOST_AT_ONCE, Act, Handing, Outcome, plan
from apps.providers.kinds import kinds
from apps.providers.models import Account, Translation
from apps.providers.policy import OPERATE, SUBMIT

COLOURS = {Act.CREATE: "success", Act.MEND: "success", Act.EDIT: "warning", Act.NOTHING: "info", Act.BLOCKED: "danger"}
TEMPLATES_MOST = 100
"""Templates shown on one page; more are cut off, and the page of the list has fifty."""


def address(template_ids: Sequence[int]) -> str:
    query = urlencode({"ids": ",".join(str(one) for one in template_ids)})
    return f"{reverse('admin:providers_messagetemplate_hand_in')}?{query}"


def view(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """GET shows what would happen, POST hands in what is ticked."""
    if not (request.user.has_perm(SUBMIT) or request.user.has_perm(OPERATE)):
        raise PermissionDenied
    values = request.POST if request.method == "POST" else request.GET
    ids = [int(one) for one in values.get("ids", "").split(",") if one.isdecimal() and len(one) < 10][:TEMPLATES_MOST]
    rows = list(
        Translation.objects.select_related("template").filter(template__in=ids).order_by("template__kind", "language")
    )
    accounts = list(Account.objects.exclude(state=Account.State.BROKEN).order_by("name"))
    account = next((one for one in accounts if str(one.pk) == values.get("account")), accounts[0] if accounts else None)
    back = _back(ids)
    if request.method == "POST" and account is not None:
        ticked = set(request.POST.getlist("translation"))
        _hand_in(request, account, [row for row in rows if str(row.pk) in ticked])
        return HttpResponseRedirect(back)
    handings = plan(account=account, rows=rows) if account is not None else []
    shown = [_shown(one) for one in handings]
    possible = [row for row in shown if row["is_possible"]]
    for row in possible[:MOST_AT_ONCE]:
        row["is_ticked"] = True
    return TemplateResponse(request, "providers/hand_in.html", {
        **context, "title": _("Hand in at WhatsApp"), "account": account, "all_accounts": accounts,
        "others": len(accounts) > 1, "ids": ",".join(str(one) for one in ids), "rows": shown, "back": back,
        "is_possible": bool(possible), "most": MOST_AT_ONCE if len(possible) > MOST_AT_ONCE else 0, "has_edits": any(row["old"] for row in shown),
    })  # fmt: skip


def _back(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return reverse("admin:providers_messagetemplate_change", args=[ids[0]])
    return reverse("admin:providers_messagetemplate_changelist")


def _shown(handing: Handing) -> dict[str, Any]:
    translation, kind = handing.translation, kinds.get(handing.translation.template.kind)
    is_edit = handing.act == Act.EDIT and handing.approval is not None
    labels = {
        Act.CREATE: _("new"), Act.MEND: _("mended, goes to review again"), Act.EDIT: _("new text for an approved template"),
        Act.NOTHING: _("nothing to do"), Act.BLOCKED: _("cannot be handed in"),
    }  # fmt: skip
    return {
        "pk": translation.pk, "title": translation.template, "language": translation.get_language_display(),
        "code": translation.language, "label": labels[handing.act], "colour": COLOURS[handing.act], "why": handing.why,
        "doubts": handing.doubts, "is_possible": handing.is_possible, "is_blocked": handing.act == Act.BLOCKED,
        "bubble": showing.bubble_of(translation, kind),
        "old": showing.approved_bubble(handing.approval, kind) if is_edit and handing.approval else None,
    }  # fmt: skip


def _hand_in(request: HttpRequest, account: Account, rows: list[Translation]) -> None:
    if not rows:
        messages.error(request, _("Nothing was ticked, so nothing was handed in."))
        return
    try:
        outcomes = services.submit_templates(
            account=account, rows=rows, by=acting(request), is_confirmed=bool(request.POST.get("confirmed"))
        )
    except RecadoError as error:
        messages.error(
            request,
            _("%(what)s What was handed in before that is kept; the others were not touched.") % {"what": error},
        )
        return
    taken = [one for one in outcomes if not one.error]
    if taken:
        messages.success(request, _("Handed in: %(names)s. WhatsApp reviews that within minutes, at most a day.")
                         % {"names": ", ".join(_name(one) for one in taken)})  # fmt: skip
    for one in outcomes:
        if one.error:
            messages.error(request, _("%(name)s was not handed in: %(why)s") % {"name": _name(one), "why": one.error})


def _name(outcome: Outcome) -> str:
    translation = outcome.handing.translation
    return f"{translation.template} ({translation.language})"
