"""What an employee's timeline tells of WhatsApp: their addresses, what they agreed to, their invitations."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import queries
from apps.contacts.models import Consent, Invitation
from apps.journal.models import Entry
from apps.people.models import Employee
from apps.people.timeline import Line, register
from apps.providers.kinds import Klass

ADDRESSES: dict[str, str | Promise] = {
    "contact.linked": gettext_lazy("Connected on WhatsApp"),
    "contact.unlinked": gettext_lazy("Not connected on WhatsApp any more"),
    "contact.suspended": gettext_lazy("Decides nothing on WhatsApp until proved again"),
    "contact.reinstated": gettext_lazy("Proved again on WhatsApp"),
    "contact.phone_changed": gettext_lazy("Writes from another number"),
    "contact.shared": gettext_lazy("The address is a shared handset"),
}
"""Entries of the journal about an address that are told; the others are the machine's own business."""
STOPS: dict[str, str | Promise] = {
    "preference.stopped": gettext_lazy("Said STOP: only what is essential reaches them"),
    "preference.started": gettext_lazy("Said START: messages reach them again"),
}


def _addresses(employee: Employee, user: Any) -> QuerySet[Entry]:
    return queries.entries_of(employee, ADDRESSES)


def _stops(employee: Employee, user: Any) -> QuerySet[Entry]:
    return queries.entries_of(employee, STOPS)


def _tell_entries(rows: Sequence[Entry], user: Any) -> Iterable[Line]:
    for row in rows:
        is_stop = row.name in STOPS
        what = str(STOPS[row.name] if is_stop else ADDRESSES[row.name])
        url = reverse("admin:contacts_contact_change", args=[row.subject_id])
        yield Line(what, "", url, row.actor_label, "do_not_disturb_on" if is_stop else "contact_phone")


def _consents(employee: Employee, user: Any) -> QuerySet[Consent]:
    return queries.of_their_time(Consent.objects.all(), employee, at="at")


def _tell_consents(rows: Sequence[Consent], user: Any) -> Iterable[Line]:
    for row in rows:
        about = {"class": Klass(row.klass).label if row.klass in Klass.values else row.klass}
        what = _("Agreed to messages: %(class)s") % about if row.is_given else _("Wants no messages: %(class)s") % about
        yield Line(what, row.wording, reverse("admin:contacts_contact_change", args=[row.contact_id]))


def _made(employee: Employee, user: Any) -> QuerySet[Invitation]:
    return Invitation.objects.filter(employee=employee).select_related("batch__by")


def _tell_made(rows: Sequence[Invitation], user: Any) -> Iterable[Line]:
    for row in rows:
        actor = row.batch.by if row.batch is not None else None
        what = _("Invited to WhatsApp, %(way)s") % {"way": row.get_way_display()}
        state = _("expired") if row.is_expired else row.get_state_display()
        yield Line(what, state, reverse("admin:contacts_invitation_change", args=[row.pk]), str(actor or ""))


def _used(employee: Employee, user: Any) -> QuerySet[Invitation]:
    return Invitation.objects.filter(employee=employee)


def _tell_used(rows: Sequence[Invitation], user: Any) -> Iterable[Line]:
    for row in rows:
        yield Line(_("Used their invitation"), "", reverse("admin:contacts_invitation_change", args=[row.pk]),
                   icon="how_to_reg")  # fmt: skip


register("contacts.addresses", kind="changes", permission="contacts.view_contact", rows=_addresses, moment="at",
         tell=_tell_entries)  # fmt: skip
register("contacts.stops", kind="consent", permission="contacts.view_preference", rows=_stops, moment="at",
         tell=_tell_entries)  # fmt: skip
register("contacts.consents", kind="consent", permission="contacts.view_consent", rows=_consents, moment="at",
         tell=_tell_consents)  # fmt: skip
register("contacts.made", kind="invitations", permission="contacts.view_invitation", rows=_made, moment="created_at",
         tell=_tell_made)  # fmt: skip
register("contacts.used", kind="invitations", permission="contacts.view_invitation", rows=_used, moment="used_at",
         tell=_tell_used)  # fmt: skip
