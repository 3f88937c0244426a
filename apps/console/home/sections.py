"""What each role cares about: a few numbers that are links, and the first rows of the most useful list.

A section belongs to a permission, not to the name of a group: an own group of an administrator gets what it may do.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.approvals.models import Flow, Request
from apps.console.addresses import list_of, page_of
from apps.console.home.parts import SHOWN, TODAY, Line, Listing, Reader, Section, number
from apps.conversations.models import MenuItem
from apps.core import clock
from apps.core.findings import Level
from apps.core.scope import narrow
from apps.forms.models import Form
from apps.forms.schema import in_language
from apps.health import page as health
from apps.inbox.models import InboundEvent
from apps.incidents import queries as incidents
from apps.incidents.models import Category, Ticket
from apps.journal import sealer
from apps.journal.models import Entry, Seal
from apps.outbox.models import OutboundMessage
from apps.people import queries as people
from apps.people.models import Absence, ApiKey, Employee, User
from apps.providers.models import Account, MessageTemplate

PROOFS = ("journal.exported", "journal.verified")
TONES = {"new": "bad", "taken": "wait", "open": "wait", "stuck": "bad", "red": "bad", "amber": "wait", "none": "bad",
         "claimed": "bad", "suspended": "bad", "invited": "wait"}  # fmt: skip


def sections(reader: Reader) -> list[Section]:
    """Those of all the reader's roles; what one has shown, the next leaves out."""
    shown: set[Any] = set()
    made = [_fresh(make(reader), shown) for permission, make in MAKERS if reader.may(permission)]
    return [one for one in made if one.numbers or one.listings or one.sentence]


def _fresh(section: Section, shown: set[Any]) -> Section:
    numbers = [one for one in section.numbers if one.link not in shown]
    listings = [one for one in section.listings if str(one.title) not in shown]
    shown |= {one.link for one in numbers} | {str(one.title) for one in listings}
    return replace(section, numbers=numbers, listings=listings)


def _age(moment: Any) -> str:
    return timesince(moment, clock.now(), depth=1)


# --- decisions and people ---------------------------------------------------------------------------------------------


def _away(reader: Reader) -> QuerySet[Absence]:
    return people.away_today(narrow(Absence.objects.all(), reader.user), reader.own)


def _manager(reader: Reader) -> Section:
    title, none = _("Your people and decisions"), Section(_("Your people and decisions"), [], [])
    if reader.own is None:
        return none
    away = _away(reader)
    waiting = approvals.waiting_for(reader.own)
    asked = reader.requests.filter(state=Request.State.OPEN)
    return Section(
        title,
        [
            *number(reader, _("wait for your decision"), "approvals.request", waiting, "waits=me"),
            *number(reader, _("requests under way"), "approvals.request", asked, "state__exact=open"),
            *number(reader, _("away today"), "people.absence", away, TODAY),
        ],
        [*_decisions(reader, waiting), *_absent(reader, away.exclude(employee=reader.own))],
    )


def _decisions(reader: Reader, waiting: QuerySet[Request]) -> list[Listing]:
    if not reader.sees("approvals.request"):
        return []
    language = get_language() or "en"
    lines = [
        Line(f"{row.code} · {approvals.what(row, language)}", page_of("approvals.request", row.pk),
             row.get_state_display(), TONES["open"], row.requester.name, _age(row.created_at))
        for row in waiting.select_related("requester").order_by("pk")[:SHOWN]
    ]  # fmt: skip
    return [Listing(_("Wait for your decision"), lines, list_of("approvals.request", "waits=me"),
                    _("Nobody waits for you."))]  # fmt: skip


def _absent(reader: Reader, away: QuerySet[Absence]) -> list[Listing]:
    if not reader.sees("people.absence"):
        return []
    lines = [
        Line(row.employee.name, page_of("people.absence", row.pk),
             _("until %(day)s") % {"day": date_format(row.ends_on, "SHORT_DATE_FORMAT")}, "wait",
             _("deputy: %(name)s") % {"name": row.deputy.name} if row.deputy else "")
        for row in away.select_related("employee", "deputy").order_by("ends_on", "pk")[:SHOWN]
    ]  # fmt: skip
    return [Listing(_("Away today"), lines, list_of("people.absence", TODAY), _("Nobody else is away."))]


def _tickets(reader: Reader) -> Section:
    rows = reader.tickets
    unresolved = incidents.unresolved(rows)
    mine = unresolved.filter(assignee=reader.own)
    lines = [
        Line(f"{row.code} · {row.summary}", page_of("incidents.ticket", row.pk), row.get_state_display(),
             TONES[row.state], str(row.assignee or row.team), _age(row.created_at))
        for row in unresolved.select_related("assignee", "team").order_by("pk")[:SHOWN]
    ] if reader.sees("incidents.ticket") else []  # fmt: skip
    return Section(
        _("Tickets"),
        [
            *number(reader, _("nobody took"), "incidents.ticket", rows.filter(state=Ticket.State.NEW), "state__exact=new"),
            *(number(reader, _("yours"), "incidents.ticket", mine, "who=mine") if reader.own else []),
            *number(reader, _("not resolved"), "incidents.ticket", unresolved, "who=open"),
        ],
        [Listing(_("Oldest first"), lines, list_of("incidents.ticket", "who=open"), _("Nothing is broken, as far as we know."))],
    )  # fmt: skip


def _enrolment(state: str) -> str:
    words = {
        "claimed": _("sent a code from another phone"),
        "invited": _("invited"),
        "suspended": _("to be proved again"),
    }
    return words.get(state, _("not invited"))


def _hr(reader: Reader) -> Section:
    here = narrow(Employee.objects.filter(state=Employee.State.ACTIVE), reader.user)
    outside = reader.enrolments.exclude(whatsapp="linked")
    away = _away(reader)
    lines: list[Line] = [
        Line(row.name, page_of("contacts.enrolment", row.pk), _enrolment(row.whatsapp), TONES.get(row.whatsapp, "wait"),
             row.position, _age(row.created_at))
        for row in outside.order_by("created_at", "pk")[:SHOWN]
    ] if reader.sees("contacts.enrolment") else []  # fmt: skip
    listings = [Listing(_("Have not joined yet"), lines, list_of("contacts.enrolment"), _("Everybody has joined."))]
    return Section(
        _("People"),
        [
            *number(reader, _("work here"), "people.employee", here, "state__exact=active"),
            *number(reader, _("have not joined"), "contacts.enrolment", outside),
            *number(
                reader,
                lambda count: ngettext("person invited", "people invited", count),
                "contacts.enrolment",
                reader.enrolments.filter(whatsapp="invited"),
                "whatsapp=invited",
            ),
            *number(reader, _("away today"), "people.absence", away, TODAY),
        ],
        listings if reader.sees("contacts.enrolment") else [],
    )


# --- running it -------------------------------------------------------------------------------------------------------


def _operator(reader: Reader) -> Section:
    findings = (
        [one for one in health.recent() if one.level in {Level.RED, Level.AMBER}] if reader.sees("health.pulse") else []
    )
    findings.sort(key=lambda one: -one.level.rank)
    reds = sum(one.level == Level.RED for one in findings)
    counts = {"red": reds, "amber": len(findings) - reds}
    sentence = _("All is well.") if not findings else _("To mend now: %(red)s. To watch: %(amber)s.") % counts
    place, words = list_of("health.pulse"), {Level.RED: _("mend"), Level.AMBER: _("watch")}
    lines = [
        Line(f"{one.title}: {one.seen}", place, words[one.level], TONES[one.level], one.mend)
        for one in findings[:SHOWN]
    ]
    messages = reader.messages
    held, failed = (
        messages.filter(state=state) for state in (OutboundMessage.State.HELD, OutboundMessage.State.FAILED)
    )
    broken = narrow(InboundEvent.objects.filter(state=InboundEvent.State.FAILED), reader.user)
    stopped = narrow(Account.objects.filter(state=Account.State.BROKEN), reader.user)
    return Section(
        _("The house"),
        [
            *number(reader, _("accounts stopped"), "providers.account", stopped, "state__exact=broken"),
            *number(reader, _("messages held"), "outbox.outboundmessage", held, "state__exact=held"),
            *number(reader, _("messages failed"), "outbox.outboundmessage", failed, "state__exact=failed"),
            *number(reader, _("events set aside"), "inbox.inboundevent", broken, "state__exact=failed"),
        ],
        [Listing(_("To mend or to watch"), lines, place, "")] if lines else [],
        sentence if reader.sees("health.pulse") else "",
        "bad" if reds else "wait" if findings else "good",
    )  # fmt: skip


def _builder(reader: Reader) -> Section:
    language = get_language() or "en"
    lines = [
        Line(in_language(row.name, language) or row.key, page_of("forms.form", row.pk), row.key)
        for row in narrow(Form.objects.order_by("-pk"), reader.user)[:SHOWN]
    ]
    return Section(
        _("What people can use"),
        [
            *number(reader, _("forms"), "forms.form", narrow(Form.objects.all(), reader.user)),
            *number(reader, _("flows"), "approvals.flow", narrow(Flow.objects.all(), reader.user)),
            *number(reader, _("categories"), "incidents.category", narrow(Category.objects.all(), reader.user)),
            *number(reader, _("menu rows"), "conversations.menuitem", narrow(MenuItem.objects.all(), reader.user)),
            *number(
                reader, _("wordings"), "providers.messagetemplate", narrow(MessageTemplate.objects.all(), reader.user)
            ),
        ],
        [Listing(_("Newest forms"), lines, list_of("forms.form"), _("No form yet."))],
    )


def _auditor(reader: Reader) -> Section:
    seal = Seal.objects.order_by("-position").first()
    sentence = _("Nothing is sealed yet.")
    if seal is not None:
        at = seal.at.astimezone(reader.now.tzinfo)
        day = date_format(at, "SHORT_DATE_FORMAT")
        said = {"position": seal.position, "day": day, "time": at.strftime("%H:%M")}
        sentence = _("Sealed through entry %(position)s, on %(day)s at %(time)s.") % said
    entries = narrow(Entry.objects.all(), reader.user)
    words = {"journal.exported": _("exported"), "journal.verified": _("verified")}
    lines = [
        Line(words[row.name].capitalize(), page_of("journal.entry", row.pk), _verdict(row), _tone(row), row.actor_label,
             _age(row.at))
        for row in entries.filter(name__in=PROOFS).order_by("-pk")[:SHOWN]
    ]  # fmt: skip
    return Section(
        _("The journal"),
        [*number(reader, _("not sealed yet"), "journal.entry", sealer.unsealed(entries), "sealed=no")],
        [Listing(_("Last exports and checks"), lines, list_of("journal.entry", "name=journal.exported"),
                 _("Nobody has exported or verified it yet: open the journal and press Verify."))],
        sentence, "good" if seal is not None else "wait",
    )  # fmt: skip


def _verdict(row: Entry) -> str:
    if row.name == "journal.exported":
        return str(row.after.get("format", ""))
    return _("faults: %(count)s") % {"count": row.after.get("faults")} if row.after.get("faults") else _("sound")


def _tone(row: Entry) -> str:
    return "bad" if row.after.get("faults") else "good" if row.name == "journal.verified" else ""


def _administrator(reader: Reader) -> Section:
    users = User.objects.filter(is_active=True)
    return Section(
        _("Who may sign in"),
        [
            *number(reader, _("sign-ins"), "people.user", users, "is_active__exact=1"),
            *number(
                reader,
                _("administrators"),
                "people.user",
                User.objects.filter(is_superuser=True),
                "is_superuser__exact=1",
            ),
            *number(reader, _("API keys"), "people.apikey", narrow(ApiKey.objects.all(), reader.user)),
        ],
        [],
    )


MAKERS: tuple[tuple[str, Callable[[Reader], Section]], ...] = (
    ("approvals.decide_request", _manager),
    ("incidents.answer_ticket", _tickets),
    ("people.add_employee", _hr),
    ("providers.operate_account", _operator),
    ("journal.export_entry", _auditor),
    ("forms.view_form", _builder),
    ("people.add_user", _administrator),
)
