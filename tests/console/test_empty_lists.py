"""An empty list says what it is for and what to do next, to whoever may do it; a narrowed one offers the way back."""

import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from tests.factories import make_category, make_employee, make_team, make_user

pytestmark = pytest.mark.django_db

ADMINS = {model._meta.label_lower: screen for model, screen in admin.site._registry.items()}

NEVER_EMPTY = {
    "auth.group": "the roles are made with the tables",
    "health.pulse": "is no list but a page",
    "people.user": "whoever reads it has a sign-in",
    "providers.messagetemplate": "the house's own templates are made with the tables",
}
"""Lists that are not empty in a new house, and why."""


def signed_in(*roles: str, **values: object) -> Client:
    client = Client()
    client.force_login(make_user(roles=roles, employee=make_employee(), **values))
    return client


def nothing(page: str) -> str:
    """What stands in the box of an empty list; empty when there is none."""
    found = re.search(r'<div class="recado-nothing[^"]*">(.*?)</div>', page, re.S)
    return found[1] if found else ""


@pytest.mark.parametrize("label", sorted(ADMINS))
def test_every_list_says_what_it_is_for(label: str) -> None:
    said = str(getattr(ADMINS[label], "empty_says", ""))
    assert said.endswith("."), f"{label} has no `empty_says`: what is this list for, and what comes next?"
    assert 40 <= len(said) <= 160, said


def test_no_two_lists_say_the_same() -> None:
    said = [str(screen.empty_says) for screen in ADMINS.values()]  # type: ignore[attr-defined]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("label", sorted(ADMINS))
def test_the_next_step_of_every_list_leads_to_a_page(label: str) -> None:
    client = signed_in(is_superuser=True)
    step = ADMINS[label].empty_next  # type: ignore[attr-defined]
    if step is not None:
        assert client.get(reverse(step[1])).status_code == 200


@pytest.mark.parametrize("label", sorted(ADMINS))
def test_every_list_opens_on_its_words_when_it_is_empty(label: str) -> None:
    client = Client()
    client.force_login(make_user("boss", is_superuser=True))
    page = client.get(reverse(f"admin:{label.replace('.', '_')}_changelist"), follow=True).content.decode()
    is_empty = str(escape(ADMINS[label].empty_says)) in nothing(page)  # type: ignore[attr-defined]
    assert is_empty == (label not in NEVER_EMPTY)


def test_who_may_not_do_the_next_step_is_not_offered_it() -> None:
    address = reverse("admin:approvals_flow_add")
    tickets = reverse("admin:incidents_ticket_changelist")
    assert "/incidents/category/" in nothing(signed_in("Responder").get(tickets).content.decode())
    assert "href" not in nothing(signed_in("Manager").get(tickets).content.decode())
    flows = reverse("admin:approvals_flow_changelist")
    assert address in nothing(signed_in("HR").get(flows).content.decode())
    assert "href" not in nothing(signed_in("Automation owner").get(flows).content.decode())


@pytest.mark.parametrize("query", ["q=nobody-is-called-this", "is_active__exact=0", "q=x&is_active__exact=0"])
def test_a_list_that_a_filter_empties_offers_all_rows_again(query: str) -> None:
    make_category(make_team())
    client = signed_in("HR")
    page = client.get(f"{reverse('admin:people_team_changelist')}?q=nobody-is-called-this").content.decode()
    if "is_active" in query:
        page = client.get(f"{reverse('admin:incidents_category_changelist')}?is_active__exact=0").content.decode()
    box = nothing(page)
    assert "Nothing matches" in box
    assert 'href="?"' in box
    assert "Nothing here yet" not in box


def test_a_small_window_for_choosing_stays_one_when_its_filters_are_cleared() -> None:
    page = signed_in("HR").get(f"{reverse('admin:people_team_changelist')}?q=none&_popup=1").content.decode()
    assert 'href="?_popup=1"' in nothing(page)
