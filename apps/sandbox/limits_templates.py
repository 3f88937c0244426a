"""How often templates may be made and changed. By the demo's clock, in memory: a restart forgets, as with other rates."""

from collections import defaultdict
from datetime import datetime, timedelta

from apps.core import clock
from apps.sandbox.graph_errors import GraphError

# Meta, "Templates": 100 new ones an hour per account; an approved one is edited once a day and ten times in 30 days; the
# name of a deleted one is blocked for 30 days.
_HOUR, _DAY, _MONTH = timedelta(hours=1), timedelta(hours=24), timedelta(days=30)
_CREATIONS_MAX, _EDITS_MAX = 100, 10

_created: dict[str, list[datetime]] = defaultdict(list)
_edited: dict[str, list[datetime]] = defaultdict(list)
_deleted: dict[tuple[str, str, str], datetime] = {}


def check_creation(waba_id: str, name: str, language: str) -> None:
    """Raises GraphError 80008 when the hour is full, 100 when the name is blocked."""
    now = clock.now()
    if sum(moment > now - _HOUR for moment in _created[waba_id]) >= _CREATIONS_MAX:
        raise GraphError(80008, f"{_CREATIONS_MAX} templates were created within an hour.")
    deleted = _deleted.get((waba_id, name, language))
    if deleted is not None and deleted > now - _MONTH:
        raise GraphError(100, f"{name} in {language} was deleted and cannot be made again for 30 days.")


def note_creation(waba_id: str) -> None:
    _created[waba_id] = [*_created[waba_id][-_CREATIONS_MAX:], clock.now()]


def note_deletion(waba_id: str, name: str, language: str) -> None:
    _deleted[waba_id, name, language] = clock.now()


def check_edit(template_id: str) -> None:
    """Count one edit of an approved template. Raises GraphError 100 when it comes too soon."""
    now = clock.now()
    recent = [moment for moment in _edited[template_id] if moment > now - _MONTH]
    if (recent and recent[-1] > now - _DAY) or len(recent) >= _EDITS_MAX:
        raise GraphError(100, "An approved template is edited once in 24 hours and ten times in 30 days.")
    _edited[template_id] = [*recent, now]


def forget() -> None:
    """A reset: everything may be done again."""
    for kept in (_created, _edited, _deleted):
        kept.clear()
