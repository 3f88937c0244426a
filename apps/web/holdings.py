"""What links hold about a person."""

from django.utils.translation import ngettext

from apps.contacts.holdings import holding
from apps.contacts.models import Contact
from apps.web.models import Link


@holding("web.links", place=75)
def links(contact: Contact) -> str:
    count = Link.objects.filter(employee=contact.employee).count() if contact.employee is not None else 0
    sentence = ngettext("%(count)s web link made for you", "%(count)s web links made for you", count)
    return sentence % {"count": count} if count else ""
