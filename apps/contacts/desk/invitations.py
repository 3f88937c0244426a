"""Invitations on the screen: their states, the code to hand over, pages to print, and many made at once."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.contacts import printing, queries, services
from apps.contacts.models import Invitation, InvitationBatch
from apps.core import clock
from apps.core.errors import RecadoError
from apps.journal.capture import ReadOnlyAdmin, acting, button
from apps.journal.labels import labelled
from apps.people.bulk.screens import BulkDeeds

A_PRINT = 200
"""Slips on one page of the browser: 25 sheets."""
LEFT_OUT = {"linked": _("connected already"), "left": _("left the company"), "no_email": _("no e-mail address")}


class StateFilter(admin.SimpleListFilter):
    """As people speak of it: an open code whose time is over is expired."""

    title = _("state")
    parameter_name = "at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", Invitation.State.OPEN.label), ("expired", _("expired")), *Invitation.State.choices[1:]]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Invitation]) -> models.QuerySet[Invitation]:
        value, now = self.value(), clock.now()
        if value == "open":
            return queryset.filter(state="open", expires_at__gt=now)
        if value == "expired":
            return queryset.filter(state="open", expires_at__lte=now)
        return queryset.filter(state=value) if value in Invitation.State.values else queryset


@admin.register(Invitation)
class InvitationAdmin(BulkDeeds, ReadOnlyAdmin):
    """Codes are shown only to whoever may invite, and only while they open something."""

    empty_says = _(
        "An invitation is a code that opens the chat: on paper, by e-mail or as a link. Choose people and invite them."
    )
    empty_next = (_("Choose whom to invite"), "admin:contacts_enrolment_changelist", "contacts.invite_employee")
    list_display = ["employee", "state_label", "way", "mail_label", "expires_at", "created_at", "used_at"]
    list_filter = [StateFilter, "way", "mail_state", "is_shared"]
    list_select_related = ["employee"]
    search_fields = ["employee__name", "employee__number", "employee__email"]
    fields = ["employee", "state_text", "advice", "code_shown", "link_shown", "qr_shown", "way", "is_shared", "expires_at",
              "mail_label", "mail_error", "used_by", "used_at", "proof_shown", "batch", "created_at"]  # fmt: skip
    readonly_fields = fields
    actions_detail = ["print_one", "mail_again", "bounced", "revoke"]

    class Media:
        js = ["recado/copy.js"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Invitation]:
        return queries.visible_invitations(request.user).select_related("employee", "used_by__employee", "batch")

    def get_urls(self) -> list[URLPattern]:
        printed = path("print/", self.admin_site.admin_view(self.print_page), name="contacts_invitation_print")
        return [printed, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may = request.user.has_perm(services.INVITE) and obj is not None and obj.is_usable
        return [name for name in self.fields or [] if may or name not in {"code_shown", "link_shown", "qr_shown"}]

    @labelled({
        "open": "info", "claimed": "warning", "used": "success", "revoked": "danger", "expired": "danger"}, description=_("state"))  # fmt: skip
    def state_label(self, invitation: Invitation) -> tuple[str, str]:
        return "expired" if invitation.is_expired else invitation.state, self.state_text(invitation)

    @display(description=_("state"))
    def state_text(self, invitation: Invitation) -> str:
        return gettext("expired") if invitation.is_expired else str(Invitation.State(invitation.state).label)

    @display(description=_("message that carried it"))
    def proof_shown(self, invitation: Invitation) -> str:
        return format_html('<span class="recado-wrap">{}</span>', invitation.proof or "–")

    @display(description=_("e-mail"))
    def mail_label(self, invitation: Invitation) -> str:
        return str(Invitation.Mail(invitation.mail_state).label) if invitation.mail_state else "–"

    @display(description=_("what to do"))
    def advice(self, invitation: Invitation) -> str:
        if invitation.is_expired or invitation.state == Invitation.State.REVOKED:
            return gettext("This code opens nothing any more. Invite the person anew when they still need it.")
        if invitation.state == Invitation.State.CLAIMED:
            return gettext("The code came from another phone: open “Claims to confirm” and decide.")
        if invitation.state == Invitation.State.USED:
            return gettext("Nothing: the person is connected.")
        if invitation.mail_state == Invitation.Mail.FAILED:
            return gettext("The e-mail did not arrive: correct the address and send it again, or print it.")
        if not invitation.employee.phone:
            return gettext("HR’s record has no phone: whoever sends this code has to be confirmed by you.")
        return gettext("Hand it over: print it, copy the address, or read the code aloud. It works once.")

    @display(description=_("code"))
    def code_shown(self, invitation: Invitation) -> str:
        return _copied(invitation.code)

    @display(description=_("address that opens the chat"))
    def link_shown(self, invitation: Invitation) -> str:
        try:
            return _copied(printing.link_of(invitation))
        except RecadoError as error:
            return str(error)

    @display(description=_("QR code"))
    def qr_shown(self, invitation: Invitation) -> str:
        try:
            return format_html('<div class="recado-qr">{}</div>', printing.qr(printing.link_of(invitation)))
        except RecadoError:
            return "–"

    def print_page(self, request: HttpRequest) -> HttpResponse:
        """The slips of one invitation or of a batch, a few sheets at a time."""
        rows = self.get_queryset(request).filter(state=Invitation.State.OPEN).order_by("employee__name", "pk")
        one, batch, start = (_number(request, name) for name in ("id", "batch", "start"))
        rows = rows.filter(pk=one) if one else rows.filter(batch=batch)
        try:
            made = printing.slips(invitations=rows[start : start + A_PRINT], by=acting(request))
        except RecadoError as error:
            messages.error(request, gettext("%(what)s Nothing was printed.") % {"what": error})
            return HttpResponseRedirect(reverse("admin:contacts_invitation_changelist"))
        later = start + A_PRINT if rows[start + A_PRINT :].exists() else 0
        answer = TemplateResponse(request, "contacts/slips.html", {"slips": made, "later": later, "batch": batch})
        answer["Cache-Control"] = "no-store"
        return answer

    @button(
        _("Revoke"),
        permission=services.INVITE,
        icon="block",
        warns=_(
            "The code opens nothing any more, on whatever paper it stands. Whoever still needs one is invited anew."
        ),
    )
    def revoke(self, request: HttpRequest, obj: Invitation) -> str:
        services.revoke_invitation(invitation=obj, by=acting(request))
        return gettext("Revoked. The code opens nothing any more.")

    @button(_("Send by e-mail"), permission=services.INVITE, icon="mail")
    def mail_again(self, request: HttpRequest, obj: Invitation) -> str:
        services.mail_again(invitation=obj, by=acting(request))
        return gettext("The e-mail leaves in a moment. This page says when the mail server has taken it.")

    @button(_("E-mail came back"), permission=services.INVITE, icon="unsubscribe")
    def bounced(self, request: HttpRequest, obj: Invitation) -> str:
        services.note_bounce(invitation=obj, by=acting(request))
        return gettext("Noted. Correct the address, then send it again.")

    @action(description=_("Print"), url_path="print-slip", icon="print")
    def print_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('admin:contacts_invitation_print')}?id={object_id}")


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _copied(text: str) -> str:
    return format_html(
        '<span class="recado-copied"><code>{}</code> <button type="button" data-copied="{}">{}</button></span>',
        text, gettext("Copied"), gettext("Copy"),
    )  # fmt: skip


@admin.register(InvitationBatch)
class InvitationBatchAdmin(ReadOnlyAdmin):
    """How far many invitations are, and what to do with them."""

    empty_says = _("When you invite many people at once, how far it has come stands here.")
    empty_next = (_("Choose whom to invite"), "admin:contacts_enrolment_changelist", "contacts.invite_employee")
    list_display = ["created_at", "way", "state", "progress", "by"]
    list_filter = ["state", "way"]
    list_select_related = ["by"]
    fields = [
        "progress",
        "state",
        "made",
        "left_out_shown",
        "way",
        "days",
        "is_shared",
        "by",
        "created_at",
        "next_steps",
    ]
    readonly_fields = fields
    actions_detail = ["cancel"]

    class Media:
        js = ["contacts/desk.js"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[InvitationBatch]:
        rows = super().get_queryset(request).defer("employee_ids")  # ten thousand of them in a row
        return rows if request.user.has_perm("people.view_all_employees") else rows.filter(by=request.user.pk)

    @display(description=_("progress"))
    def progress(self, batch: InvitationBatch) -> str:
        said = gettext("%(done)s of %(total)s") % {"done": batch.done, "total": batch.total}
        is_running = batch.state == InvitationBatch.State.RUNNING
        return format_html(
            '<span class="recado-inviting"{}><progress class="recado-progress" max="{}" value="{}" aria-label="{}"></progress> {}</span>',
            format_html(' data-reload="{}"', 3) if is_running else "", batch.total or 1, batch.done, said, said,
        )  # fmt: skip

    @display(description=_("left out"))
    def left_out_shown(self, batch: InvitationBatch) -> str:
        parts = [f"{LEFT_OUT[why]}: {count}" for why, count in batch.left_out.items() if why in LEFT_OUT]
        return ", ".join(parts) or gettext("nobody")

    @display(description=_("what next"))
    def next_steps(self, batch: InvitationBatch) -> str:
        codes = reverse("admin:contacts_invitation_changelist")
        listed = format_html(
            '<a href="{}?batch__id__exact={}">{}</a>', codes, batch.pk, gettext("See their codes and states")
        )
        if batch.way == InvitationBatch.Way.EMAIL:
            return listed
        printed = format_html('<a href="{}?batch={}" target="_blank">{}</a>', reverse("admin:contacts_invitation_print"),
                              batch.pk, gettext("Print a page with a slip for each"))  # fmt: skip
        return format_html("{} · {}", printed, listed)

    @button(_("Stop"), permission=services.INVITE, icon="stop_circle")
    def cancel(self, request: HttpRequest, obj: InvitationBatch) -> str:
        batch = services.cancel_batch(batch=obj, by=acting(request))
        return ngettext("Stopped. %(count)s invitation was made and stays good.",
                        "Stopped. %(count)s invitations were made and stay good.", batch.made) % {"count": batch.made}  # fmt: skip
