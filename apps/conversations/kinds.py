"""What conversations says by itself: free text inside an open window, caused by the person's own message."""

from apps.providers.kinds import Kind, Klass, Lane, declare

CHAT = declare(Kind(name="conversations.reply", klass=Klass.MY_REQUESTS, lane=Lane.REPLY, samples={"text": "Done."}))
