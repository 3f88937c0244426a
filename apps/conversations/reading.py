"""When blue ticks and "is writing…" show on the person's phone.

Each account says when a message counts as read (`Account.read_marks`). By default when somebody who may answer has it open
on their screen: that is what blue ticks mean to the person. A mark covers the messages before it, so only the newest is told.
"""

from django.db.models import F, Q

from apps.conversations import queries, tasks
from apps.conversations.models import Conversation
from apps.core.errors import NotPermittedError
from apps.core.tasks import nudge
from apps.people.models import User
from apps.providers import capabilities
from apps.providers.models import Account

Marks = Account.ReadMarks


def opened(*, conversation: Conversation, by: User, is_typing: bool = False) -> bool:
    """Somebody who may answer looks at the conversation, or writes in it. True when the carrier is told.

    Raises NotPermittedError for somebody who may only read: an auditor's look is nobody's business.
    """
    if not by.has_perm(queries.REPLY) or not queries.visible_to(by).filter(pk=conversation.pk).exists():
        raise NotPermittedError
    account = conversation.number.account
    if account.read_marks == Marks.NEVER or not capabilities.marks_read(account):
        return False
    return _mark(conversation, is_typing=is_typing)


def taken_up(*, conversation: Conversation, account: Account) -> bool:
    """Recado has taken a message up; told only where the account says so."""
    is_wanted = account.read_marks == Marks.TAKEN_UP and capabilities.marks_read(account)
    return is_wanted and _mark(conversation, is_typing=False)


def _mark(conversation: Conversation, *, is_typing: bool) -> bool:
    unmarked = Q(marked_read_at=None) | Q(marked_read_at__lt=F("last_inbound_at"))
    rows = Conversation.objects.filter(unmarked, pk=conversation.pk, last_inbound_at__isnull=False)
    if rows.update(marked_read_at=F("last_inbound_at")) or is_typing:
        nudge(tasks.mark_read, conversation_id=conversation.pk, is_typing=is_typing)
        return True
    return False
