"""What a carrier can carry, asked when something is written: refused then with a sentence, never dropped when it is sent."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from apps.core.errors import InvalidInputError
from apps.providers.models import Account
from apps.providers.registry import PROVIDERS
from apps.providers.types import Content

MB = 1024 * 1024

# What people call the types that a carrier may take; a type without a name here is named by its MIME type.
_NAMES = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "video/mp4": "MP4", "video/3gpp": "3GP",
    "audio/mpeg": "MP3", "audio/ogg": "OGG", "audio/mp4": "M4A", "audio/aac": "AAC", "audio/amr": "AMR",
    "application/pdf": "PDF", "text/plain": "TXT",
    "application/msword": "DOC", "application/vnd.ms-excel": "XLS", "application/vnd.ms-powerpoint": "PPT",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
}  # fmt: skip


def sort_of(account: Account, mime_type: str, size: int) -> str:
    """As what a file of this type (by content) and size travels: image, video, audio, sticker or document.

    Raises InvalidInputError with a sentence when the carrier does not take it.
    """
    provider = PROVIDERS[account.kind]
    for sort, limit in provider.media_limits.items():
        if mime_type in limit.types:
            if size > limit.largest:
                raise InvalidInputError(_("The file is too large for WhatsApp, which takes at most %(largest)s of this "
                                          "kind. Nothing was sent: please choose a smaller one.")
                                        % {"largest": _written(limit.largest)}, code="media_too_large")  # fmt: skip
            return sort
    raise InvalidInputError(_("WhatsApp does not take files of this kind, so nothing was sent. It takes: %(names)s.")
                            % {"names": ", ".join(names(account))}, code="media_type")  # fmt: skip


def sort_or_none(account: Account, mime_type: str, size: int) -> str:
    """As `sort_of`; empty for what the carrier does not take."""
    try:
        return sort_of(account, mime_type, size)
    except InvalidInputError:
        return ""


def check(account: Account, content: Content) -> None:
    """Raises InvalidInputError when the account's carrier cannot carry this kind of content at all."""
    if type(content) not in PROVIDERS[account.kind].sends:
        raise InvalidInputError(_("%(carrier)s cannot send this kind of message, so nothing was sent. Write it as text.")
                                % {"carrier": PROVIDERS[account.kind].label}, code="content_type")  # fmt: skip


def marks_read(account: Account) -> bool:
    return PROVIDERS[account.kind].marks_read


def mime_types(account: Account) -> list[str]:
    """Everything that may be chosen in a file field."""
    return [one for limit in PROVIDERS[account.kind].media_limits.values() for one in sorted(limit.types)]


def names(account: Account) -> Iterable[str]:
    return [_NAMES.get(mime_type, mime_type) for mime_type in mime_types(account)]


def _written(size: int) -> str:
    return f"{size // MB} MB" if size >= MB else f"{size // 1024} KB"
