"""Screens for contacts: who stands behind which address, and what they agreed to."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.contacts import consent, queries, services, window
from apps.contacts.desk import claims, employees, enrolments, invitations, wordings
from apps.contacts.models import Consent, Contact, Identity, Preference
from apps.core import clock
from apps.core.errors import RecadoError
from apps.journal.capture import RecordedModelAdmin, acting, button
from apps.journal.scoping import ScopedTabularInline
from apps.people.models import Employee
from apps.people.searching import by_phone
from apps.providers.kinds import Klass

__all__ = ["ContactAdmin", "claims", "employees", "enrolments", "invitations", "wordings"]
"""The other screens of this room register themselves in the folder `desk`."""


class HistoryInline(ScopedTabularInline):
    """Rows to read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the contact may see its history: the row scope is the contact's."""
        return bool(request.user.has_perm("contacts.view_contact"))


class ConsentInline(HistoryInline):
    model = Consent
    fields = ["klass", "is_given", "wording", "version", "source", "proof", "at"]
    readonly_fields = fields


class PreferenceForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            raise forms.ValidationError(_now("Enter when the quiet hours begin and when they end, or neither."))
        return cleaned


class PreferenceInline(HistoryInline):
    """STOP is the person's own word; quiet hours may be written down for them, as they asked."""

    model = Preference
    form = PreferenceForm
    fields = ["is_stopped", "stopped_at", "quiet_from", "quiet_until"]
    readonly_fields = ["is_stopped", "stopped_at"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(services.CHANGE))


class IdentityInline(HistoryInline):
    model = Identity
    fields = ["portfolio", "remote_id", "created_at"]
    readonly_fields = fields


@admin.register(Contact)
class ContactAdmin(RecordedModelAdmin):
    """Choosing an employee links, emptying the field unlinks; the state changes by the buttons only."""

    empty_says = _("Whoever writes to your number or joins by an invitation gets a contact here. Nobody has yet.")
    empty_next = (_("Invite people"), "admin:contacts_enrolment_changelist", "contacts.invite_employee")
    list_display = [
        "__str__",
        "employee",
        "phone",
        "spoken",
        "state",
        "state_reason",
        "is_shared",
        "open_until",
        "agreed",
        "created_at",
    ]
    list_filter = ["state", ("employee", admin.EmptyFieldListFilter), "is_shared", "language"]
    list_select_related = ["employee"]
    search_fields = ["employee__name", "employee__number", "employee__email", "phone", "profile_name"]
    search_help_text = _("A name, an employee number, an e-mail or a phone.")
    autocomplete_fields = ["employee"]
    fields = ["employee", "language", "is_shared", "phone", "profile_name", "state", "state_reason", "open_until",
              "unreachable_since", "created_at"]  # fmt: skip
    readonly_fields = [
        "phone",
        "profile_name",
        "state",
        "state_reason",
        "open_until",
        "unreachable_since",
        "created_at",
    ]
    inlines = [PreferenceInline, ConsentInline, IdentityInline]
    actions_detail = ["lost_phone", "reinstate", "unlink", "record_consent"]

    def search_exactly(self, text: str) -> models.Q | None:
        return by_phone(text)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Contact]:
        rows = queries.visible_to(request.user).select_related("employee", "preference")
        return rows.annotate(last_inbound=models.Max("windows__last_inbound_at")).prefetch_related("consents")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Contacts come from messages and invitations."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The employee is linked by the service; the other fields are edits like any other."""
        chosen: Employee | None = form.cleaned_data.get("employee")
        before = Contact.objects.select_related("employee").get(pk=obj.pk)
        with transaction.atomic():
            obj.employee = before.employee
            super().save_model(request, obj, form, change)
            if chosen is not None and chosen != before.employee:
                linked = services.link(contact=obj, employee=chosen, by=request.user)  # type: ignore[arg-type]
            elif chosen is None and before.employee is not None and "employee" in form.changed_data:
                linked = services.unlink(contact=obj, by=request.user)  # type: ignore[arg-type]
            else:
                return
        obj.employee, obj.state, obj.state_reason = linked.employee, linked.state, linked.state_reason

    @admin.display(description=_("language"))
    def spoken(self, contact: Contact) -> str:
        return contact.spoken_language

    @admin.display(description=_("window open until"))
    def open_until(self, contact: Any) -> Any:
        """The latest window of any of our numbers; a dash when a template is needed."""
        last = contact.last_inbound
        return window.closes_at(last) if window.is_open(last, clock.now()) else "-"

    @admin.display(description=_("agreed to"))
    def agreed(self, contact: Contact) -> str:
        preference = getattr(contact, "preference", None)
        given: dict[str, bool] = {}
        for row in contact.consents.all():  # newest first
            given.setdefault(row.klass, row.is_given)
        names = ", ".join(str(Klass(klass).label) for klass in consent.ASKED_FOR if given.get(klass))
        if preference is not None and preference.is_stopped:
            return _now("STOP (%(names)s)") % {"names": names} if names else _now("STOP")
        return names or "-"

    @button(
        _("Lost phone"),
        permission=services.CHANGE,
        icon="phonelink_erase",
        warns=_(
            "Codes that may lie on this phone are dead for good, and nothing can be decided from it until it is proved again."
        ),
    )
    def lost_phone(self, request: HttpRequest, contact: Contact) -> str:
        services.report_lost(contact=contact, by=request.user)  # type: ignore[arg-type]
        return _now("Suspended. Nothing can be decided from this phone, and codes that may lie on it are dead. What waits for the "
                    "person can be decided in the admin meanwhile. A fresh invitation, sent from their next phone, connects "
                    "them again.")  # fmt: skip

    @action(description=_("Reinstate"), url_path="reinstate", icon="verified_user")
    def reinstate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks how HR knows that it is them; the answer is kept."""
        contact = self.get_object(request, object_id)
        if contact is None or not request.user.has_perm(services.CHANGE):
            messages.error(request, _now("You may not do this, or it is gone. Nothing was changed."))
            return HttpResponseRedirect(reverse("admin:index"))
        back = reverse("admin:contacts_contact_change", args=[contact.pk])
        reason, error = request.POST.get("reason", ""), ""
        if request.method == "POST":
            try:
                services.reinstate(contact=contact, by=acting(request), reason=reason)
            except RecadoError as wrong:
                error = _now("%(what)s Nothing was changed.") % {"what": wrong}
            else:
                messages.success(request, _now("Active again."))
                return HttpResponseRedirect(back)
        context = {**self.admin_site.each_context(request), "title": _now("Reinstate"), "subject": contact, "back": back,
                   "error": error, "reason": reason}  # fmt: skip
        return TemplateResponse(request, "contacts/reinstate.html", context)

    @button(
        _("Unlink"),
        permission=services.CHANGE,
        icon="link_off",
        warns=_("What they agreed to from this address ends. To connect them again they need a fresh invitation."),
    )
    def unlink(self, request: HttpRequest, contact: Contact) -> str:
        services.unlink(contact=contact, by=request.user)  # type: ignore[arg-type]
        return _now("Unlinked. Whoever writes from there is a stranger now.")

    @button(_("Record a signed consent"), permission=services.CHANGE, icon="handshake")
    def record_consent(self, request: HttpRequest, contact: Contact) -> str:
        wording = _now("Signed on paper: agrees to messages about work, reminders and announcements on WhatsApp.")
        services.record_consents(contact=contact, wording=wording, source="paper", by=request.user)  # type: ignore[arg-type]
        return _now("Recorded: work, reminders and announcements.")
