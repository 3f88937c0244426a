"""What approvals hold about a person."""

from django.utils.translation import ngettext

from apps.approvals.models import Decision, Request
from apps.contacts.holdings import holding
from apps.contacts.models import Contact


@holding("approvals.requests", place=60)
def requests(contact: Contact) -> str:
    count = Request.objects.filter(requester=contact.employee).count()
    sentence = ngettext("%(count)s request of yours", "%(count)s requests of yours", count)
    return sentence % {"count": count} if count else ""


@holding("approvals.decisions", place=61)
def decisions(contact: Contact) -> str:
    count = Decision.objects.filter(seat__employee=contact.employee).count()
    sentence = ngettext("%(count)s decision you made", "%(count)s decisions you made", count)
    return sentence % {"count": count} if count else ""
