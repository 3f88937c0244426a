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
from apps.core.errors import RecadoError
from apps.core.registry import Registry
from apps.journal.models import Cursor, Entry, Seal, SetAside

log = logging.getLogger("recado.journal")

BATCH = 200
SEEN_AT_ONCE = 5000  # positions; a reaction that is further behind reads on by itself
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
    """Let every reaction read on; returns how many entries were handled.

    Most of what happens concerns no reaction: one look tells, and moves all cursors at once.
    """
    cursors = _cursors()
    head = Seal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    behind = [one for _name, one in reactions if cursors[one.name].position < head]
    if not behind:
        return 0
    lowest = min(cursors[one.name].position for one in behind)
    if head - lowest <= SEEN_AT_ONCE:
        wanted = {name for one in behind for name in one.names}
        since = Seal.objects.filter(position__gt=lowest, position__lte=head, entry__name__in=wanted)
        found = set(since.order_by().values_list("entry__name", flat=True).distinct())
        idle = [cursors[one.name].pk for one in behind if not one.names & found]
        Cursor.objects.filter(pk__in=idle, position__lt=head).update(position=head)
        behind = [one for one in behind if one.names & found]
    return sum(_run(reaction, cursors[reaction.name]) for reaction in behind)


def _cursors() -> dict[str, Cursor]:
    known = {cursor.reaction: cursor for cursor in Cursor.objects.all()}
    missing = [Cursor(reaction=name) for name, _reaction in reactions if name not in known]
    if missing:
        Cursor.objects.bulk_create(missing, ignore_conflicts=True)
        known = {cursor.reaction: cursor for cursor in Cursor.objects.all()}
    return known


def _run(reaction: Reaction, cursor: Cursor) -> int:
    handled = 0
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
    """Handle one entry that was set aside; returns a sentence for the screen. Raises RecadoError when it fails again."""
    reaction = reactions.get(item.cursor.reaction)
    if reaction is None:
        raise RecadoError(_("This release of the product has no such reaction any more: nothing can be tried again."))
    try:
        with transaction.atomic():
            reaction.handler(item.entry)
            item.resolved_at = clock.now()
            item.save(update_fields=["resolved_at"])
    except RecadoError:
        raise
    except Exception as error:  # whatever it is, the person at the button reads it, and the trace is logged
        log.exception("reaction failed again", extra={"reaction": reaction.name, "entry": item.entry_id})
        raise RecadoError(_("It failed again: %(error)s") % {"error": str(error)[:500]}) from error
    return _("Done: the reaction has handled the entry.")


def _can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked
