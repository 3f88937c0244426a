"""Codes that came from another phone: the two numbers side by side, and the two buttons."""

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.contacts import queries, services
from apps.contacts.models import Claim
from apps.journal.capture import ReadOnlyAdmin, acting, button
from apps.journal.labels import labelled


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    empty_says = _(
        "When somebody sends an invitation’s code from another phone than HR knows, it waits here for your yes or "
        "no. Nothing waits."
    )
    list_display = ["employee", "recorded", "sent_from", "why", "state_label", "created_at"]
    list_filter = ["state", "why"]
    list_select_related = ["invitation__employee", "contact__employee", "owner"]
    search_fields = ["invitation__employee__name", "invitation__employee__number", "phone"]
    fields = ["question", "side_by_side", "why", "state", "profile", "owner", "proof_shown", "created_at", "decided_at"]
    readonly_fields = fields
    actions_detail = ["confirm", "confirm_and_update", "refuse"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Claim]:
        return queries.visible_claims(request.user).select_related("invitation__employee", "contact__employee", "owner")

    @display(description=_("employee"), ordering="invitation__employee__name")
    def employee(self, claim: Claim) -> str:
        return str(claim.invitation.employee)

    @display(description=_("HR’s record"))
    def recorded(self, claim: Claim) -> str:
        """As it stood when the code came: confirming may have changed it."""
        return claim.recorded or gettext("no phone")

    @display(description=_("sent from"))
    def sent_from(self, claim: Claim) -> str:
        return claim.phone or gettext("hidden by WhatsApp")

    @labelled({"waiting": "warning", "confirmed": "success", "refused": "danger"}, description=_("state"))
    def state_label(self, claim: Claim) -> tuple[str, str]:
        return claim.state, str(Claim.State(claim.state).label)

    @display(description=_("message that carried it"))
    def proof_shown(self, claim: Claim) -> str:
        return format_html('<span class="recado-wrap">{}</span>', claim.proof)

    @display(description=_("name on WhatsApp"))
    def profile(self, claim: Claim) -> str:
        return claim.contact.profile_name or "–"

    @display(description=_("what you decide"))
    def question(self, claim: Claim) -> str:
        name = claim.invitation.employee.name
        if claim.state != Claim.State.WAITING:
            return gettext("Nothing: it is decided.")
        if claim.owner is not None:
            return gettext("The code of %(name)s came from the phone of %(other)s. Confirming gives this phone to %(name)s, and "
                           "%(other)s is not connected any more. Ask both before you do.") % {
                "name": name, "other": claim.owner.name}  # fmt: skip
        return gettext("Somebody sent the code of %(name)s from a phone that is not in your record. Ask %(name)s in person or "
                       "on the phone of your record whether it was them, then confirm or refuse.") % {"name": name}  # fmt: skip

    @display(description=_("the two numbers"))
    def side_by_side(self, claim: Claim) -> str:
        return format_html(
            '<dl class="recado-two"><div><dt>{}</dt><dd>{}</dd></div><div><dt>{}</dt><dd>{}</dd></div></dl>',
            gettext("HR’s record"), self.recorded(claim), gettext("The code came from"), self.sent_from(claim),
        )  # fmt: skip

    @button(_("Confirm: it is them"), permission=services.DECIDE, icon="verified_user")
    def confirm(self, request: HttpRequest, obj: Claim) -> str:
        services.confirm_claim(claim=obj, by=acting(request))
        return gettext("Confirmed. They are welcomed on WhatsApp and asked which messages they want.")

    @button(_("Confirm, and take this phone into the record"), permission=services.DECIDE, icon="contact_phone")
    def confirm_and_update(self, request: HttpRequest, obj: Claim) -> str:
        services.confirm_claim(claim=obj, by=acting(request), is_phone_updated=True)
        return gettext(
            "Confirmed, and HR’s record has the new phone. They are asked on WhatsApp which messages they want."
        )

    @button(
        _("Refuse"),
        permission=services.DECIDE,
        icon="block",
        warns=_("The code is dead for good, and whoever sent it is told to speak to HR."),
    )
    def refuse(self, request: HttpRequest, obj: Claim) -> str:
        services.refuse_claim(claim=obj, by=acting(request))
        return gettext("Refused. The code is dead, nothing was linked, and whoever sent it is told to speak to HR.")
