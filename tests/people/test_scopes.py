"""Whoever sees only their own people meets nobody else's row: in no list, search, page, autocomplete or filter."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.contacts.models import Invitation
from apps.core import clock, scope
from apps.forms import services as forms
from apps.incidents import services as incidents
from apps.journal import scoping
from apps.people.models import CostCentre, Deputy, Employee, ImportJob, Leaving, User
from tests.approvals.house import House
from tests.factories import (
    make_absence,
    make_category,
    make_conversation,
    make_deputy,
    make_employee,
    make_message,
    make_team,
    make_user,
    report_form,
)  # fmt: skip

pytestmark = pytest.mark.django_db
MARK = "Zyxwv"
SCREENS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
OF_PEOPLE = [
    "approvals.request", "contacts.contact", "contacts.enrolment", "conversations.conversation", "forms.submission",
    "incidents.ticket", "outbox.outboundmessage", "people.absence", "people.deputy", "people.employee",
    "people.importjob", "people.leaving", "people.team",
]  # fmt: skip


class World:
    """Boss manages Report. Zyxwv works elsewhere, and has a row of every kind."""

    def __init__(self) -> None:
        house = House()
        self.boss, self.report = house.person("Chief", "en"), house.person("Report", "en")
        Employee.objects.filter(pk=self.report.pk).update(manager=self.boss)
        self.secret = house.person(f"{MARK} Silva", "en", manager=house.caio, email=f"{MARK}@example.com")
        make_team(f"{MARK} team", members=[self.secret])
        facilities = make_team("Facilities", members=[self.secret])
        category = make_category(facilities)
        make_absence(self.secret, deputy=house.bia)
        make_deputy(self.secret, house.bia)
        Leaving.objects.create(employee=self.secret, on=clock.now().date())
        self.request = house.ask(by=self.secret)
        submission = forms.submit(version=forms.freeze(form=report_form()), by=self.secret,
                                  answers={"what": f"{MARK} leaks", "photos": []})  # fmt: skip
        self.ticket = incidents.open_ticket(submission=submission, category=category, by=self.secret)
        make_message(make_conversation(self.secret.contacts.get()), f"{MARK} says hello")
        ImportJob.objects.create(by=make_user("importer"), file_name=f"{MARK}.csv")
        self.client, self.user = Client(), make_user("chief", employee=self.boss)
        rights = Permission.objects.exclude(codename__startswith="view_all")
        self.user.user_permissions.set(rights.filter(codename__regex="^(view|change|answer)_"))
        self.client.force_login(self.user)


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    settings.MEDIA_ROOT = tmp_path
    return World()


def address(model: type[models.Model], what: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def test_every_screen_and_every_inline_has_a_declared_row_scope() -> None:
    shown = {*SCREENS, *(inline.model for screen in admin.site._registry.values() for inline in screen.inlines)}
    assert [model._meta.label_lower for model in shown if model._meta.label_lower not in scope.scopes] == []


def test_every_screen_keeps_to_row_scopes() -> None:
    for screen in admin.site._registry.values():
        assert isinstance(screen, scoping.ScopedMixin), screen
        assert all(issubclass(inline, scoping.ScopedMixin) for inline in screen.inlines), screen


def test_a_model_that_nobody_declared_has_no_rows_for_anybody() -> None:
    with pytest.raises(LookupError):
        scope.narrow(ContentType.objects.all(), make_user(is_superuser=True))


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label_lower)
def test_a_manager_meets_nobody_of_another_team(model: type[models.Model], world: World) -> None:
    if model._meta.label_lower in OF_PEOPLE:
        assert model._default_manager.exists()  # there is something to hide
    for query in ("", "?q=Zyx", "?q=Silva"):
        page = world.client.get(address(model, "changelist") + query, follow=True)
        assert page.status_code in {200, 403}
        assert MARK not in page.content.decode()
    seen = set(scope.narrow(model._default_manager.all(), world.user).values_list("pk", flat=True))
    for row in model._default_manager.exclude(pk__in=seen)[:5]:
        page = world.client.get(address(model, "change", row.pk))
        assert page.status_code in {302, 403, 404}
        assert MARK not in page.content.decode()


@pytest.mark.parametrize("model", [one for one in SCREENS if one._meta.label_lower in OF_PEOPLE],
                         ids=lambda model: model._meta.label_lower)  # fmt: skip
def test_hr_meets_what_the_manager_does_not(model: type[models.Model], world: World) -> None:
    """The other test would be green with empty pages."""
    hidden = model._default_manager.all()
    root = make_user("root", is_superuser=True)
    assert scope.narrow(hidden, root).count() == hidden.count() > scope.narrow(hidden, world.user).count()
    client = Client()
    client.force_login(root)
    row = scope.narrow(hidden, root).exclude(pk__in=scope.narrow(hidden, world.user).values("pk")).first()
    assert client.get(address(model, "change", row.pk)).status_code == 200


def test_a_page_of_one_s_own_shows_nobody_of_another_team(world: World) -> None:
    page = world.client.get(address(Employee, "change", world.report.pk))
    assert page.status_code == 200
    assert MARK not in page.content.decode()


def test_no_autocomplete_offers_anybody_of_another_team(world: World) -> None:
    asked = 0
    for model, screen in admin.site._registry.items():
        for owner in (screen, *screen.inlines):
            for field in owner.autocomplete_fields:
                inner = owner.model if isinstance(owner, type) else model
                found = world.client.get(reverse("admin:autocomplete"), {
                    "app_label": inner._meta.app_label, "model_name": inner._meta.model_name, "field_name": field, "term": "Zyx"})  # fmt: skip
                assert MARK not in found.content.decode(), (inner, field)
                asked += found.status_code == 200
    assert asked > 5


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label_lower)
def test_a_stranger_is_sent_to_sign_in_and_has_no_rows_of_people(model: type[models.Model], world: World) -> None:
    page = Client().get(address(model, "changelist"))
    assert page.status_code == 302
    assert "login" in page["Location"]
    if scope.of(model).rows is not None:
        assert not scope.narrow(model._default_manager.all(), AnonymousUser()).exists()
        locked = make_user("locked", is_superuser=True, is_active=False)
        assert not scope.narrow(model._default_manager.all(), locked).exists()


def test_invitations_claims_and_keys_follow_their_people(world: World) -> None:
    Invitation.objects.create(employee=world.secret, expires_at=clock.now())
    assert not scope.narrow(Invitation.objects.all(), world.user).exists()
    assert scope.narrow(Invitation.objects.all(), make_user(roles=["HR"])).count() == 1


def test_saving_a_row_keeps_a_deputy_whom_one_may_not_see(world: World) -> None:
    row = make_deputy(world.report, world.secret)
    page = world.client.get(address(Deputy, "change", row.pk)).content.decode()
    chosen = re.search(r'<option value="(\d+)" selected[^>]*>[^<]*Zyxwv', page)
    assert chosen is not None
    world.client.post(address(Deputy, "change", row.pk), {"employee": row.employee_id, "deputy": chosen[1]})
    row.refresh_from_db()
    assert row.deputy == world.secret


def test_nobody_of_another_team_can_be_posted_into_a_field(world: World) -> None:
    row = make_deputy(world.report, world.boss)
    world.client.post(address(Deputy, "change", row.pk), {"employee": row.employee_id, "deputy": world.secret.pk})
    row.refresh_from_db()
    assert row.deputy == world.boss


def test_what_deleting_would_take_along_is_told_as_a_number() -> None:
    boss: User = make_user("root", is_superuser=True)
    centre = CostCentre.objects.create(code="1", name="One")
    Employee.objects.filter(pk=make_employee(f"{MARK} Silva").pk).update(cost_centre=centre)
    request = RequestFactory().get("/")
    request.user = boss
    shown, _counts, _lacking, forbids = admin.site._registry[CostCentre].get_deleted_objects([centre], request)
    assert MARK not in f"{shown}{forbids}"


def test_deleting_many_names_twenty_and_counts_the_others() -> None:
    client = Client()
    client.force_login(make_user(is_superuser=True))
    centres = [CostCentre.objects.create(code=f"C{number:02}") for number in range(23)]
    page = client.post(reverse("admin:people_costcentre_changelist"), {
        "action": "delete_selected", "_selected_action": [str(one.pk) for one in centres], "index": "0"}).content.decode()  # fmt: skip
    assert len(set(re.findall(r"\bC\d\d\b", page))) == 20
    assert "and 3 more" in page
    assert CostCentre.objects.count() == 23
