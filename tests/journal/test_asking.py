"""What cannot be undone asks first, and says so; a look at the page changes nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.contacts.models import Claim, Invitation
from apps.conversations.models import Dialogue
from apps.core import clock
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people import issuing
from tests.factories import make_contact, make_conversation, make_employee, make_user, the_number
from tests.signin import with_app

pytestmark = pytest.mark.django_db

FOR_GOOD = {
    "contacts.claim.refuse", "contacts.contact.lost_phone", "contacts.contact.unlink", "contacts.invitation.revoke",
    "conversations.dialogue.cancel_dialogue", "outbox.outboundmessage.cancel", "outbox.outboundmessage.resend",
    "people.user.reset_factors", "providers.account.forget_previous_secret",
}  # fmt: skip
"""Buttons of one row whose effect cannot be taken back. A new one belongs in here, and gets its sentence."""


def buttons() -> Iterator[tuple[str, Any]]:
    for model, screen in admin.site._registry.items():
        names: list[str] = []
        for one in getattr(screen, "actions_detail", ()):
            names += one["items"] if isinstance(one, dict) else [one]
        for name in names:
            yield f"{model._meta.label_lower}.{name}", getattr(screen, name)


def test_what_cannot_be_undone_says_so_and_is_never_sent_by_one_press() -> None:
    warned = {name: button for name, button in buttons() if getattr(button, "warns", "")}
    assert set(warned) == FOR_GOOD
    assert [name for name, button in warned.items() if "data-post" in (getattr(button, "attrs", None) or {})] == []


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    return client


def rows() -> dict[str, Model]:
    """A row for each button, in a state in which the button is offered."""
    ana = make_employee("Ana")
    contact, number = make_contact(ana), the_number()
    invitation = Invitation.objects.create(employee=ana, nonce="n", code_hash="h", way="paper", expires_at=clock.now())
    waiting, doubtful = (OutboundMessage.objects.create(
        key=state, contact=contact, number=number, kind="ticket.taken", klass="work", lane="notice", language="en", state=state,
    ) for state in ("queued", "unsure"))  # fmt: skip
    user = make_user()
    with_app(user)
    number.account.previous_app_secret = "the old one"
    number.account.save()
    return {
        "contacts.claim.refuse": Claim.objects.create(invitation=invitation, contact=contact, why="hidden"),
        "contacts.contact.lost_phone": contact, "contacts.contact.unlink": contact,
        "contacts.invitation.revoke": invitation, "outbox.outboundmessage.cancel": waiting,
        "conversations.dialogue.cancel_dialogue": Dialogue.objects.create(
            conversation=make_conversation(contact), target="forms.report"
        ),
        "outbox.outboundmessage.resend": doubtful, "people.user.reset_factors": user,
        "providers.account.forget_previous_secret": number.account,
    }  # fmt: skip


def test_the_page_asks_with_the_sentence_and_changes_nothing(client: Client) -> None:
    given = rows()
    assert set(given) == FOR_GOOD
    for name, row in given.items():
        model, _dot, verb = name.rpartition(".")
        screen = f"admin:{model.replace('.', '_')}"
        address = reverse(f"{screen}_{verb}", args=[row.pk])
        before = Entry.objects.count()
        page = client.get(address).content.decode()
        assert "recado-box is-alarm" in page, name
        assert 'method="post"' in page
        assert Entry.objects.count() == before, name
        shown = client.get(reverse(f"{screen}_change", args=[row.pk])).content.decode()
        link = next(tag for tag in shown.split("<a ") if f'href="{address}"' in tag).split(">")[0]
        assert "data-post" not in link, name


def test_a_key_asks_before_it_is_replaced_or_withdrawn(client: Client) -> None:
    owner = make_user(is_superuser=True)
    key, _secret = issuing.create_key(name="Payroll", owner=owner, scopes=["people:read"], by=owner)
    for name in ("rotate", "revoke"):
        page = client.get(reverse(f"admin:people_apikey_{name}", args=[key.pk])).content.decode()
        assert "recado-box is-alarm" in page
    key.refresh_from_db()
    assert key.revoked_at is None
