import pytest
from django.contrib.auth.models import Group

from apps.people import roles
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_six_roles_are_there_after_migrating():
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)


ALL = sorted({name for names in roles.ROLES.values() for name in names} - {"*.view"})


def test_every_permission_that_a_role_names_exists():
    assert [name for name in ALL if not roles.permissions_for([name])] == []


def test_an_auditor_reads_and_changes_nothing():
    codenames = {name.split(".")[1] for name in make_user(roles=["Auditor"]).get_all_permissions()}
    assert {"view_entry", "export_entry", "view_ticket", "view_request"} <= codenames
    assert not [name for name in codenames if not name.startswith(("view_", "export_"))]


def test_running_again_gives_back_what_is_missing_and_takes_nothing_away():
    group = Group.objects.get(name="Responder")
    group.permissions.set(roles.permissions_for(["people.view_employee"]))
    roles.create_roles(sender=None)
    assert group.permissions.filter(codename="answer_ticket").exists()
    assert group.permissions.filter(codename="view_employee").exists()
