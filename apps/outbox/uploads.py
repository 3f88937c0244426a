"""Files on their way out: handed to the carrier once, then sent by the id it gave, for as long as it keeps them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from apps.core.errors import Refused
from apps.files import queries as files
from apps.files import services as file_services
from apps.outbox.models import OutboundMessage
from apps.providers.base import Reaction, SendFailed
from apps.providers.models import Number
from apps.providers.registry import PROVIDERS
from apps.providers.types import MediaMessage, from_json, to_json

# What Meta answers when it does not know the id of a file (any more): 100 and 131009 name the parameter, the others the file.
_UNKNOWN_FILE = {"100", "131009", "131052", "131053"}
REMEMBERED = 256  # uploads of this process: those of one batch find each other before any of them is saved
REMEMBERED_SECONDS = 600.0


@dataclass(frozen=True)
class Upload:
    """A file to hand over. `key` names its bytes and where they go.

    `read` gives its content, or raises FileNotFoundError when it is gone from the disk.
    """

    read: Callable[[], bytes]
    mime_type: str
    filename: str
    key: tuple[str, str] = ("", "")


def place_of(number: Number) -> str:
    """Where an upload is kept: a file handed over by one number is not known to another."""
    return f"{number.account.kind}:{number.remote_id}"


def ready(content: MediaMessage, number: Number) -> tuple[MediaMessage, Upload | None]:
    """The content with the id of a copy that the carrier keeps, or with the file to hand over first.

    Its bytes, which may be very many, are not read here. Raises Refused when the file is gone.
    """
    found = files.by_ids([content.file_id])
    if not found:
        raise Refused("The file of this message is gone.", code="no_file")
    file, place = found[0], place_of(number)
    known = files.copy_of(file.sha256, place)
    if known:
        return replace(content, remote_id=known), None
    name = content.filename or file.name or f"file-{file.pk}"
    return content, Upload(partial(files.content_of, file), file.kind, name, (place, file.sha256))


def keep(row: OutboundMessage, media_id: str) -> None:
    """The carrier has the file: this message's next try, and other messages with the same bytes, need not send it again."""
    for values in (row.content, row.given):
        content = from_json(values) if values else None
        if not isinstance(content, MediaMessage):
            continue
        values.update(to_json(replace(content, remote_id=media_id)))
        lasts = PROVIDERS[row.number.account.kind].keeps_uploads
        for file in files.by_ids([content.file_id]):
            remember((place_of(row.number), file.sha256), media_id, lasts)


def remember(key: tuple[str, str], media_id: str, lasts: timedelta) -> None:
    """The carrier keeps what this key names (see Upload), under this id."""
    file_services.remember_copy(sha256=key[1], place=key[0], remote_id=media_id, lasts=lasts)


def second_look(row: OutboundMessage, error: SendFailed, *, is_late: bool = False) -> SendFailed:
    """A first try that may have named a file which the carrier lost is made once more, with a fresh upload."""
    content = from_json(row.content) if row.content else None
    tries = row.attempts - (1 if is_late else 0)
    if not isinstance(content, MediaMessage) or error.code not in _UNKNOWN_FILE or tries > 0:
        return error
    place = place_of(row.number)
    for file in files.by_ids([content.file_id]):
        file_services.forget_copy(sha256=file.sha256, place=place)
        _done.forget((place, file.sha256))
    for values in (row.content, row.given):
        if values.get("remote_id"):
            values["remote_id"] = ""
    return SendFailed(str(error), reaction=Reaction.RETRY, code=error.code, detail=error.detail, after=error.after)


class _Once:
    """Equal files of one process are handed over once, however many threads want to: the others wait for the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._ids: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    def get(self, key: tuple[str, str], upload: Callable[[], str]) -> str:
        with self._lock:
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            with self._lock:
                known, since = self._ids.get(key, ("", 0.0))
            if known and time.monotonic() - since < REMEMBERED_SECONDS:
                return known
            media_id = upload()
            with self._lock:
                self._ids[key] = media_id, time.monotonic()
                while len(self._ids) > REMEMBERED:
                    self._locks.pop(self._ids.popitem(last=False)[0], None)
            return media_id

    def forget(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._ids.pop(key, None)


_done = _Once()
hand_over = _done.get
