"""Photos and documents of a sensitive question: to whoever has to act on them, behind a login or on their link, and never by
message."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.approvals.models import Request
from apps.contacts.models import Window
from apps.conversations.targets import targets
from apps.core import clock
from apps.files.models import File
from apps.forms.models import Submission
from apps.incidents import services as incidents
from apps.incidents.models import Ticket
from apps.journal.actors import SYSTEM
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee, User
from apps.web import services
from tests.factories import (
    make_category,
    make_contact,
    make_employee,
    make_flow,
    make_form,
    make_message,
    make_speaker,
    make_team,
    make_user,
    the_number,
)
from tests.web.visitor import PNG, Visitor, path

pytestmark = pytest.mark.django_db

FIELDS: tuple[dict[str, Any], ...] = (
    {"key": "passport", "kind": "photo", "is_sensitive": True},
    {"key": "slip", "kind": "document", "is_sensitive": True},
    {"key": "receipt", "kind": "photo"},
)
SECRET = {"passport.png", "slip.png"}


def send_in(who: Employee, choice: str) -> None:
    files = {name: SimpleUploadedFile(f"{name}.png", PNG) for name in ("passport", "slip", "receipt")}
    link = services.make_form_link(employee=who, choice=choice, by=SYSTEM)
    Visitor(link).fill(shown=("passport", "slip", "receipt"), **files)


def at_the_desk(user: User, page: str) -> tuple[set[str], set[str]]:
    """(names on the page, names of the files that this sign-in is given when it asks for each)."""
    desk = Client()
    desk.force_login(user)
    text = desk.get(page).content.decode()
    rows, given = list(File.objects.all()), set()
    for row in rows:
        answers = [desk.get(reverse(name, args=[row.pk])) for name in ("console:file", "console:thumbnail")]
        for answer in answers:
            answer.getvalue()
        assert answers[0].status_code == answers[1].status_code, "the small copy is as secret as the picture"
        given |= {row.name} if answers[0].status_code == 200 else set()
    return {row.name for row in rows if row.name in text}, given


def passed_on() -> set[str]:
    sent = OutboundMessage.objects.filter(kind__in=["request.receipt", "ticket.photo"])
    return set(File.objects.filter(pk__in=[row.given["file_id"] for row in sent]).values_list("name", flat=True))


def test_of_a_request_they_are_for_whoever_decides_or_filed_it() -> None:
    the_number()
    boss = make_employee("Boss")
    contact = make_contact(boss, last_inbound_at=clock.now())
    flow = make_flow({"approver": "manager"}, form=make_form("", *FIELDS), amount_field="", summary_field="")
    send_in(make_employee("Rui", phone="", manager=boss), f"approvals.request:{flow.key}")
    request = Request.objects.get()
    assert File.objects.filter(owner_type="approvals.request").count() == 3
    speaker = make_speaker(boss, contact=contact)
    targets["approvals.request"].follow_up(speaker, str(request.pk), make_message(speaker.conversation, request.code))
    assert passed_on() == {"receipt.png"}

    page = reverse("admin:approvals_request_change", args=[request.pk])
    filer = make_user(roles=["HR"])
    Submission.objects.update(filed_by=filer)
    everything = SECRET | {"receipt.png"}
    for user in (make_user(roles=["Manager"], employee=boss), filer):
        assert at_the_desk(user, page) == (everything, everything)
    for user in (make_user(roles=["Auditor"]), make_user(roles=["HR"], employee=make_employee("Hana"))):
        assert at_the_desk(user, page) == ({"receipt.png"}, {"receipt.png"})

    decider = Visitor(services.make_decision_link(employee=boss, request=request))
    assert all(name in decider.see() for name in everything)
    passport = File.objects.get(name="passport.png")
    answer = decider.client.get(f"{path(decider.link)}files/{passport.pk}/")
    assert b"".join(answer.streaming_content) == PNG


def test_of_a_report_they_are_for_whoever_answers_it() -> None:
    the_number()
    bob = make_employee("Bob")
    Window.objects.create(contact=make_contact(bob), number=the_number(), last_inbound_at=clock.now())
    category = make_category(make_team("IT", members=[bob]), form=make_form("", *FIELDS))
    send_in(make_employee("Rui", phone=""), f"incidents.report:{category.pk}")
    ticket = Ticket.objects.get()
    assert File.objects.filter(owner_type="incidents.ticket").count() == 3
    incidents.take(ticket=ticket, by=bob)
    assert passed_on() == {"receipt.png"}

    page = reverse("admin:incidents_ticket_change", args=[ticket.pk])
    everything = SECRET | {"receipt.png"}
    assert at_the_desk(make_user(roles=["Responder"], employee=bob), page) == (everything, everything)
    for user in (make_user(roles=["Auditor"]), make_user(roles=["HR", "Responder"], employee=make_employee("Hana"))):
        assert at_the_desk(user, page) == ({"receipt.png"}, {"receipt.png"})


@pytest.mark.parametrize("kind", ["photo", "document", "money", "location", "text"])
def test_every_sensitive_question_says_so_on_the_page(kind: str) -> None:
    the_number()
    limits = {"currency": "BRL"} if kind == "money" else {}
    form = make_form("", {"key": "it", "kind": kind, "is_sensitive": True, "limits": limits})
    flow = make_flow({"approver": "manager"}, form=form, amount_field="", summary_field="")
    who = make_employee("Rui", phone="", manager=make_employee("Boss"))
    link = services.make_form_link(employee=who, choice=f"approvals.request:{flow.key}", by=SYSTEM)
    assert "Sensitive: shown to nobody in a message or an e-mail." in Visitor(link).see("?lang=en")
