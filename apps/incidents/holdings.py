"""What incidents hold about a person."""

from django.db.models import Q
from django.utils.translation import ngettext

from apps.contacts.holdings import holding
from apps.contacts.models import Contact
from apps.incidents.models import Note, Ticket


@holding("incidents.tickets", place=70)
def tickets(contact: Contact) -> str:
    who = contact.employee
    count = Ticket.objects.filter(Q(reporter=who) | Q(assignee=who)).count()
    sentence = ngettext(
        "%(count)s report you wrote or looked after", "%(count)s reports you wrote or looked after", count
    )
    return sentence % {"count": count} if count else ""


@holding("incidents.notes", place=71)
def notes(contact: Contact) -> str:
    count = Note.objects.filter(by=contact.employee).count()
    sentence = ngettext("%(count)s comment of yours", "%(count)s comments of yours", count)
    return sentence % {"count": count} if count else ""
