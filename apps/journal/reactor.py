"""What our own rooms do when something below them commits: `@on("absence.started")` in an app's `reactions.py`.

Each reaction has one cursor and reads sealed entries in order, so none is skipped and none is handled twice: the cursor
moves in the transaction of the effect. Safety never waits for a reaction.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.registry import Registry
from apps.journal.models import Cursor, Entry, Seal, SetAside

log = logging.getLogger("recado.journal")

BATCH = 200
TRIES = 5
BACKOFF_SECONDS = (1, 5, 30, 120, 600)

Handler = Callable[[Entry], None]


class Reaction:
    """One handler and the entry names it wants."""

    def __init__(self, name: str, names: frozenset[str], handler: Handler) -> None:
        self.name, self.names, self.handler = name, names, handler


reactions: Registry[Reaction] = Registry("reaction", module="reactions")


def on(*names: str) -> Callable[[Handler], Handler]:
    """Register a function of one Entry for the entries called `names`. It must be safe to run twice."""

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__.removeprefix('apps.')}.{handler.__name__}"
        reactions.register(name, Reaction(name, frozenset(names), handler))
        return handler

    return register


def run_all() -> int:
    """Let every reaction read on; returns how many entries were handled."""
    return sum(_run(reaction) for _name, reaction in reactions)


def _run(reaction: Reaction) -> int:
    handled = 0
    cursor, _created = Cursor.objects.get_or_create(reaction=reaction.name)
    while True:
        head = Seal.objects.order_by("-position").values_list("position", flat=True).first() or 0
        if cursor.position >= head or (cursor.not_before and cursor.not_before > clock.now()):
            return handled
        wanted = (
            Seal.objects.filter(position__gt=cursor.position, position__lte=head, entry__name__in=reaction.names)
            .order_by("position")
            .select_related("entry")[:BATCH]
        )
        seals = list(wanted)
        for seal in seals:
            if not _handle(reaction, cursor, seal):
                return handled
            handled += 1
        if len(seals) < BATCH:
            # Nothing further up to the head concerns us: skip there in one step.
            Cursor.objects.filter(pk=cursor.pk, position__lt=head).update(position=head)
            return handled


def _handle(reaction: Reaction, cursor: Cursor, seal: Seal) -> bool:
    """True when the reaction may go on to the next entry."""
    try:
        with transaction.atomic():
            locked = Cursor.objects.select_for_update(skip_locked=_can_skip()).filter(pk=cursor.pk).first()
            if locked is None or locked.position >= seal.position:
                return locked is not None  # another worker is at it, or was
            reaction.handler(seal.entry)
            Cursor.objects.filter(pk=cursor.pk).update(position=seal.position, attempts=0, error="", not_before=None)
        cursor.position = seal.position
        return True
    except Exception as error:  # the edge of a worker: the row is marked, the trace logged
        log.exception("reaction %s failed on entry %s", reaction.name, seal.entry_id)
        return _fail(cursor, seal, repr(error))


def _fail(cursor: Cursor, seal: Seal, error: str) -> bool:
    with transaction.atomic():
        locked = Cursor.objects.select_for_update().get(pk=cursor.pk)
        locked.attempts += 1
        locked.error = error[:2000]
        if locked.attempts < TRIES:
            locked.not_before = clock.now() + timedelta(seconds=BACKOFF_SECONDS[locked.attempts - 1])
            locked.save()
            return False
        SetAside.objects.get_or_create(cursor=locked, entry=seal.entry, defaults={"error": error[:2000]})
        locked.position, locked.attempts, locked.not_before = seal.position, 0, None
        locked.save()
    cursor.position = seal.position
    return True


def retry(item: SetAside) -> str:
    """Handle one entry that was set aside; returns a sentence for the screen."""
    reaction = reactions[item.cursor.reaction]
    with transaction.atomic():
        reaction.handler(item.entry)
        item.resolved_at = clock.now()
        item.save(update_fields=["resolved_at"])
    return _("Done: the reaction has handled the entry.")


def _can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked
