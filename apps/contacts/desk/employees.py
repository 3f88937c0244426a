"""What an employee's own page shows of WhatsApp: their addresses and their codes, to read. It adds itself to that page."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Contact, Invitation
from apps.journal.scoping import ScopedTabularInline
from apps.people.admin import EmployeeAdmin


class _ToRead(ScopedTabularInline):
    extra = 0
    can_delete = False
    show_change_link = True
    permission = ""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The row scope is the employee's."""
        return bool(request.user.has_perm(self.permission))


class AddressInline(_ToRead):
    model = Contact
    permission = "contacts.view_contact"
    fields = ["phone", "state", "state_reason", "is_shared", "created_at"]
    readonly_fields = fields
    verbose_name_plural = _("on WhatsApp")


class InvitationInline(_ToRead):
    model = Invitation
    permission = "contacts.view_invitation"
    fields = ["state", "way", "expires_at", "mail_state", "used_at"]
    readonly_fields = fields
    verbose_name_plural = _("invitations to WhatsApp")


EmployeeAdmin.inlines = [*EmployeeAdmin.inlines, AddressInline, InvitationInline]
