"""The desk opens for every role, in every language, and shows only what the role may see."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.console.groups import GROUPS
from apps.contacts.desk.invitations import InvitationAdmin
from apps.files import services as files
from apps.people.roles import ROLES
from tests.factories import make_category, make_employee, make_team, make_user

pytestmark = pytest.mark.django_db

LISTS = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry)


def signed_in(*roles: str, **values: object) -> Client:
    client = Client()
    client.force_login(make_user(roles=roles, employee=make_employee(), **values))
    return client


def test_every_row_of_the_sidebar_leads_somewhere() -> None:
    rows = [model.replace(".", "_") for _title, group in GROUPS for _label, _icon, model in group]
    assert set(rows) <= set(LISTS)
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("language", ["en", "pt-br", "es"])
def test_the_home_of_every_role_opens(role: str, language: str) -> None:
    answer = signed_in(role).get("/admin/", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.content.decode()


def test_one_script_copies_for_every_page_with_a_button_to_copy() -> None:
    house = Path(settings.BASE_DIR)
    found = [path for place in ("static", "apps") for path in (house / place).rglob("*.js")]
    scripts = [path for path in found if "sandbox" not in path.parts]  # a house of its own
    assert [path.name for path in scripts if "clipboard" in path.read_text(encoding="utf-8")] == ["copy.js"]
    pages = {path for path in (house / "apps").rglob("*.html") if "data-copied" in path.read_text(encoding="utf-8")}
    assert {path.name for path in pages} == {"desk_address.html", "key_made.html"}
    assert all("recado/copy.js" in path.read_text(encoding="utf-8") for path in pages)
    assert "recado/copy.js" in InvitationAdmin.Media.js


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_empty_for_an_administrator(name: str) -> None:
    assert signed_in(is_superuser=True).get(reverse(f"admin:{name}_changelist")).status_code == 200


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_or_is_forbidden_to_a_role(role: str, name: str) -> None:
    assert signed_in(role).get(reverse(f"admin:{name}_changelist")).status_code in {200, 403}


def test_a_sidebar_shows_only_what_the_role_may_open() -> None:
    client = signed_in("Responder")
    page = client.get("/admin/").content.decode()
    assert reverse("admin:incidents_ticket_changelist") in page
    assert reverse("admin:journal_entry_changelist") not in page
    assert client.get(reverse("admin:journal_entry_changelist")).status_code == 403


def test_a_stranger_is_sent_to_the_sign_in() -> None:
    answer = Client().get("/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/")


def test_a_file_nobody_owns_and_a_file_that_does_not_exist_look_alike() -> None:
    orphan = files.store(content=b"%PDF-1.4\n", name="a.pdf", owner=None)
    client = signed_in("Auditor")
    answers = [client.get(reverse("console:file", args=[pk])).status_code for pk in (orphan.pk, 999_999)]
    assert answers == [404, 404]


def test_a_file_is_served_by_the_word_of_its_owner_and_never_as_a_page() -> None:
    category = make_category(make_team())
    page = files.store(content=b"<html><script>alert(1)</script></html>", name="a.html", owner=category)
    assert signed_in("Auditor").get(reverse("console:file", args=[page.pk])).status_code == 404
