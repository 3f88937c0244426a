"""Reads about tickets: who may see and answer them, and how they stand in a sentence."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.core import clock
from apps.core.together import recall
from apps.files import queries as files
from apps.files.models import File
from apps.forms import queries as forms
from apps.forms.models import Submission
from apps.forms.schema import in_language
from apps.incidents.models import Category, Note, Ticket
from apps.people import queries as people
from apps.people.models import Employee, Membership

VIEW_ALL = "incidents.view_all_tickets"
ANSWER = "incidents.answer_ticket"
RECENT = timedelta(minutes=10)  # a loose photo or line after a report belongs to it for this long
SHOWN = 5


def visible_to(user: Any) -> QuerySet[Ticket]:
    """All with `incidents.view_all_tickets`; else what one took, what one's teams answer, what one's people reported."""
    if not user.is_active:
        return Ticket.objects.none()
    if user.has_perm(VIEW_ALL):
        return Ticket.objects.all()
    own = people.employee_of(user)
    if own is None:
        return Ticket.objects.none()
    teams = people.teams_of(own, people.today(own)) | people.led_teams(user)
    mine = Q(assignee=own) | Q(team_id__in=teams) | Q(reporter__in=people.visible_employees(user))
    return Ticket.objects.filter(mine)


def unresolved(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Those of `rows` that still need somebody. States are named, since no index serves "anything but"."""
    return rows.filter(state__in=[Ticket.State.NEW, Ticket.State.TAKEN])


def resolved_today(rows: QuerySet[Ticket], reader: Employee | None) -> QuerySet[Ticket]:
    """Those of `rows` that were resolved since the reader's midnight."""
    return rows.filter(resolved_at__gte=people.midnight_of(reader))


def may_see_file(user: Any, file: File) -> bool:
    """Files belong to a ticket: whoever sees it sees them."""
    if (
        file.owner_type != "incidents.ticket"
        or not file.owner_id.isdigit()
        or not user.has_perm("incidents.view_ticket")
    ):
        return False
    ticket = visible_to(user).filter(pk=file.owner_id).select_related("team", "submission__version").first()
    if ticket is None:
        return False
    if file.pk in forms.sensitive_files(ticket.submission):
        return reveals(user, ticket)
    internal = ticket.notes.filter(side=Note.Side.INTERNAL, files=file).exists()
    return not internal or may_read_internal(user, ticket)


def reveals(user: Any, ticket: Ticket) -> bool:
    """Whether this sign-in answers the ticket, and so is shown sensitive answers."""
    own = people.employee_of(user)
    return bool(own and user.has_perm(ANSWER) and may_answer(own, ticket))


def files_to_pass_on(ticket: Ticket, to: Employee) -> list[File]:
    """What whoever takes it may be sent: nothing sensitive, and to its reporter nothing internal."""
    rows = files.files_of(ticket).exclude(pk__in=forms.sensitive_files(ticket.submission))
    if to.pk == ticket.reporter_id:
        rows = rows.exclude(pk__in=File.objects.filter(ticket_notes__in=ticket.notes.filter(side=Note.Side.INTERNAL)))
    return list(rows)


def may_read_internal(user: Any, ticket: Ticket) -> bool:
    """Internal comments are for those who answer the ticket and those who see all; never for who reported it."""
    own = people.employee_of(user)
    return bool(user.has_perm(VIEW_ALL)) or bool(own and own.pk != ticket.reporter_id and may_answer(own, ticket))


def may_answer(employee: Employee, ticket: Ticket) -> bool:
    """Active members of the ticket's team, leads of it and of the teams above it, and whoever has it now."""
    if not employee.is_active:
        return False
    today = people.today(employee)
    return (
        ticket.assignee_id == employee.pk
        or people.is_member(employee, ticket.team, today)
        or ticket.team_id in people.teams_led_by(employee, today)
    )


def responders(ticket: Ticket) -> list[Employee]:
    """The active members of the team today, but the reporter."""
    on = clock.now().date()
    return [person for person in people.members_of(ticket.team, on) if person.pk != ticket.reporter_id]


def offered(parent: Category | None) -> list[Category]:
    """Categories to choose from under `parent` (None: at the top): shown ones that lead somewhere."""
    rows = Category.objects.filter(parent=parent, is_active=True)
    return recall(("offered categories", parent.pk if parent else None), lambda: list(rows))


def recent_ticket(reporter: Employee) -> Ticket | None:
    """The ticket that the person opened within the last 10 minutes and that is not resolved."""
    since = clock.now() - RECENT
    return unresolved(Ticket.objects.filter(reporter=reporter, created_at__gte=since)).order_by("-id").first()


def reported_by(employee: Employee, most: int = SHOWN) -> Sequence[Ticket]:
    """The last ones, newest first."""
    rows = Ticket.objects.filter(reporter=employee).select_related("assignee", "submission__filed_by")
    return list(rows.order_by("-id")[:most])


def members_without_contact(ticket: Ticket) -> list[Employee]:
    """Responders whom no message can reach: the page names them."""
    return [person for person in responders(ticket) if contacts.contact_of(person) is None]


# --- words ------------------------------------------------------------------------------------------------------------


def language_of(employee: Employee) -> str:
    """The language we write to this person in."""
    contact = contacts.contact_of(employee)
    return contact.spoken_language if contact else employee.language


def category_name(category: Category, language: str) -> str:
    return in_language(category.name, language) or str(category)


def summary_of(submission: Submission, category: Category) -> str:
    """The first line of text in the report, at most 200 letters; the category's name when there is none."""
    schema = forms.schema_of(submission.version)
    for spec in schema:
        if spec.kind == "text" and not spec.is_sensitive and submission.answers.get(spec.key):
            return " ".join(str(submission.answers[spec.key]).split())[:200]
    return category_name(category, submission.by.language)


def standing(ticket: Ticket, reader: Employee | None = None) -> str:
    """How it stands, in the active language: "Already taken by Bia at 14:02."."""
    if ticket.state == Ticket.State.RESOLVED and ticket.resolved_at:
        return _("Resolved by %(name)s at %(time)s.") % {
            "name": ticket.assignee or "–", "time": people.clock_time(ticket.resolved_at, reader)}  # fmt: skip
    if ticket.state == Ticket.State.TAKEN and ticket.taken_at:
        return _("Already taken by %(name)s at %(time)s.") % {
            "name": ticket.assignee or "–", "time": people.clock_time(ticket.taken_at, reader)}  # fmt: skip
    return _("Nobody has taken it yet.")


def teams_without_members() -> QuerySet[Category]:
    """Offered categories whose team has nobody active: a report there would reach nobody."""
    active = Membership.objects.filter(employee__state=Employee.State.ACTIVE).values("team_id")
    return Category.objects.filter(is_active=True).exclude(team_id__in=active)
