"""What was said: with the people one may see."""

from django.utils.translation import gettext_lazy as _

from apps.conversations import queries
from apps.core.scope import declare

declare("conversations.conversation", rows=queries.visible_to,
        words=_("with the employees one may see; with strangers only for whoever sees everybody"))  # fmt: skip
declare("conversations.dialogue", words=_("in the conversations one may see"), rows=queries.visible_dialogues)
declare("conversations.menuitem", words=_("all"))
