"""What we wrote to an employee, on their timeline. The words only for whoever reads conversations."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.people.timeline import Line, register
from apps.providers.kinds import Klass, title_of

READS_WORDS = "conversations.view_message"  # by codename: conversations live above
LONGEST = 200  # characters of a message on a line


def _rows(employee: Employee, user: Any) -> QuerySet[OutboundMessage]:
    told = ("kind", "klass", "text", "data", "state", "created_at")
    return contacts.of_their_time(OutboundMessage.objects.only(*told), employee, at="created_at")


def _tell(rows: Sequence[OutboundMessage], user: Any) -> Iterable[Line]:
    reads = user.has_perm(READS_WORDS)
    for row in rows:
        what = _("We wrote: %(what)s (%(state)s)") % {"what": title_of(row.kind), "state": row.get_state_display()}
        words = Truncator(row.shown_text).chars(LONGEST) if reads and row.klass != Klass.SECURITY else ""
        yield Line(what, words, reverse("admin:outbox_outboundmessage_change", args=[row.pk]), "", "north_east")


register("outbox.messages", kind="messages", permission="outbox.view_outboundmessage", rows=_rows, moment="created_at",
         tell=_tell)  # fmt: skip
