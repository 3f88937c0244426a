"""What the chat may start here: report, take, resolve, "my reports", and lines that belong to a ticket."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.conversations.models import Message
from apps.conversations.targets import (
    Choice,
    Completed,
    FormTarget,
    Opening,
    Reply,
    Speaker,
    Tap,
    Target,
    register,
)
from apps.core.errors import InvalidInputError, RecadoError
from apps.core.texts import key_in
from apps.files import queries as files
from apps.forms import queries as forms
from apps.forms import services as forms_services
from apps.forms.models import FormVersion, Submission
from apps.incidents import queries, services
from apps.incidents.models import Category, Note, Ticket
from apps.outbox import services as outbox
from apps.outbox.models import Button

CODE = re.compile(r"^\s*T-?(\d+)\b[\s:,.-]*", re.IGNORECASE)
RESOLVING = frozenset({"resolve", "resolved", "resolver", "resolvido", "resolvida", "resuelto", "resuelta"})
TAKING = frozenset({"take", "assumir", "tomar"})
SAYING = frozenset({"text", "image", "video", "audio", "document", "location", "sticker"})

RESOLVE_QUESTION = {
    "en": "What was done? The person who reported it reads this line.",
    "pt-br": "O que foi feito? Quem abriu o chamado vai ler esta mensagem.",
    "es": "¿Qué se hizo? La persona que avisó leerá este mensaje.",
}


def _ticket(subject_id: str) -> Ticket | None:
    rows = Ticket.objects.select_related("team", "reporter", "assignee", "category")
    return rows.filter(pk=key_in(subject_id)).first()


@register
class Report(FormTarget):
    """A menu row: choose a category (as deep as the tree goes), fill in its form, get a ticket."""

    name = "incidents.report"
    label = gettext_lazy("Report a problem")
    subject_type = "incidents.ticket"
    code_prefix = "T"

    def offered(self, argument: str, language: str) -> Sequence[Choice]:
        parent = Category.objects.filter(pk=key_in(argument)).first()
        if argument and parent is None:
            return ()
        return [
            Choice(key=str(category.pk), title=queries.category_name(category, language)[:24])
            for category in queries.offered(parent)
        ]

    def version(self, argument: str) -> FormVersion:
        return forms_services.freeze(form=_offered_category(argument).form)

    def file(self, *, argument: str, submission: Submission) -> Ticket:
        """The reporter hears the code by `ticket.opened`, which carries the ticket as its subject."""
        category = Category.objects.select_related("team").filter(pk=key_in(argument)).first()
        if category is None:
            raise InvalidInputError(_("This kind of report is no longer offered. Write *menu* to choose another one."))
        return services.open_ticket(
            submission=submission, category=category, by=submission.by, files=forms.files_of(submission, reveals=True)
        )

    def follow_up(self, speaker: Speaker, subject_id: str, message: Message) -> Reply | None:
        """A line, photo or place about a ticket, from either side. The bare code asks how it stands."""
        ticket = _ticket(subject_id)
        side = _side_of(speaker, ticket) if ticket else None
        if ticket is None or side is None or message.kind not in SAYING:
            return None
        text, attached = said(message), list(files.files_of(message))
        if not text and not attached:
            how = queries.standing(ticket, speaker.employee)
            return Reply(text=f"{ticket.code} “{ticket.summary}”: {how}", subject=ticket)
        if side == Note.Side.RESPONDER:
            reply = _command(ticket, speaker, text)
            if reply is not None:
                return reply
        services.comment(ticket=ticket, by=speaker.employee, text=text, files=attached, side=side,
                         source_key=message.remote_id)  # fmt: skip
        return Reply(text=_("Added to %(ticket)s.") % {"ticket": ticket.code}, subject=ticket)

    def recent_subject(self, speaker: Speaker) -> str | None:
        ticket = queries.recent_ticket(speaker.employee)
        return str(ticket.pk) if ticket else None


def _command(ticket: Ticket, speaker: Speaker, text: str) -> Reply | None:
    """ "T-104 take", "T-104 resolve: new fuse fitted". Only the bare word counts, or the word and a colon."""
    word, colon, line = text.partition(":")
    word = word.strip().casefold().rstrip(".!")
    if word in TAKING and not colon:
        services.take(ticket=ticket, by=speaker.employee)
        return Reply()
    if word in RESOLVING and (colon or not line):
        services.resolve(ticket=ticket, by=speaker.employee, text=line)
        return _resolved(ticket)
    return None


def _resolved(ticket: Ticket) -> Reply:
    text = _("%(ticket)s is resolved. %(name)s has been told.") % {"ticket": ticket.code, "name": ticket.reporter.name}
    return Reply(text=text, subject=ticket)


def _offered_category(argument: str) -> Category:
    category = Category.objects.select_related("form").filter(pk=key_in(argument), is_active=True).first()
    if category is None:
        raise InvalidInputError(_("This kind of report is no longer offered. Write *menu* to choose another one."))
    return category


def _side_of(speaker: Speaker, ticket: Ticket) -> str | None:
    """Which side this person speaks for; None for somebody the ticket is no business of."""
    if ticket.reporter_id == speaker.employee.pk:
        return Note.Side.REPORTER
    return Note.Side.RESPONDER if queries.may_answer(speaker.employee, ticket) else None


def said(message: Message) -> str:
    """The words of a message without the ticket's code; a place as its name and point on the map."""
    text = CODE.sub("", message.text or str(message.payload.get("caption") or "")).strip()
    place = message.payload.get("place") or {}
    if message.kind == "location" and place:
        point = f"{place.get('latitude')}, {place.get('longitude')}"
        words = [place.get("name"), place.get("address"), f"https://maps.google.com/?q={point.replace(' ', '')}"]
        return " ".join(word for word in [text, *words] if word)
    return text


@register
class Take(Target):
    """The button under an offer. Whoever taps later hears who was first."""

    name = "incidents.take"
    label = gettext_lazy("Take a ticket")

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        subject_id = tap.button.subject_id
        ticket = Ticket(pk=key_in(subject_id))  # its name is enough: the service reads it
        try:
            services.take(ticket=ticket, by=tap.speaker.employee)
        except Ticket.DoesNotExist:
            raise InvalidInputError(_("This ticket is gone.")) from None
        except RecadoError as error:
            return Reply(text=f"{ticket.code}: {error}", subject=ticket), True
        return Reply(), True  # `ticket.assigned` tells the rest, with its Resolve button

    def explain(self, tap: Tap) -> Reply:
        ticket = _ticket(tap.button.subject_id)
        if ticket is None:
            return Reply(text=_("This ticket is gone."))
        how = queries.standing(ticket, tap.speaker.employee)
        return Reply(text=f"{ticket.code}: {how}", subject=ticket)


@register
class Resolve(Target):
    """The button under an assignment: asks for a last line, then resolves. It counts only when the line has come."""

    name = "incidents.resolve"
    label = gettext_lazy("Resolve a ticket")

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        ticket = _ticket(tap.button.subject_id)
        if ticket is None:
            raise InvalidInputError(_("This ticket is gone."))
        if ticket.state == Ticket.State.RESOLVED or not queries.may_answer(tap.speaker.employee, ticket):
            return self.explain(tap), ticket.state == Ticket.State.RESOLVED
        question = {"key": "line", "kind": "text", "question": RESOLVE_QUESTION, "is_required": False,
                    "limits": {"max_length": 500}}  # fmt: skip
        schema = {"name": {"en": ticket.code}, "fields": [question], "is_checked": False}
        return Reply(opens=Opening(target=self.name, argument=f"{ticket.pk}:{tap.button.pk}", schema=schema)), False

    def complete(self, completed: Completed) -> Reply:
        ticket_id, _colon, button_id = completed.argument.partition(":")
        ticket = _ticket(ticket_id)
        if ticket is None:
            raise InvalidInputError(_("This ticket is gone."))
        services.resolve(ticket=ticket, by=completed.speaker.employee, text=str(completed.answers.get("line") or ""))
        button = Button.objects.filter(pk=button_id, used_at=None).first()
        if button is not None:
            outbox.use_button(button=outbox.lock_button(button))
        return _resolved(ticket)

    def explain(self, tap: Tap) -> Reply:
        ticket = _ticket(tap.button.subject_id)
        if ticket is None:
            return Reply(text=_("This ticket is gone."))
        how = queries.standing(ticket, tap.speaker.employee)
        return Reply(text=f"{ticket.code}: {how}", subject=ticket)


@register
class Mine(Target):
    """A menu row: the speaker's last reports and how each stands."""

    name = "incidents.mine"
    label = gettext_lazy("My reports")

    def start(self, speaker: Speaker, argument: str) -> Reply:
        tickets = queries.reported_by(speaker.employee)
        if not tickets:
            return Reply(text=_("You have not reported anything yet. Write *menu* to report a problem."))
        lines = [
            f"*{ticket.code}* {ticket.summary}\n{queries.standing(ticket, speaker.employee)}" for ticket in tickets
        ]
        hint = _("Write a code and a line, like “%(code)s still dripping”, to add to it.") % {"code": tickets[0].code}
        return Reply(text="\n\n".join([*lines, hint]))
