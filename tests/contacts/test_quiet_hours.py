"""Quiet hours, as HR writes them down for a person."""

from datetime import time
from typing import Any

import pytest
from django.test import Client

from apps.contacts.models import Contact, Preference
from apps.journal.models import Entry
from tests.factories import make_contact, make_employee, make_user

pytestmark = pytest.mark.django_db


def save(contact: Contact, preference: Preference, quiet: tuple[str, str], **user: Any) -> Any:
    client = Client()
    client.force_login(make_user(**(user or {"is_superuser": True})))
    forms = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
    inlines = {f"{name}-{key}": value for name in ("consents", "identities") for key, value in forms.items()}
    mine = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-id": preference.pk, "0-contact": contact.pk,
            "0-quiet_from": quiet[0], "0-quiet_until": quiet[1], "0-is_stopped": "on"}  # fmt: skip
    inlines |= {f"preference-{key}": value for key, value in mine.items()}
    return client.post(
        f"/admin/contacts/contact/{contact.pk}/change/", {"employee": contact.employee_id, "language": "", **inlines}
    )


@pytest.fixture
def preference() -> Preference:
    return Preference.objects.create(contact=make_contact(make_employee()))


def test_they_are_kept_and_recorded_and_touch_nothing_else(preference: Preference) -> None:
    assert save(preference.contact, preference, ("21:30", "06:00")).status_code == 302
    preference.refresh_from_db()
    assert (preference.quiet_from, preference.quiet_until) == (time(21, 30), time(6))
    assert not preference.is_stopped  # STOP is the person's own word
    assert Entry.objects.get(name="preference.changed").subject_id == str(preference.pk)


@pytest.mark.parametrize("quiet", [("21:30", ""), ("", "06:00")])
def test_half_an_answer_is_asked_again(preference: Preference, quiet: tuple[str, str]) -> None:
    page = save(preference.contact, preference, quiet)
    assert page.status_code == 200
    assert "or neither" in page.content.decode()
    preference.refresh_from_db()
    assert preference.quiet_from is None


def test_who_may_not_change_contacts_changes_none(preference: Preference) -> None:
    save(preference.contact, preference, ("21:30", "06:00"), roles=("Auditor",))
    preference.refresh_from_db()
    assert preference.quiet_from is None
