"""What an employee wrote to us, on their timeline. The words only for whoever reads messages."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import queries as contacts
from apps.conversations.models import Message
from apps.people.models import Employee
from apps.people.timeline import Line, register

READS_WORDS = "conversations.view_message"
LONGEST = 200  # characters of a message on a line
SENT: dict[str, str | Promise] = {
    "image": gettext_lazy("They sent a photo"), "audio": gettext_lazy("They sent a voice message"),
    "video": gettext_lazy("They sent a video"), "document": gettext_lazy("They sent a document"),
    "location": gettext_lazy("They sent a place"), "contacts": gettext_lazy("They sent a contact"),
    "tap": gettext_lazy("They tapped a button"), "flow": gettext_lazy("They filled in a form"),
    "reaction": gettext_lazy("They reacted to a message"), "sticker": gettext_lazy("They sent a sticker"),
}  # fmt: skip


def _rows(employee: Employee, user: Any) -> QuerySet[Message]:
    told = ("conversation", "kind", "text", "revoked_at", "received_at")
    rows = Message.objects.only(*told)
    return contacts.of_their_time(rows, employee, at="received_at", contact="conversation__contact")


def _tell(rows: Sequence[Message], user: Any) -> Iterable[Line]:
    reads = user.has_perm(READS_WORDS)
    for row in rows:
        what = str(SENT.get(row.kind, _("They wrote")))
        words = _("Deleted by the person.") if row.revoked_at else Truncator(row.text).chars(LONGEST)
        url = reverse("admin:conversations_conversation_change", args=[row.conversation_id])
        yield Line(what, words if reads else "", url, "", "south_west")


register("conversations.messages", kind="messages", permission="conversations.view_conversation", rows=_rows,
         moment="received_at", tell=_tell)  # fmt: skip
