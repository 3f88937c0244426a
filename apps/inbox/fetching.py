"""The files of messages are fetched before their transaction and kept with the event: the next try does not fetch again.

Several at once, and never while anything is locked: a carrier that is slow with one file holds up nobody's taps.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from apps.core.errors import Misconfigured, RecadoError, Refused, TryLater
from apps.files import services as files
from apps.inbox import postponing
from apps.inbox.models import InboundEvent
from apps.inbox.queries import due_events
from apps.providers import services as providers
from apps.providers.base import FetchedMedia
from apps.providers.registry import provider_for

log = logging.getLogger("recado.inbox")

AT_ONCE = 4  # files in memory at the same time; Meta's largest has 100 MB
TRIES = 4
BACKOFF_SECONDS = (1, 4, 15)


@dataclass(frozen=True)
class _Fetched:
    event: InboundEvent
    media: FetchedMedia | None = None
    error: Exception | None = None


def is_wanted(event: InboundEvent) -> bool:
    """Whether the message has a file that nobody has tried to fetch to the end."""
    return bool(event.name == "MessageReceived" and event.data.get("media") and "file_id" not in event.data)


def fetch(pks: Sequence[int]) -> int:
    """Fetch the files of these events; returns how many may go on now, with their file or without one.

    Two workers may fetch the same file at the same time; equal bytes are stored once, so nothing is doubled.
    """
    rows = list(due_events().filter(pk__in=pks).select_related("account"))
    wanted = [row for row in rows if is_wanted(row)]
    ready = len(rows) - len(wanted)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(wanted), AT_ONCE):
            ready += sum(_keep(fetched) for fetched in pool.map(_fetch, wanted[start : start + AT_ONCE]))
    return ready


def _fetch(event: InboundEvent) -> _Fetched:
    """In a thread of its own: no database here."""
    try:
        media = event.data["media"]
        fetched = provider_for(event.account).fetch_media(media["remote_id"], media.get("sha256", ""))
        return _Fetched(event, fetched)
    except Exception as error:  # told apart by `_keep`, where rows may be written
        return _Fetched(event, error=error)


def _keep(fetched: _Fetched) -> bool:
    """False: put off for now."""
    event, file_id, problem = fetched.event, None, ""
    try:
        file_id = _stored(fetched)
    except TryLater as error:
        if event.attempts + 1 < TRIES:
            postponing.delay(event.pk, BACKOFF_SECONDS[event.attempts], str(error))
            return False
        problem = (
            error.code
        )  # the person must not wait for ever: the message goes on, and says that its file is missing
    except Misconfigured as error:
        providers.break_account(account=event.account, reason=str(error))
        postponing.delay(event.pk, 60, str(error), counts=False)
        return False
    except RecadoError as error:  # refused by the carrier; an empty file, one that is too large
        log.warning("the file of event %s is not kept: %s", event.pk, error)
        problem = error.code
    except Exception as error:  # the edge of a worker: this event is put off, the others go on
        log.exception("the file of event %s could not be fetched", event.pk)
        postponing.put_off(event.pk, error)
        return False
    postponing.change(event.pk, lambda row: _note(row, file_id, problem))
    return True


def _stored(fetched: _Fetched) -> int:
    """What the carrier calls it decides how large it may be; what it is, its bytes say. Raises RecadoError."""
    if fetched.media is None:
        raise fetched.error or Refused("There is no file.", code="media_gone")
    media = fetched.event.data["media"]
    file = files.store(
        content=fetched.media.content, name=media.get("filename") or f"{media['kind']}-{fetched.event.pk}",
        claimed=media["kind"], is_intact=fetched.media.is_intact,
    )  # fmt: skip
    return file.pk


def _note(row: InboundEvent, file_id: int | None, problem: str) -> None:
    row.data["file_id"] = file_id
    if problem:
        row.data["extra"] = {**row.data.get("extra", {}), "file_problem": problem}
