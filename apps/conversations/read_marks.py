"""The call behind blue ticks and "is writing…". Cosmetic: one that fails is logged and forgotten."""

import logging

from apps.conversations.models import Message
from apps.core.errors import RecadoError
from apps.providers.registry import provider_for

log = logging.getLogger("recado.conversations")


def tell(*, conversation_id: int, is_typing: bool) -> bool:
    """Tell the carrier, outside any transaction. False when there is nothing to tell or it was not taken."""
    newest = Message.objects.filter(conversation=conversation_id).exclude(kind="reaction").order_by("-id")
    message = newest.select_related("conversation__number__account").first()
    if message is None:
        return False
    number = message.conversation.number
    try:
        provider_for(number.account).mark_read(number.remote_id, message.remote_id, is_typing=is_typing)
    except RecadoError as error:
        log.info("message %s could not be marked as read: %s", message.pk, error)
        return False
    return True
