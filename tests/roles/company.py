"""One company for the whole of these tests: a team, a team below it, a team of strangers, and a row of everything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.approvals import services as approvals
from apps.approvals.models import Flow
from apps.calendars.models import WorkCalendar
from apps.contacts.models import Claim, ConsentWording, Invitation, InvitationBatch
from apps.conversations.models import Dialogue, MenuItem
from apps.core import clock
from apps.forms import services as forms
from apps.health.models import Pulse
from apps.inbox.models import InboundEvent, Receipt
from apps.incidents import services as incidents
from apps.incidents.models import Category
from apps.journal.models import Cursor, Entry, SetAside
from apps.outbox.models import OutboundMessage
from apps.people.bulk.models import BulkJob
from apps.people.models import ApiKey, CostCentre, Employee, ImportJob, Leaving, Team, User
from apps.people.roles import ROLES
from apps.providers.models import AccountAlert, Approval, MessageTemplate, OtherTemplate, Translation
from apps.timers.models import Timer
from apps.web import services as web
from tests.factories import (
    expense_form,
    make_absence,
    make_category,
    make_contact,
    make_conversation,
    make_deputy,
    make_employee,
    make_flow,
    make_message,
    make_number,
    make_team,
    make_user,
    report_form,
    unique,
)  # fmt: skip

MARKS = {"own": "Ownqz", "below": "Belowqz", "far": "Farqz"}
ADMINISTRATOR = "Administrator"
EVERYBODY = [*ROLES, "", ADMINISTRATOR]
"""The roles, "" for somebody at the desk without any, and an administrator."""
SEEN_BY_A_LEAD = {"own", "below"}
OF_PEOPLE = {
    "approvals.request": SEEN_BY_A_LEAD, "contacts.claim": SEEN_BY_A_LEAD, "contacts.contact": SEEN_BY_A_LEAD,
    "contacts.enrolment": SEEN_BY_A_LEAD, "contacts.invitation": SEEN_BY_A_LEAD, "contacts.invitationbatch": set(),
    "conversations.conversation": SEEN_BY_A_LEAD, "conversations.dialogue": SEEN_BY_A_LEAD,
    "forms.submission": SEEN_BY_A_LEAD, "incidents.ticket": SEEN_BY_A_LEAD, "inbox.inboundevent": set(),
    "inbox.receipt": set(), "journal.entry": set(), "journal.setaside": set(), "outbox.outboundmessage": SEEN_BY_A_LEAD,
    "people.absence": SEEN_BY_A_LEAD, "people.apikey": {"far", *SEEN_BY_A_LEAD}, "people.deputy": SEEN_BY_A_LEAD,
    "people.employee": SEEN_BY_A_LEAD, "people.importjob": set(), "people.leaving": SEEN_BY_A_LEAD,
    "people.team": SEEN_BY_A_LEAD, "people.bulkjob": set(), "web.link": SEEN_BY_A_LEAD,
}  # fmt: skip
"""Every screen whose rows are narrowed, and the rows that a lead who may view it sees. Keys: whoever has the permission sees all."""


@dataclass
class Company:
    """`rows[label][place]` is the key of a row; company-wide tables have the place "house"."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    people: dict[str, Employee] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def row(self, label: str, place: str = "own") -> Any:
        found = self.rows[label]
        return found.get(place, next(iter(found.values())))

    def keep(self, place: str, *rows: models.Model) -> None:
        for row in rows:
            self.rows.setdefault(row._meta.label_lower, {}).setdefault(place, row.pk)

    def client(self, who: str) -> Client:
        client = Client()
        if who in self.users:
            client.force_login(self.users[who])
        return client


def build() -> Company:
    company = Company()
    make_number()
    chief = make_employee("Chief")
    company.people["chief"] = chief
    desk = make_team("Facilities", members=[chief])
    category, flow = make_category(desk), make_flow({"approver": "manager"})
    for place in ("own", "below", "far"):
        _place(company, place, chief, category, flow)
    _house(company, category, flow)
    _users(company)
    return company


def _place(company: Company, place: str, chief: Employee, category: Category, flow: Flow) -> None:
    mark = MARKS[place]
    person = make_employee(f"{mark} Person", manager=chief, email=f"{mark}@example.com".lower())
    team = make_team(f"{mark} team", members=[person], parent=company.teams["own"] if place == "below" else None)
    user = make_user(f"{mark}-user", employee=person)
    contact = make_contact(person)
    conversation = make_conversation(contact)
    make_message(conversation, f"{mark} says hello")
    invitation = Invitation.objects.create(employee=person, code_hash=mark, way="paper", expires_at=clock.now())
    company.people[place], company.teams[place] = person, team
    company.keep(
        place, person, team, contact, conversation, invitation, make_absence(person), make_deputy(person, chief),
        Leaving.objects.create(employee=person, on=clock.now().date()),
        Claim.objects.create(invitation=invitation, contact=contact, why="hidden"),
        Dialogue.objects.create(conversation=conversation, target="forms.report"),
        InvitationBatch.objects.create(by=user, way="paper", days=14),
        ImportJob.objects.create(by=user, file_name=f"{mark}.csv", state="done"),
        BulkJob.objects.create(by=user, deed="outbox.retry", state="done"),
        web.make_list_link(employee=person),
        ApiKey.objects.create(name=mark, prefix=f"{unique():08}", digest=mark, owner=user, expires_at=clock.now()),
        OutboundMessage.objects.create(key=mark, contact=contact, number=conversation.number, kind="x", klass="work",
                                       lane="reply", language="en", text=f"{mark} reads this", state="failed"),
    )  # fmt: skip
    company.rows.setdefault("contacts.enrolment", {})[place] = person.pk
    report = forms.submit(
        version=forms.freeze(form=report_form()), by=person, answers={"what": f"{mark} leaks", "photos": []}
    )
    ticket = incidents.open_ticket(submission=report, category=category, by=person)
    answers = {"what": f"{mark} taxi", "amount": "78.00", "receipt": None}
    expense = forms.submit(version=forms.freeze(form=expense_form()), by=person, answers=answers)
    company.keep(place, report, ticket, approvals.submit(flow=flow, submission=expense, by=person))


def _house(company: Company, category: Category, flow: Flow) -> None:
    account = make_number(is_default=False).account
    template = MessageTemplate.objects.first() or MessageTemplate.objects.create(kind="tests.kind")
    translation = template.translations.first() or Translation.objects.create(
        template=template, language="en", body="x"
    )
    receipt = Receipt.objects.create(account=account, key="k", body=b"{}")
    cursor = Cursor.objects.create(reaction="tests.nothing")
    entry = Entry.objects.create(name="ticket.taken", actor_kind="system", actor_label="x", at=clock.now())
    every = IntervalSchedule.objects.create(every=1, period="days")
    company.keep(
        "house", category, flow, account, account.portfolio, template, receipt, cursor, entry, flow.form,
        AccountAlert.objects.create(account=account, code="x", severity="warning"),
        Approval.objects.create(translation=translation, account=account, name="x", remote_language="en"),
        OtherTemplate.objects.create(account=account, remote_id="1", name="x", language="en"),
        InboundEvent.objects.create(receipt=receipt, account=account, key="k", name="MessageReceived", state="ignored"),
        SetAside.objects.create(cursor=cursor, entry=entry, error="e"),
        Timer.objects.create(handler="tests.nothing", key="k", due_at=clock.now()),
        Pulse.objects.create(name="tests", at=clock.now()),
        ConsentWording.objects.first() or ConsentWording.objects.create(version=1),
        MenuItem.objects.create(label={"en": "Tests"}, target="forms.report"),
        WorkCalendar.objects.create(name="Tests"), CostCentre.objects.create(code="T", name="Tests"),
        PeriodicTask.objects.create(name="tests", task="tests.nothing", interval=every),
        Group.objects.create(name="Own group"), make_user("somebody"),
    )  # fmt: skip


def _users(company: Company) -> None:
    """One of each role, each with an employee; and two who lead the own team: as *Manager*, and with every view permission."""
    for who in EVERYBODY:
        values = {"roles": [who] if who in ROLES else [], "is_superuser": who == ADMINISTRATOR}
        company.users[who] = make_user(
            f"the-{who or 'nobody'}", employee=make_employee(f"The {who or 'nobody'}"), **values
        )
    company.users["lead"] = make_user("lead", employee=make_employee("Lead"), roles=["Manager"])
    company.users["reader"] = make_user("reader", employee=make_employee("Reader"))
    views = Permission.objects.filter(codename__startswith="view_").exclude(codename__startswith="view_all")
    company.users["reader"].user_permissions.set(views)
    for who in ("lead", "reader"):
        company.teams["own"].memberships.create(employee=company.users[who].employee, is_lead=True)


class Undrawn:
    """A middleware: pages are answered, but their HTML is not drawn. What they say is for other tests; here the status counts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        response.content = b""
        return response


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def screens() -> list[type[models.Model]]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
