"""Where a question can be asked, and the reason where it cannot. Pure.

The chat is the only face that is built; a WhatsApp Flow and a web page join here, one row each.
"""

from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.forms.schema import FieldSpec, Schema


class Face(StrEnum):
    CHAT = "chat"


LABELS = {Face.CHAT: gettext_lazy("WhatsApp chat")}
KINDS: dict[Face, frozenset[str]] = {
    Face.CHAT: frozenset({"text", "number", "money", "date", "choice", "yesno", "photo", "document", "location"}),
}


def obstacle(field: FieldSpec, face: Face) -> str:
    """Why `face` cannot ask this field; empty when it can."""
    if field.kind not in KINDS[face]:
        return _("“%(field)s” has a type that cannot be asked there.") % {"field": field.key}
    if face == Face.CHAT and field.is_sensitive:
        return _(
            "“%(field)s” is sensitive and cannot be asked in a chat: what is written there stays on the phone, at the "
            "carrier and in its backups."
        ) % {"field": field.key}
    return ""


def obstacles(schema: Schema, face: Face) -> list[str]:
    """Every reason against wearing `face`; empty: the form has it."""
    return [sentence for field in schema if (sentence := obstacle(field, face))]
