"""What conversations hold about a person."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.contacts.holdings import holding
from apps.contacts.models import Contact
from apps.conversations.models import Message
from apps.outbox.models import OutboundMessage


@holding("conversations.messages", place=50, is_for_strangers=True)
def messages(contact: Contact) -> str:
    """Also for strangers: what they wrote themselves."""
    received = Message.objects.filter(conversation__contact=contact).count()
    sent = OutboundMessage.objects.filter(contact=contact).count()
    text = ngettext("%(count)s message from you", "%(count)s messages from you", received) % {"count": received}
    answers = ngettext("%(count)s to you", "%(count)s to you", sent) % {"count": sent}
    return _("%(from_you)s and %(to_you)s, kept until HR removes them") % {"from_you": text, "to_you": answers}
