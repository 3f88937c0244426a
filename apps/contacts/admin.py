"""Screens for contacts: who stands behind which address, and what they agreed to."""

from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.contacts import consent, queries, services, window
from apps.contacts.models import Consent, Contact, Identity, Preference
from apps.core import clock
from apps.journal.capture import RecordedModelAdmin, button
from apps.people.models import Employee
from apps.providers.kinds import Klass


class HistoryInline(TabularInline):
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
    fields = ["klass", "is_given", "wording", "source", "proof", "at"]
    readonly_fields = fields


class PreferenceInline(HistoryInline):
    model = Preference
    fields = ["is_stopped", "stopped_at", "quiet_from", "quiet_until"]
    readonly_fields = fields


class IdentityInline(HistoryInline):
    model = Identity
    fields = ["portfolio", "remote_id", "created_at"]
    readonly_fields = fields


@admin.register(Contact)
class ContactAdmin(RecordedModelAdmin):
    """Choosing an employee links, emptying the field unlinks; the state changes by the buttons only."""

    list_display = [
        "__str__",
        "employee",
        "phone",
        "spoken",
        "state",
        "state_reason",
        "open_until",
        "agreed",
        "created_at",
    ]
    list_filter = ["state", ("employee", admin.EmptyFieldListFilter), "is_shared", "language"]
    list_select_related = ["employee"]
    search_fields = ["employee__name", "employee__number", "phone", "profile_name"]
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

    @button(_("Lost phone"), permission=services.CHANGE, icon="phonelink_erase")
    def lost_phone(self, request: HttpRequest, contact: Contact) -> str:
        services.report_lost(contact=contact, by=request.user)  # type: ignore[arg-type]
        return _now("Suspended. Nothing can be decided from this phone until you reinstate it.")

    @button(_("Reinstate"), permission=services.CHANGE, icon="verified_user")
    def reinstate(self, request: HttpRequest, contact: Contact) -> str:
        services.reinstate(contact=contact, by=request.user)  # type: ignore[arg-type]
        return _now("Active again.")

    @button(_("Unlink"), permission=services.CHANGE, icon="link_off")
    def unlink(self, request: HttpRequest, contact: Contact) -> str:
        services.unlink(contact=contact, by=request.user)  # type: ignore[arg-type]
        return _now("Unlinked. Whoever writes from there is a stranger now.")

    @button(_("Record a signed consent"), permission=services.CHANGE, icon="handshake")
    def record_consent(self, request: HttpRequest, contact: Contact) -> str:
        wording = _now("Signed on paper: agrees to messages about work, reminders and announcements on WhatsApp.")
        services.record_consents(contact=contact, wording=wording, source="paper", by=request.user)  # type: ignore[arg-type]
        return _now("Recorded: work, reminders and announcements.")
