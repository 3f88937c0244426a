"""Small rows for tests. Plain functions: `make_employee(name="Ana")`; everything that is not given gets a dull default."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import Group

from apps.approvals.models import Flow, Stage
from apps.contacts.models import Consent, Contact, Identity, Window
from apps.conversations.models import Conversation, Message
from apps.conversations.targets import Speaker
from apps.core import clock
from apps.forms.models import Field as FormField
from apps.forms.models import Form, FormVersion, Submission
from apps.incidents.models import Category
from apps.outbox.models import OutboundMessage
from apps.people.models import Absence, Deputy, Employee, Membership, Team, User
from apps.providers.models import Account, Number, Portfolio

_counter = itertools.count(1)


def unique() -> int:
    """A number nobody else in this run has got."""
    return next(_counter)


# --- people -----------------------------------------------------------------------------------------------------------


def make_employee(name: str = "", *, manager: Employee | None = None, language: str = "en", **values: Any) -> Employee:
    n = unique()
    values = {"number": f"E{n:04}", "name": name or f"Employee {n}", "phone": f"+55119{90000000 + n}", **values}
    return Employee.objects.create(manager=manager, language=language, **values)


def make_team(
    name: str = "", *, members: Sequence[Employee] = (), leads: Sequence[Employee] = (), parent: Team | None = None
) -> Team:
    team = Team.objects.create(name=name or f"Team {unique()}", parent=parent)
    for employee in dict.fromkeys([*leads, *members]):
        Membership.objects.create(team=team, employee=employee, is_lead=employee in leads)
    return team


def make_absence(
    employee: Employee, *, deputy: Employee | None = None, starts_on: date | None = None, ends_on: date | None = None
) -> Absence:
    """Away today unless the days are given."""
    today = clock.now().date()
    return Absence.objects.create(
        employee=employee, deputy=deputy, starts_on=starts_on or today, ends_on=ends_on or today
    )


def make_deputy(employee: Employee, deputy: Employee) -> Deputy:
    return Deputy.objects.create(employee=employee, deputy=deputy)


def make_user(
    username: str = "", *, employee: Employee | None = None, roles: Sequence[str] = (), **values: Any
) -> User:
    """A staff sign-in, optionally of an employee and in groups ("HR", "Manager", ...)."""
    values = {"is_staff": True, **values}
    user = User.objects.create_user(username or f"user{unique()}", password="a password", **values)
    user.groups.set(Group.objects.filter(name__in=roles))
    if employee is not None:
        employee.user = user
        employee.save(update_fields=["user"])
    return user


# --- the carrier ------------------------------------------------------------------------------------------------------


def make_account(**values: Any) -> Account:
    n = unique()
    values = {
        "portfolio": values.pop("portfolio", None) or Portfolio.objects.create(name=f"Portfolio {n}"),
        "name": f"Account {n}", "remote_id": f"waba-{n}", "base_url": "http://127.0.0.1:9/v23.0",
        "access_token": "token", "app_secret": "secret", "verify_token": "verify", **values,
    }  # fmt: skip
    return Account.objects.create(**values)


def make_number(account: Account | None = None, **values: Any) -> Number:
    """The default number of the house, unless there is one already."""
    n = unique()
    values = {"remote_id": f"pnid-{n}", "phone": f"+55113{1000000 + n}",
              "is_default": not Number.objects.filter(is_default=True).exists(), **values}  # fmt: skip
    return Number.objects.create(account=account or make_account(), **values)


def the_number() -> Number:
    """The default number, made when there is none."""
    return Number.objects.filter(is_default=True).first() or make_number()


# --- contacts and conversations ---------------------------------------------------------------------------------------


def make_contact(
    employee: Employee | None = None, *, consents: Sequence[str] = ("work", "reminder", "announcement"),
    last_inbound_at: datetime | None = None, number: Number | None = None, **values: Any,
) -> Contact:  # fmt: skip
    """A proved address of `employee` (None: a stranger) with consent to `consents` and, when given, a window."""
    n = unique()
    values = {"phone": employee.phone if employee else f"+55118{80000000 + n}", **values}
    contact = Contact.objects.create(employee=employee, **values)
    for klass in consents:
        Consent.objects.create(contact=contact, klass=klass, is_given=True, wording="Yes", source="test")
    if last_inbound_at is not None:
        Window.objects.create(contact=contact, number=number or the_number(), last_inbound_at=last_inbound_at)
    return contact


def make_identity(contact: Contact, portfolio: Portfolio, remote_id: str = "") -> Identity:
    return Identity.objects.create(contact=contact, portfolio=portfolio, remote_id=remote_id or f"BR.{unique():015}")


def make_conversation(contact: Contact, *, number: Number | None = None) -> Conversation:
    return Conversation.objects.create(contact=contact, number=number or the_number())


def make_speaker(employee: Employee, *, contact: Contact | None = None) -> Speaker:
    """Somebody who just wrote to us: contact, open window, conversation."""
    contact = contact or employee.contacts.first() or make_contact(employee, last_inbound_at=clock.now())
    conversation = contact.conversations.first() or make_conversation(contact)
    return Speaker(conversation=conversation, contact=contact, employee=employee)


def make_message(conversation: Conversation, text: str = "", *, kind: str = "text", **values: Any) -> Message:
    values = {"remote_id": f"wamid.{unique():020}", "sent_at": clock.now(), **values}
    return Message.objects.create(conversation=conversation, kind=kind, text=text, **values)


# --- forms, categories, flows -----------------------------------------------------------------------------------------


def make_outbound(**values: Any) -> OutboundMessage:
    """A request that waits for its turn to leave, to somebody new."""
    values = {"key": f"out:{unique()}", "contact": make_contact(make_employee()), "number": the_number(), "kind": "request.asked",
              "klass": "work", "lane": "approval", "lane_rank": 2, "state": "queued", **values}  # fmt: skip
    return OutboundMessage.objects.create(**values)


def make_form(key: str = "", *fields: dict[str, Any]) -> Form:
    """`fields` are values of forms.Field rows, like {"key": "amount", "kind": "money"}, in order."""
    form = Form.objects.create(key=key or f"form-{unique()}", name={"en": "A form"})
    for order, values in enumerate(fields):
        FormField.objects.create(form=form, order=order, **{"question": {"en": values["key"].title()}, **values})
    return form


def report_form() -> Form:
    return Form.objects.filter(key="report").first() or make_form(
        "report",
        {"key": "what", "kind": "text"},
        {"key": "photos", "kind": "photo", "is_required": False, "limits": {"max_files": 5}},
    )


def expense_form() -> Form:
    return Form.objects.filter(key="expense").first() or make_form(
        "expense",
        {"key": "what", "kind": "text"},
        {"key": "amount", "kind": "money", "limits": {"currency": "BRL"}},
        {"key": "receipt", "kind": "photo", "is_required": False, "limits": {"max_files": 3}},
    )


def make_submission(by: Employee, form: Form, **answers: Any) -> Submission:
    """A submission row as forms keeps it, past all checks; the frozen schema is forms' own when it can be made."""
    version = form.versions.order_by("-number").first() or FormVersion.objects.create(
        form=form, number=1, digest=f"test-{form.key}", schema={}
    )
    return Submission.objects.create(version=version, by=by, answers=answers)


def make_category(team: Team, *, name: str = "Facilities", form: Form | None = None, **values: Any) -> Category:
    return Category.objects.create(name={"en": name}, team=team, form=form or report_form(), **values)


def make_flow(*stages: dict[str, Any], key: str = "", form: Form | None = None, **values: Any) -> Flow:
    """`stages` are values of Stage rows, like {"approver": "manager"}, in order."""
    values = {"name": {"en": "Expense"}, "amount_field": "amount", "summary_field": "what", **values}
    flow = Flow.objects.create(key=key or f"flow-{unique()}", form=form or expense_form(), **values)
    for order, stage in enumerate(stages):
        Stage.objects.create(flow=flow, order=order, **stage)
    return flow
