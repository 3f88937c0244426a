"""Where a question can be asked, and the reason where it cannot. Pure.

The chat and the web page (apps.web) are built; a WhatsApp Flow joins here as one row.
"""

from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.forms.schema import FieldSpec, Schema


class Face(StrEnum):
    CHAT = "chat"
    WEB = "web"


LABELS = {Face.CHAT: gettext_lazy("WhatsApp chat"), Face.WEB: gettext_lazy("Web page, by link")}
_ALL = frozenset({"text", "number", "money", "date", "choice", "yesno", "photo", "document", "location"})
KINDS: dict[Face, frozenset[str]] = {Face.CHAT: _ALL, Face.WEB: _ALL}


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
