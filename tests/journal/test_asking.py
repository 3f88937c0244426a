"""What cannot be undone asks first, and says so; a look at the page changes nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.contacts.models import Invitation
from apps.core import clock
from apps.journal.models import Entry
from apps.outbox.models import OutboundMessage
from apps.people import issuing
from tests.factories import make_contact, make_employee, make_user, the_number

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
    ana = make_employee("Ana")
    contact = make_contact(ana)
    invitation = Invitation.objects.create(employee=ana, nonce="n", code_hash="h", way="paper", expires_at=clock.now())
    message = OutboundMessage.objects.create(key="k", contact=contact, number=the_number(), kind="ticket.taken", klass="work",
                                             lane="notice", language="en")  # fmt: skip
    return {
        "contacts_contact_lost_phone": contact, "contacts_contact_unlink": contact, "contacts_invitation_revoke": invitation,
        "outbox_outboundmessage_cancel": message,
    }  # fmt: skip


def test_the_page_asks_with_the_sentence_and_changes_nothing(client: Client) -> None:
    for name, row in rows().items():
        before = Entry.objects.count()
        page = client.get(reverse(f"admin:{name}", args=[row.pk])).content.decode()
        assert "recado-box is-alarm" in page, name
        assert 'method="post"' in page
        assert Entry.objects.count() == before, name
        shown = client.get(
            reverse(f"admin:{name.rsplit('_', 1 + ('lost' in name))[0]}_change", args=[row.pk])
        ).content.decode()
        address = reverse(f"admin:{name}", args=[row.pk])
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
