from apps.conversations import read_marks
from apps.core.tasks import task


@task("conversations.mark_read", time_limit=60)
def mark_read(*, conversation_id: int, is_typing: bool = False, **_: object) -> bool:
    return read_marks.tell(conversation_id=conversation_id, is_typing=is_typing)
