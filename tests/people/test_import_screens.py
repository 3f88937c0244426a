"""The way of an import on the desk, and the files that go out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core.findings import Level
from apps.journal.models import Entry
from apps.people import health
from apps.people.importing import reading, running, services
from apps.people.importing.models import ImportJob
from apps.people.models import CostCentre, Deputy, Employee, Team, User
from tests.conftest import Clock
from tests.factories import make_absence, make_deputy, make_employee, make_team, make_user
from tests.people.files import applied, csv_of, previewed
from tests.posting import no_rows
from tests.signin import at_the_desk

pytestmark = pytest.mark.django_db

UPLOAD = "admin:people_importjob_upload"


def page_of(job: ImportJob) -> str:
    return reverse("admin:people_importjob_change", args=[job.pk])


def upload(client: Client, content: bytes, name: str = "people.csv") -> str:
    answer = client.post(reverse(UPLOAD), {"file": SimpleUploadedFile(name, content)}, follow=True)
    return answer.content.decode()


def test_hr_goes_the_whole_way():
    hr = at_the_desk("HR")
    assert reverse(UPLOAD) == hr.get(reverse("admin:people_employee_import_people"))["Location"]
    assert "at most 10 MB" in hr.get(reverse(UPLOAD)).content.decode()
    page = upload(hr, csv_of(["1", "Ana"], ["2", "", "nonsense"]))
    assert '<option value="number" selected>' in page
    job = ImportJob.objects.get()
    columns = {f"column-{index}": key for index, key in enumerate(job.mapping)}
    page = hr.post(page_of(job), {"step": "columns", **columns}, follow=True).content.decode()
    assert "data-progress=" in page
    running.work(job.pk)
    progress = hr.get(reverse("admin:people_importjob_progress", args=[job.pk])).json()
    assert progress == {"state": "previewed", "done": 0, "total": 2}
    page = hr.get(page_of(job)).content.decode()
    assert "“nonsense” is not a phone number" in page
    assert "Ana" in hr.get(page_of(job), {"kind": "new"}).content.decode()
    hr.post(page_of(job), {"step": "apply"})
    running.work(job.pk)
    page = hr.get(page_of(job)).content.decode()
    assert "1 applied" in page
    assert Employee.objects.get().name == "Ana"
    assert "1 applied, 1 not taken" in hr.get(reverse("admin:people_importjob_changelist")).content.decode()


def test_rejected_rows_come_as_a_csv_with_reasons_that_can_be_mended_and_brought_in():
    user = make_user(roles=["HR"])
    hr = Client()
    hr.force_login(user)
    job = previewed(csv_of(["1", "Ana"], ["2", "=cmd()", "+5511 1"]), user)
    answer = hr.get(reverse("admin:people_importjob_rejected", args=[job.pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "Employee number,Name,Phone,E-mail,Manager,Teams,Reason"
    assert "2,'=cmd(),'+5511 1,,,," in text
    assert "Name: “=cmd()” is a formula" in text
    assert Entry.objects.filter(name="import.rejected_exported").exists()
    mended = previewed(text.replace("'=cmd()", "Bia").replace("'+5511 1", "").encode(), user)
    assert (mended.mapping[-1], mended.counts["new"]) == ("", 1)


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "empty"), (b"\x00\x01", "neither a CSV"), (b"x" * (reading.LARGEST + 5), "larger than 10 MB")]
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_explained_on_the_page_and_leaves_nothing(content: bytes, said: str):
    page = upload(at_the_desk("HR"), content)
    assert said in page
    assert "Nothing was changed" in page
    assert not ImportJob.objects.exists()


def test_no_file_and_two_columns_for_one_field_are_explained():
    hr = at_the_desk("HR")
    assert "Choose a file first" in hr.post(reverse(UPLOAD)).content.decode()
    upload(hr, csv_of(["1", "Ana"]))
    job = ImportJob.objects.get()
    columns = {f"column-{index}": "number" for index in range(len(job.headers))}
    page = hr.post(page_of(job), {"step": "columns", **columns}, follow=True).content.decode()
    assert "would fill the same field" in page
    job.refresh_from_db()
    assert job.state == "uploaded"


def test_leavers_are_listed_and_a_wrong_number_marks_nobody():
    user = make_user(roles=["HR"])
    hr = Client()
    hr.force_login(user)
    make_employee("Old Hand", number="9", phone="")
    job = previewed(csv_of(["1", "Ana"]), user)
    page = hr.get(page_of(job), {"kind": "leaver"}).content.decode()
    assert "Old Hand" in page
    assert "type 1/1" in page
    page = hr.post(page_of(job), {"step": "apply", "marks_leavers": "on", "confirmation": "1"}, follow=True)
    assert "Nobody was marked as left" in page.content.decode()
    assert Employee.objects.get().state == "active"


@pytest.mark.parametrize("step", ["cancel", "check", "nonsense", ""])
def test_every_step_answers_with_a_page(step: str):
    user = make_user(roles=["HR"])
    hr = Client()
    hr.force_login(user)
    job = previewed(csv_of(["1", "Ana"]), user)
    assert hr.post(page_of(job), {"step": step}, follow=True).status_code == 200
    applied_job = applied(csv_of(["2", "Bia"]), user)
    assert "Nothing was changed" in hr.post(page_of(applied_job), {"step": "check"}, follow=True).content.decode()


@pytest.mark.parametrize("role", ["Manager", "Responder", "Automation owner"])
def test_others_neither_import_nor_see_imports(role: str):
    job = applied(csv_of(["1", "Ana"]), make_user(roles=["HR"]))
    client = at_the_desk(role)
    assert client.get(reverse(UPLOAD)).status_code == 403
    assert client.get(reverse("admin:people_importjob_changelist")).status_code == 403
    for name in ("change", "progress", "rejected"):
        address = reverse(f"admin:people_importjob_{name}", args=[job.pk])
        assert client.get(address).status_code in {403, 404}, name
        assert client.post(address, {"step": "cancel"}).status_code in {403, 404}, name


def test_an_auditor_looks_at_an_import_and_cannot_act():
    job = previewed(csv_of(["1", "Ana"]), make_user(roles=["HR"]))
    auditor = at_the_desk("Auditor")
    page = auditor.get(page_of(job)).content.decode()
    assert "Ana" in page
    assert 'value="apply"' not in page
    auditor.post(page_of(job), {"step": "apply"})
    job.refresh_from_db()
    assert job.state == "previewed"


def test_an_import_of_somebody_else_is_not_there_for_who_does_not_see_everybody():
    job = previewed(csv_of(["1", "Ana"]), make_user(roles=["HR"]))
    lead = make_user(roles=["HR"], employee=make_employee())
    lead.groups.get().permissions.remove(*lead.groups.get().permissions.filter(codename="view_all_employees"))
    client = Client()
    client.force_login(User.objects.get(pk=lead.pk))
    assert client.get(page_of(job)).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "pt-br", "es"])
def test_a_sample_comes_in_each_language(kind: str, language: str):
    hr = at_the_desk("HR")
    answer = hr.get(reverse("admin:people_importjob_sample", args=[kind]), headers={"Accept-Language": language})
    heading = {"en": "Employee number", "pt-br": "Matrícula", "es": "Número de empleado"}[language]
    assert reading.read(answer.content).headers[0] == heading
    assert hr.get(reverse("admin:people_importjob_sample", args=["exe"])).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_manager_exports_only_whom_they_see_and_the_export_is_recorded(kind: str):
    boss = make_employee("Boss")
    make_employee("Report", manager=boss)
    make_employee("Stranger")
    client = at_the_desk("Manager", employee=boss)
    answer = client.get(reverse(f"admin:people_employee_export_{kind}"))
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert [row.cells[1] for row in reading.read(content).rows] == ["Boss", "Report"]
    entry = Entry.objects.get(name="employees.exported")
    assert entry.after == {"format": kind, "employees": 2}


def test_an_export_has_what_the_list_is_filtered_to():
    make_employee("Ana")
    make_employee("Bia", state="left")
    answer = at_the_desk("HR").get(reverse("admin:people_employee_export_csv"), {"state__exact": "left"})
    table = reading.read(b"".join(answer.streaming_content))
    assert [row.cells[1] for row in table.rows] == ["Bia"]


def test_teams_stand_as_a_tree_and_their_list_costs_the_same_however_many(django_assert_max_num_queries: object):
    top = make_team("Zoo")
    child = make_team("Birds", parent=top)
    make_team("Ants")
    make_team("Owls", parent=child)
    for number in range(20):
        make_team(f"Small {number:02}", parent=top, members=[make_employee()])
    hr = at_the_desk("HR")
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        page = hr.get(reverse("admin:people_team_changelist")).content.decode()
    places = [page.index(name) for name in (">Ants<", ">Zoo<", ">– Birds<", ">– – Owls<", ">– Small 00<")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["employee", "importjob", "costcentre", "absence", "deputy"])
def test_a_list_costs_the_same_however_long(name: str, django_assert_max_num_queries: object):
    user = make_user(roles=["HR"])
    hr = Client()
    hr.force_login(user)
    boss = make_employee()
    for number in range(12):
        employee = make_employee(manager=boss)
        CostCentre.objects.create(code=f"C{number}", name="Centre", owner=employee)
        make_absence(employee, deputy=boss)
        make_deputy(employee, boss)
        services.upload(content=csv_of([str(number), "Ana"]), name="a.csv", by=user)
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        assert hr.get(reverse(f"admin:people_{name}_changelist")).status_code == 200


def test_an_export_with_a_filter_that_does_not_exist_goes_back_to_the_list():
    answer = at_the_desk("HR").get(reverse("admin:people_employee_export_csv"), {"bogus": "1"})
    assert answer.status_code == 302
    assert not Entry.objects.filter(name="employees.exported").exists()


def test_an_import_to_look_at_stands_on_the_home_and_one_without_a_worker_on_the_health_page(clock: Clock):
    user = make_user(roles=["HR"])
    hr = Client()
    hr.force_login(user)
    job = previewed(csv_of(["1", "Ana"]), user)
    assert "Imports of people to look at" in hr.get("/admin/").content.decode()
    assert [finding.level for finding in health.imports()] == [Level.GREEN]
    services.apply(job=job, by=user)
    clock.wind(600)
    assert [finding.level for finding in health.imports()] == [Level.AMBER]


def test_a_team_that_differs_in_case_alone_is_refused_on_its_page():
    make_team("Sales")
    values = {"name": "SALES", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
    page = at_the_desk("HR").post(reverse("admin:people_team_add"), values).content.decode()
    assert "“SALES” is there already" in page
    assert Team.objects.count() == 1


def test_a_standing_deputy_is_set_on_the_persons_page():
    ana, bia = make_employee("Ana"), make_employee("Bia")
    values = {
        "number": ana.number, "name": ana.name, "phone": ana.phone, "language": "en", "time_zone": "UTC",
        **no_rows(Employee), "standing_deputy-TOTAL_FORMS": 1,
        "standing_deputy-0-deputy": bia.pk,
    }  # fmt: skip
    at_the_desk("HR").post(reverse("admin:people_employee_change", args=[ana.pk]), values)
    assert Deputy.objects.get().deputy == bia
    assert Entry.objects.filter(name="deputy.added").exists()


def test_every_field_of_people_is_explained():
    for model in ("employee", "team", "absence", "deputy", "costcentre"):
        admin_form = at_the_desk("HR").get(reverse(f"admin:people_{model}_add")).context["adminform"].form
        silent = [name for name, field in admin_form.fields.items() if not field.help_text]
        assert silent == [], model
