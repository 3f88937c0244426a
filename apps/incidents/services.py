"""What may be done with a ticket. Every verb checks who asks, whichever screen or chat they ask from."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.conversations import services as conversations
from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.core.together import joined
from apps.files import queries as files_queries
from apps.files import services as files_services
from apps.files.models import File
from apps.forms.models import Submission
from apps.incidents import kinds, queries
from apps.incidents.machine import TICKET
from apps.incidents.models import Category, Note, Ticket
from apps.journal.actors import HasActor
from apps.journal.services import record, transition
from apps.outbox import services as outbox
from apps.outbox.buttons import ButtonSpec
from apps.people.models import Employee
from apps.providers import capabilities
from apps.providers import queries as providers
from apps.providers.kinds import Kind
from apps.providers.types import MediaMessage

OFFER_LASTS = timedelta(days=30)


@transaction.atomic
def open_ticket(*, submission: Submission, category: Category, by: Employee, files: Iterable[File] = ()) -> Ticket:
    """One ticket per submission (asking again returns it), routed to the category's team; everybody there is asked.

    The reporter is told the code. When not one responder can be reached the journal says so (`ticket.unheard`).
    """
    existing = Ticket.objects.filter(submission=submission).first()
    if existing is not None:
        return existing
    ticket = Ticket.objects.create(
        category=category, team=category.team, reporter=by, submission=submission,
        summary=queries.summary_of(submission, category),
    )  # fmt: skip
    files_services.adopt(files=files, owner=ticket)
    filer = submission.filed_by
    record("ticket.opened", subject=ticket, by=filer or by, after={
        "state": ticket.state, "category": category.pk, "team": category.team_id,
        **({"on_behalf_of": by.pk} if filer else {})})  # fmt: skip
    _tell(kinds.OPENED, ticket, by, team=ticket.team.name)
    if not offer(ticket=ticket):
        record("ticket.unheard", subject=ticket, after={"team": ticket.team_id})
    return ticket


def offer(*, ticket: Ticket) -> int:
    """Ask every responder whether they take it; returns how many can be reached."""
    told = 0
    for person in queries.responders(ticket):
        category = queries.category_name(ticket.category, queries.language_of(person))
        told += _tell(kinds.OFFERED, ticket, person, category=category, name=ticket.reporter.name,
                      buttons=[_button("take", "incidents.take", ticket)])  # fmt: skip
    return told


@joined
def take(*, ticket: Ticket, by: Employee) -> Ticket:
    """The first wins. Raises MoveNotAllowedError with who was first and when, NotPermittedError for outsiders.

    Only the key of `ticket` counts: it is read under lock. Raises Ticket.DoesNotExist.
    """
    ticket = _locked(ticket)
    _check_may_answer(by, ticket)
    if ticket.state != Ticket.State.NEW:
        if ticket.state == Ticket.State.TAKEN and ticket.assignee_id == by.pk:
            return ticket  # a second tap of the same person
        raise MoveNotAllowedError(queries.standing(ticket, by))
    ticket = transition(ticket, TICKET, "take", by=by, is_locked=True, assignee=by, taken_at=clock.now())
    _tell(
        kinds.ASSIGNED, ticket, by, name=ticket.reporter.name, buttons=[_button("resolve", "incidents.resolve", ticket)]
    )
    _show(kinds.PHOTO, ticket, by, queries.files_to_pass_on(ticket, by))
    if ticket.reporter_id != by.pk:
        _tell(kinds.TAKEN, ticket, ticket.reporter, name=by.name)
    return ticket


@transaction.atomic
def hand_over(*, ticket: Ticket, to: Employee | None, by: HasActor) -> Ticket:
    """Somebody who leaves gives a ticket to `to`, or back to the team, which is asked again.

    Raises NotPermittedError when `to` does not answer this team's tickets, MoveNotAllowedError when nobody has it.
    """
    ticket = _locked(ticket)
    if to is None:
        ticket = transition(ticket, TICKET, "release", by=by, is_locked=True, assignee=None, taken_at=None)
        if not offer(ticket=ticket):
            record("ticket.unheard", subject=ticket, after={"team": ticket.team_id})
        return ticket
    _check_may_answer(to, ticket)
    ticket = transition(ticket, TICKET, "hand_over", by=by, is_locked=True, assignee=to, taken_at=clock.now())
    resolve_it = [_button("resolve", "incidents.resolve", ticket)]
    _tell(kinds.ASSIGNED, ticket, to, name=ticket.reporter.name, buttons=resolve_it)
    if to.pk != ticket.reporter_id:
        _tell(kinds.TAKEN, ticket, ticket.reporter, name=to.name)
    return ticket


@transaction.atomic
def comment(
    *, ticket: Ticket, by: Employee, text: str, side: str, files: Sequence[File] = (), source_key: str = ""
) -> Note:
    """Add a line from one side and carry it to the other. The same `source_key` (wamid) is one comment.

    The reporter's goes to whoever has the ticket, else to the whole team; a responder's to the reporter; an internal one
    to nobody. Raises NotPermittedError when `by` does not stand on that side, InvalidInputError when nothing was said.
    """
    ticket = _locked(ticket)
    known = ticket.notes.filter(source_key=source_key).first() if source_key else None
    if known is not None:
        return known
    text = text.strip()
    if not text and not files:
        raise InvalidInputError(_("The comment is empty: write a line or send a photo."))
    if side == Note.Side.REPORTER and ticket.reporter_id != by.pk:
        raise NotPermittedError(_("Only the person who reported it can comment as the reporter."))
    if side != Note.Side.REPORTER:
        _check_may_answer(by, ticket)
    note = Note.objects.create(ticket=ticket, by=by, by_label=by.name, side=side, text=text, source_key=source_key)
    note.files.set(files)
    files_services.adopt(files=files, owner=ticket)
    record("ticket.commented", subject=ticket, by=by, after={"note": note.pk, "side": side, "files": len(files)},
           body={"text": text})  # fmt: skip
    _carry(note, ticket, files)
    return note


def _carry(note: Note, ticket: Ticket, attached: Sequence[File]) -> None:
    """Bring it to the other side."""
    tag, text = f"note{note.pk}", " ".join([note.text, *(["📎"] if attached else [])]).strip()
    if note.side == Note.Side.REPORTER:
        assignee = ticket.assignee
        receivers = [assignee] if assignee is not None and assignee.is_active else queries.responders(ticket)
        for person in receivers:
            _tell(kinds.COMMENTED, ticket, person, tag=tag, name=note.by_label, text=text)
            _show(kinds.PHOTO, ticket, person, attached)
    elif note.side == Note.Side.RESPONDER and note.by_id != ticket.reporter_id:
        _tell(kinds.ANSWERED, ticket, ticket.reporter, tag=tag, name=note.by_label, text=text)
        _show(kinds.REPLY_PHOTO, ticket, ticket.reporter, attached)


@transaction.atomic
def resolve(*, ticket: Ticket, by: Employee, text: str = "") -> Ticket:
    """Close it, with a last line for the reporter. Raises MoveNotAllowedError (with who and when), NotPermittedError."""
    ticket = _locked(ticket)
    _check_may_answer(by, ticket)
    if ticket.state == Ticket.State.RESOLVED:
        raise MoveNotAllowedError(queries.standing(ticket, by))
    text = text.strip()
    ticket = transition(
        ticket,
        TICKET,
        "resolve",
        by=by,
        body={"text": text} if text else None,
        resolved_at=clock.now(),
        assignee=ticket.assignee or by,
        taken_at=ticket.taken_at or clock.now(),
    )
    if text:
        Note.objects.create(ticket=ticket, by=by, by_label=by.name, side=Note.Side.RESPONDER, text=text)
    if ticket.reporter_id != by.pk:
        with translation.override(queries.language_of(ticket.reporter)):
            last_line = text or _("Done.")
        _tell(kinds.RESOLVED, ticket, ticket.reporter, name=by.name, text=last_line)
    return ticket


# --- inside -----------------------------------------------------------------------------------------------------------


def _locked(ticket: Ticket) -> Ticket:
    """Without its assignee: whoever waited for the lock would see the one of before."""
    rows = Ticket.objects.select_for_update(of=("self",)).select_related("team", "reporter", "category")
    return rows.get(pk=ticket.pk)


def _check_may_answer(by: Employee, ticket: Ticket) -> None:
    if not queries.may_answer(by, ticket):
        raise NotPermittedError(_("%(ticket)s is answered by the team %(team)s.") % {
            "ticket": ticket.code, "team": ticket.team})  # fmt: skip


def _button(action: str, target: str, ticket: Ticket) -> ButtonSpec:
    return ButtonSpec(action=action, target=target, version=ticket.version, expires_in=OFFER_LASTS)


def _tell(kind: Kind, ticket: Ticket, to: Employee, *, tag: str = "",
          buttons: Sequence[ButtonSpec] = (), **data: str) -> bool:  # fmt: skip
    """True when the person has an address. `tag` makes the key of something that may be said more than once."""
    sent = conversations.notify(
        kind=kind.name,
        to=to,
        data={"ticket": ticket.code, "summary": ticket.summary, **data},
        key=f"ticket:{ticket.pk}:{kind.name}:{tag or ticket.version}:{to.pk}",
        subject=ticket,
        buttons=buttons,
    )
    return sent is not None


def _show(kind: Kind, ticket: Ticket, to: Employee, attached: Iterable[File]) -> None:
    """Pass on what can be shown safely; outside the 24-hour window it waits until the person writes again."""
    contact = contacts.contact_of(to)
    rows = list(attached)
    if contact is None or not rows:
        return
    account = providers.default_number().account
    for file in rows:
        sort = capabilities.sort_or_none(account, file.kind, file.size)
        if not sort or not files_queries.is_inline_safe(file):
            continue  # the page offers it for download
        content = MediaMessage(kind=sort, file_id=file.pk, caption=ticket.code, filename=file.name)
        key = f"ticket:{ticket.pk}:{kind.name}:{file.pk}:{to.pk}"
        outbox.enqueue(key=key, contact=contact, kind=kind.name, content=content, subject=ticket)
