"""What conversations says by itself: free text inside an open window, caused by the person's own message."""

from django.utils.translation import gettext_lazy as _

from apps.providers.kinds import Kind, Klass, Lane, declare

CHAT = declare(
    Kind(
        name="conversations.reply",
        title=_("Reply in the chat"),
        klass=Klass.MY_REQUESTS,
        lane=Lane.REPLY,
        samples={"text": "Done."},
    )
)

# What somebody writes at the desk. Within 24 hours of the person's message it answers them, so it needs no consent and no
# STOP holds it; later it is we who begin.
ANSWER = declare(Kind(name="conversations.answer", title=_("Answer from the desk"), klass=Klass.MY_REQUESTS, lane=Lane.REPLY,
                      samples={"text": "It is on its way.", "by": "Bia Costa"}))  # fmt: skip
NOTE = declare(Kind(name="conversations.note", title=_("Message from the desk"), klass=Klass.WORK, lane=Lane.NOTICE,
                    samples={"text": "Please call me back.", "by": "Bia Costa"}))  # fmt: skip
