"""Reads about conversations: who may see them."""

from typing import Any

from django.db.models import QuerySet

from apps.conversations.models import Conversation, Dialogue
from apps.files.models import File
from apps.people import queries as people

VIEW = "conversations.view_conversation"
REPLY = "conversations.reply_in_conversation"


def visible_to(user: Any) -> QuerySet[Conversation]:
    """Conversations with the people this user may see; those with strangers only for who sees everybody."""
    if people.sees_everybody(user):
        return Conversation.objects.all()
    return Conversation.objects.filter(contact__employee__in=people.visible_employees(user))


def visible_dialogues(user: Any) -> QuerySet[Dialogue]:
    if people.sees_everybody(user):
        return Dialogue.objects.all()
    return Dialogue.objects.filter(conversation__in=visible_to(user))


def may_see_file(user: Any, file: File) -> bool:
    """Files that came with a message, or were sent from the desk, are seen by those who see their conversation."""
    if not user.has_perm(VIEW) or not file.owner_id.isdigit():
        return False
    if file.owner_type == "conversations.conversation":
        return visible_to(user).filter(pk=file.owner_id).exists()
    is_messages = file.owner_type == "conversations.message"
    return is_messages and visible_to(user).filter(messages=int(file.owner_id)).exists()
