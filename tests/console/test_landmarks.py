"""People who do not see the frame find the content and the navigation in it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.inbox.admin import pretty
from apps.people.models import Membership
from tests.factories import make_employee, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["admin:index", "admin:people_employee_changelist", "admin:people_team_add"])
def test_every_page_has_one_main_landmark_a_named_navigation_and_a_way_past_it(address: str) -> None:
    client = Client()
    client.force_login(make_user(is_superuser=True, employee=make_employee()))
    page = client.get(reverse(address)).content.decode()
    assert page.count('role="main"') == 1
    assert page.count('role="navigation" aria-label="Pages of the desk"') == 1
    assert page.index('class="recado-skip" href="#content"') < page.index('id="nav-sidebar"')
    assert page.count('id="content" tabindex="-1"') == 1


def test_each_field_of_a_table_of_rows_says_its_own_name() -> None:
    """The heading of a column is a label for the eye alone."""
    ana = make_employee()
    Membership.objects.create(employee=ana, team=make_team())
    client = Client()
    client.force_login(make_user(is_superuser=True))
    page = client.get(reverse("admin:people_employee_change", args=[ana.pk])).content.decode()
    named = dict(re.findall(r'name="memberships-0-(\w+)"[^>]*?aria-label="([^"]*)"', page))
    assert named == {"team": "Team", "is_lead": "Leads the team", "starts_on": "From", "ends_on": "Until"}


def test_a_long_text_that_scrolls_can_be_scrolled_by_keyboard() -> None:
    assert '<pre class="recado-pre" tabindex="0">' in pretty("{}")


@pytest.mark.parametrize(
    ("address", "title"),
    [("console:who", "Who may do what"), ("admin:people_importjob_upload", "Import people"), ("admin:index", "Home")],
)
def test_the_title_of_a_page_says_what_it_is_and_whose(address: str, title: str) -> None:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    (said,) = re.findall(r"<title>(.*?)</title>", client.get(reverse(address)).content.decode(), re.DOTALL)
    assert [part.strip() for part in said.split("|")] == [title, "Recado"]
