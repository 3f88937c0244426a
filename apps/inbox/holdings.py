"""What the door keeps of a person's messages."""

from django.conf import settings
from django.utils.translation import ngettext

from apps.contacts.holdings import holding
from apps.contacts.models import Contact


@holding("inbox.deliveries", place=90, is_for_strangers=True)
def deliveries(contact: Contact) -> str:
    days = settings.INBOX_KEEP_DAYS
    return ngettext("your messages as WhatsApp delivered them, for %(days)s day",
                    "your messages as WhatsApp delivered them, for %(days)s days", days) % {"days": days}  # fmt: skip
