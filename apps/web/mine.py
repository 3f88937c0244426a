"""What "my requests" shows and does: everything one asked for or reported lately, how it stands, and what may be done."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.approvals.machine import REQUEST
from apps.approvals.models import Request
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.core.texts import key_in
from apps.forms import queries as forms
from apps.incidents import queries as incidents
from apps.incidents import services as incidents_services
from apps.incidents.models import Note, Ticket
from apps.journal.services import record
from apps.people import queries as people
from apps.web import queries
from apps.web.models import Link

SHOWN = 20
LONGEST = 2000
_KEY = re.compile(r"[0-9a-f]{16}")


@dataclass
class Row:
    """One request or ticket. `notes` are (who, text, when) of what both sides said; `may_*` what its buttons do."""

    code: str
    pk: int
    what: str
    state: str
    state_words: str
    standing: str
    is_open: bool
    answers: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    may_withdraw: bool = False
    may_comment: bool = False
    comment_key: str = ""
    filed_by: str = ""


def rows(link: Link, language: str) -> list[Row]:
    """The newest ones of both sorts, open ones first."""
    found = [*_requests(link, language), *_tickets(link, language)]
    return sorted(found, key=lambda row: not row.is_open)


def _requests(link: Link, language: str) -> list[Row]:
    me = link.employee
    return [
        Row(
            code=request.code, pk=request.pk, what=approvals.what(request, language), state=request.state,
            state_words=request.get_state_display(), standing=approvals.standing(request, me),
            is_open=request.state in {Request.State.OPEN, Request.State.STUCK},
            may_withdraw="withdraw" in REQUEST.allowed(request.state), filed_by=forms.filed_by(request.submission),
        )
        for request in approvals.requested_by(me, SHOWN)
    ]  # fmt: skip


def _tickets(link: Link, language: str) -> list[Row]:
    me = link.employee
    tickets = incidents.reported_by(me, SHOWN)
    said: dict[int, list[tuple[str, str, str]]] = {}
    for note in Note.objects.filter(ticket__in=tickets).exclude(side=Note.Side.INTERNAL).order_by("id"):
        said.setdefault(note.ticket_id, []).append((note.by_label, note.text, people.clock_time(note.created_at, me)))
    return [
        Row(
            code=ticket.code, pk=ticket.pk, what=ticket.summary, state=ticket.state,
            state_words=ticket.get_state_display(), standing=incidents.standing(ticket, me),
            is_open=ticket.state != Ticket.State.RESOLVED, notes=said.get(ticket.pk, []), may_comment=True,
            comment_key=secrets.token_hex(8), filed_by=forms.filed_by(ticket.submission),
        )
        for ticket in tickets
    ]  # fmt: skip


def own_request(link: Link, pk: Any) -> Request | None:
    """A request of the person behind the link; None for everybody else's."""
    found = Request.objects.select_related("requester", "flow", "submission__version").filter(requester=link.employee)
    return found.filter(pk=key_in(pk)).first()


def answers(request: Request, language: str) -> list[tuple[str, str]]:
    """What was asked and answered, sensitive answers masked."""
    return forms.answers_for_people(request.submission, language)


@transaction.atomic
def comment(*, link: Link, ticket: Any, text: str, key: str) -> Ticket:
    """Add a line to one's own ticket; the same `key` (of the page's form) is one line.

    Raises NotPermittedError for another person's ticket, InvalidInputError when nothing was said or too much.
    """
    refused = queries.obstacle(link)
    if refused:
        raise NotPermittedError(refused)
    row = Ticket.objects.filter(reporter=link.employee, pk=key_in(ticket)).first()
    if row is None:
        raise NotPermittedError(_("This is not one of your reports."))
    if len(text) > LONGEST:
        raise InvalidInputError(_("That is too long: %(length)s characters, at most %(max)s.") % {
            "length": len(text), "max": LONGEST})  # fmt: skip
    if not _KEY.fullmatch(key):
        raise InvalidInputError(_("This page is too old. Open your link again and send the comment once more."))
    source = f"link:{link.pk}:{key}"
    if row.notes.filter(source_key=source).exists():
        return row
    incidents_services.comment(ticket=row, by=link.employee, text=text, side=Note.Side.REPORTER, source_key=source)
    record("link.acted", subject=link, by=link.employee, after={"did": "comment", "about": row.pk})
    return row
