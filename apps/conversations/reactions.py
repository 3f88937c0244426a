"""What conversations do when somebody's address is no longer theirs beyond doubt."""

from apps.contacts.linking import LOST
from apps.contacts.models import Contact
from apps.conversations import dialogue
from apps.conversations.models import Dialogue
from apps.journal.actors import SYSTEM
from apps.journal.models import Entry
from apps.journal.reactor import on


@on("contact.suspended", "contact.unlinked")
def end_dialogues(entry: Entry) -> None:
    """A lost phone, or one that is nobody's: what was begun there is thrown away. Other doubts only pause it."""
    contact = Contact.objects.filter(pk=entry.subject_id).first()
    if contact is None or contact.state == Contact.State.ACTIVE:
        return  # proved again meanwhile
    is_over = contact.state == Contact.State.UNLINKED or contact.state_reason == LOST
    states = [Dialogue.State.OPEN, Dialogue.State.PAUSED] if is_over else [Dialogue.State.OPEN]
    for row in Dialogue.objects.filter(conversation__contact=contact, state__in=states):
        if is_over:
            dialogue.close(dialogue=row, by=SYSTEM)
        else:
            dialogue.pause(dialogue=row)
