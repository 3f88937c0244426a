"""Every role at every screen: what the pages answer over HTTP is what the matrix says, verb by verb."""

import pytest
from django.contrib import admin
from django.db import models

from apps.console import matrix
from apps.people.roles import ROLES
from tests.roles.company import ADMINISTRATOR, EVERYBODY, Company, screens

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("undrawn")]

SHOWN, ALLOWED, REFUSED = {200}, {200, 302}, {403}
HAS_NO_PAGE = {"health.pulse"}
"""Their pages lead back to the list."""
TELLS = {"people.importjob"}
"""Their pages tell on the page itself why nothing was done."""


def cell(model: type[models.Model], who: str, company: Company) -> frozenset[str]:
    """The verbs that docs/roles.md gives to a role; an administrator has what the screen offers at all."""
    screen = admin.site._registry[model]
    if who == ADMINISTRATOR:
        return matrix.permitted(screen, company.users[who])
    return matrix.permitted(screen, matrix.Holder(matrix.of_role(who) if who in ROLES else ()))


def test_there_is_a_row_of_everything(company: Company) -> None:
    assert {model._meta.label_lower for model in screens()} == set(company.rows)


@pytest.mark.parametrize("model", screens(), ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: who or "nobody")
def test_a_screen_answers_as_the_matrix_says(who: str, model: type[models.Model], company: Company) -> None:
    label = model._meta.label_lower
    base, row = f"/admin/{label.replace('.', '/')}/", company.row(label)
    may, client = cell(model, who, company), company.client(who)
    assert client.get(base).status_code in (SHOWN if "view" in may else REFUSED)
    assert client.get(f"{base}add/").status_code in (SHOWN if "add" in may else REFUSED)
    assert client.post(f"{base}add/", {}).status_code in (ALLOWED if "add" in may else REFUSED)
    assert client.get(f"{base}{row}/change/").status_code in (
        ALLOWED if "view" in may or label in HAS_NO_PAGE else REFUSED
    )
    assert client.get(f"{base}{row}/delete/").status_code in (ALLOWED if "delete" in may else REFUSED)
    # Django looks for the row before it asks about its history: what is out of sight leads to the home.
    history = client.get(f"{base}{row}/history/")
    assert history.status_code in (ALLOWED if "view" in may else {302, 403})
    assert "view" in may or history.status_code == 403 or history["Location"] == "/admin/"


@pytest.mark.parametrize("model", screens(), ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize("who", [*ROLES, ""], ids=lambda who: who or "nobody")
def test_nothing_is_changed_or_removed_by_who_may_not(who: str, model: type[models.Model], company: Company) -> None:
    label = model._meta.label_lower
    base, row = f"/admin/{label.replace('.', '/')}/", company.row(label)
    may, client = cell(model, who, company), company.client(who)
    before = model._default_manager.filter(pk=row).values().get()
    if "change" not in may:
        answer = client.post(f"{base}{row}/change/", {"name": "x", "state": "x", "_save": "x"})
        assert answer.status_code in {302, 403, 404, 405} or label in TELLS
    if "delete" not in may:
        assert client.post(f"{base}{row}/delete/", {"post": "yes"}).status_code in REFUSED
        client.post(base, {"action": "delete_selected", "_selected_action": [row], "post": "yes"})
    assert model._default_manager.filter(pk=row).values().get() == before
