from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.journal.models import Entry
from apps.people.models import Absence, Employee, Membership, Team, User
from tests.factories import make_employee, make_team, make_user
from tests.posting import no_rows
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db


def values_of(employee: Employee, **changes: object) -> dict[str, object]:
    return {
        "number": employee.number, "name": employee.name, "phone": employee.phone, "language": employee.language,
        "time_zone": employee.time_zone,
        **no_rows(Employee), **changes,
    }  # fmt: skip


def change(client: Client, employee: Employee, **changes: object) -> str:
    address = reverse("admin:people_employee_change", args=[employee.pk])
    return client.post(address, values_of(employee, **changes), follow=True).content.decode()


def test_every_page_opens_for_hr():
    make_team(members=[make_employee()])
    client = at_the_desk("HR", is_superuser=True)
    for model in ("employee", "team", "absence", "deputy", "user", "costcentre"):
        for page in ("changelist", "add"):
            assert client.get(reverse(f"admin:people_{model}_{page}")).status_code == 200, (model, page)
    assert client.get(reverse("admin:auth_group_changelist")).status_code == 200


def test_a_phone_in_local_spelling_is_normalised_and_nonsense_is_explained():
    ana, hr = make_employee(phone=""), at_the_desk("HR")
    change(hr, ana, phone="(11) 91234-5678")
    ana.refresh_from_db()
    assert ana.phone == "+5511912345678"
    assert "errornote" in change(hr, ana, phone="call me") or "phone" in change(hr, ana, phone="call me")
    ana.refresh_from_db()
    assert ana.phone == "+5511912345678"


def test_the_phone_stands_in_the_erasable_body_of_the_entry_only():
    ana = make_employee(phone="")
    change(at_the_desk("HR"), ana, phone="(11) 91234-5678")
    entry = Entry.objects.get(name="employee.changed")
    assert "91234" not in f"{entry.before}{entry.after}"
    assert "91234" in entry.body.content


def test_two_people_with_one_phone_are_pointed_out():
    first, second = make_employee("First"), make_employee("Second")
    assert "First has the same phone" in change(at_the_desk("HR"), second, phone=first.phone)


def test_an_unknown_time_zone_and_a_round_of_managers_are_refused():
    ana, hr = make_employee("Ana"), at_the_desk("HR")
    bia = make_employee("Bia", manager=ana)
    assert "is not a time zone" in change(hr, ana, time_zone="Mars")
    assert "reports to" in change(hr, ana, manager=bia.pk)
    ana.refresh_from_db()
    assert (ana.time_zone, ana.manager) == ("UTC", None)


def test_the_state_cannot_be_edited_but_by_its_button():
    ana, hr = make_employee(), at_the_desk("HR")
    change(hr, ana, state="left")
    ana.refresh_from_db()
    assert ana.state == "active"
    hr.post(reverse("admin:people_employee_mark_left", args=[ana.pk]))
    ana.refresh_from_db()
    assert ana.state == "left"


def test_hr_cannot_make_an_employees_voice_their_own():
    ana = make_employee()
    hr = at_the_desk("HR")
    change(hr, ana, user=User.objects.latest("id").pk)
    ana.refresh_from_db()
    assert ana.user is None


def test_a_manager_sees_only_their_people_in_lists_searches_and_autocompletes():
    boss, report, stranger = make_employee("Boss"), make_employee("Report"), make_employee("Stranger")
    report.manager = boss
    report.save()
    client = at_the_desk("Manager", employee=boss)
    page = client.get(reverse("admin:people_employee_changelist"), {"q": "r"}).content.decode()
    assert "Report" in page
    assert "Stranger" not in page
    assert client.get(reverse("admin:people_employee_change", args=[stranger.pk])).status_code == 302
    query = {"term": "r", "app_label": "people", "model_name": "absence", "field_name": "employee"}
    found = client.get(reverse("admin:autocomplete"), query).content.decode()
    assert "Report" in found
    assert "Stranger" not in found
    values = {"employee": stranger.pk, "starts_on": "2026-08-03", "ends_on": "2026-08-04"}
    client.post(reverse("admin:people_absence_add"), values)
    assert not Absence.objects.exists()
    client.post(reverse("admin:people_absence_add"), {**values, "employee": report.pk})
    assert Absence.objects.get().starts_on == date(2026, 8, 3)


def test_the_list_of_teams_names_and_counts_who_is_in_them_today():
    former, coming, lead = (make_employee(name) for name in ("Former", "Coming", "Present"))
    make_team(leads=[former, coming, lead])
    today = clock.now().date()
    Membership.objects.filter(employee=former).update(ends_on=today - timedelta(days=1))
    Membership.objects.filter(employee=coming).update(starts_on=today + timedelta(days=1))
    (row,) = at_the_desk("HR").get(reverse("admin:people_team_changelist")).context["cl"].result_list
    screen = admin.site.get_model_admin(Team)
    assert (screen.leads(row), screen.size(row)) == ("Present", 1)


def test_an_absence_written_on_a_screen_is_recorded_for_the_reaction():
    ana = make_employee()
    values = {"employee": ana.pk, "starts_on": "2026-08-03", "ends_on": "2026-08-04"}
    at_the_desk("HR").post(reverse("admin:people_absence_add"), values)
    entry = Entry.objects.get(name="absence.added")
    assert entry.subject_id == str(Absence.objects.get().pk)


def test_nobody_raises_themselves():
    client = at_the_desk("Operator")
    me, root = User.objects.latest("id"), make_user("root", is_superuser=True)
    address = reverse("admin:people_user_change", args=[me.pk])
    client.post(address, {"username": me.username, "is_superuser": "on", "is_staff": "on", "is_active": "on",
                          "groups": [1, 2, 3]})  # fmt: skip
    me.refresh_from_db()
    assert not me.is_superuser
    assert [group.name for group in me.groups.all()] == ["Operator"]
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    answer = client.post(
        password, {"password1": "Very-long-one-9", "password2": "Very-long-one-9", "usable_password": "true"}
    )
    assert answer.status_code == 403
    root.refresh_from_db()
    assert root.check_password("a password")


def test_handing_out_a_role_and_a_password_are_recorded():
    client, user = at_the_desk(is_superuser=True), make_user("someone")
    group = make_user(roles=["HR"]).groups.get()
    client.post(reverse("admin:people_user_change", args=[user.pk]),
                {"username": "someone", "is_staff": "on", "is_active": "on", "groups": [group.pk]})  # fmt: skip
    entry = Entry.objects.get(name="user.roles_changed")
    assert entry.after == {"roles": ["HR"]}
    client.post(reverse("admin:auth_user_password_change", args=[user.pk]),
                {"password1": "Very-long-one-9", "password2": "Very-long-one-9", "usable_password": "true"})  # fmt: skip
    assert Entry.objects.filter(name="user.password_changed").exists()
    assert not [entry for entry in Entry.objects.all() if "Very-long" in f"{entry.after}"]
