"""Whoever owns a template is told once when WhatsApp pauses, rejects, disables or re-categorises it.

Several changes of one moment are one message: a lost account must not send seventy.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.conversations import services as conversations
from apps.core import clock
from apps.health.kinds import TEMPLATES_CHANGED
from apps.outbox.buttons import ButtonSpec
from apps.people import queries as people
from apps.people.models import Employee
from apps.providers import services as providers
from apps.providers.models import Approval
from apps.providers.policy import OPERATE
from apps.providers.uses import uses_of
from apps.timers import services as timers
from apps.timers.models import Timer

TIMER = "health.templates_changed"
GATHERED = timedelta(seconds=20)
"""Changes within this time are told together."""
NAMED = 3
"""More templates than this are only counted."""


def note(approval: Approval) -> None:
    """Something has changed: tell of it soon, or, when all is well again, be ready to tell of the next trouble."""
    if not approval.needs_attention:
        providers.note_told(approvals=[approval])
    elif approval.told != approval.trouble and not Timer.objects.filter(handler=TIMER, state=Timer.State.SET).exists():
        timers.set_timer(handler=TIMER, key="all", due_at=clock.now() + GATHERED)


@transaction.atomic
def tell(cause: str) -> int:
    """Tell everybody of what they were not told yet; returns how many people. `cause` makes the keys of this telling."""
    rows = Approval.objects.select_for_update(of=("self",)).select_related("translation__template__owner", "account")
    news = [row for row in rows.order_by("id") if row.needs_attention and row.told != row.trouble]
    told = 0
    for person, theirs in _by_person(news).items():
        told += _tell(person, theirs, cause)
    providers.note_told(approvals=news)
    return told


def _by_person(news: Iterable[Approval]) -> dict[Employee, list[Approval]]:
    operators: list[Employee] | None = None
    found: dict[Employee, list[Approval]] = {}
    for row in news:
        owner = row.translation.template.owner
        if owner is not None and owner.is_active:
            found.setdefault(owner, []).append(row)
            continue
        operators = people.employees_who_may(OPERATE) if operators is None else operators
        for person in operators:
            found.setdefault(person, []).append(row)
    return found


def _tell(person: Employee, rows: Sequence[Approval], cause: str) -> bool:
    contact = contacts.contact_of(person)
    with translation.override(contact.spoken_language if contact else person.language):
        names = [_named(row) for row in rows]
        shown = ", ".join(names[:NAMED])
        if len(names) > NAMED:
            shown = _("%(names)s and %(count)s more") % {"names": shown, "count": len(names) - NAMED}
        data = {"templates": shown, "what": _what(rows), "waiting": str(_waiting(rows)), "link": _link(rows)}
    templates = sorted({row.translation.template_id for row in rows})
    buttons = [
        ButtonSpec(action=action, target=f"health.{action}", data={"templates": templates})
        for action in ("knock", "wait")
    ]
    sent = conversations.notify(
        kind=TEMPLATES_CHANGED.name, to=person, data=data, key=f"{TIMER}:{cause}:{person.pk}", buttons=buttons
    )
    return sent is not None


def _named(row: Approval) -> str:
    about = {"title": row.translation.template, "language": row.translation.get_language_display()}
    return _("“%(title)s” (%(language)s)") % about


def _what(rows: Sequence[Approval]) -> str:
    """The states, once each."""
    said = [
        _("will become %(category)s within a day") % {"category": row.correct_category}
        if row.is_usable
        else str(row.get_state_display())
        for row in rows
    ]
    return ", ".join(dict.fromkeys(said))


def _waiting(rows: Sequence[Approval]) -> int:
    found = uses_of({row.translation.template.kind for row in rows})
    return sum(use.count or 0 for some in found.values() for use in some if use.waits)


def _link(rows: Sequence[Approval]) -> str:
    templates = {row.translation.template_id for row in rows}
    if len(templates) == 1:
        return f"{settings.BASE_URL}{reverse('admin:providers_messagetemplate_change', args=list(templates))}"
    return f"{settings.BASE_URL}{reverse('admin:providers_messagetemplate_changelist')}?at=trouble"
