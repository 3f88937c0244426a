"""From a file to the people in it: what is found out before, and what is applied after."""

from collections.abc import Sequence
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from apps.calendars.models import WorkCalendar
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.journal import downloads
from apps.journal.models import Entry
from apps.people import services as people
from apps.people.importing import applying, columns, resource, running, samples, services
from apps.people.importing.models import ColumnMap, ImportJob, ImportRow
from apps.people.models import CostCentre, Employee, Membership, Team, User
from apps.people.queries import for_export
from tests.conftest import Clock
from tests.factories import make_employee, make_team, make_user
from tests.people.files import applied, csv_of, fresh, kinds, previewed, reasons, xlsx_of

pytestmark = pytest.mark.django_db

ALL = [columns.header(key, "en") for key in columns.KEYS]


@pytest.fixture
def hr() -> User:
    return make_user(roles=["HR"])


def row(**values: str) -> list[str]:
    return [values.get(key, "") for key in columns.KEYS]


def exported() -> list[list[str]]:
    return list(resource.lines(for_export(Employee.objects.order_by("number"))))


# --- what comes in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_new_people_come_in_with_all_they_have(make: Any, hr: User):
    WorkCalendar.objects.create(name="Brazil")
    CostCentre.objects.create(code="LOG", name="Logistics")
    make_team("Sales")
    whole = row(number="17", name="Ana Lima", phone="(11) 91234-5678", email="ana@example.com", position="Driver",
                cost_centre="logistics", manager="bia@example.com", teams="sales", language="Português",
                time_zone="America/Sao_Paulo", calendar="brazil")  # fmt: skip
    job = applied(make(whole, row(number="18", name="Bia", email="Bia@example.com"), headers=ALL), hr)
    assert (job.state, job.counts["applied"], job.rows_done) == ("done", 2, 2)
    ana = Employee.objects.get(number="17")
    assert (ana.phone, ana.language, ana.time_zone) == ("+5511912345678", "pt-br", "America/Sao_Paulo")
    assert (ana.cost_centre.code, ana.calendar.name, ana.manager.number) == ("LOG", "Brazil", "18")
    assert [team.name for team in ana.teams.all()] == ["Sales"]


def test_a_preview_shows_what_would_change_and_changes_nothing(hr: User):
    make_employee("Ana", number="1", phone="+5511912345671", position="Clerk")
    make_employee("Bia", number="2", phone="")
    make_employee("Cy", number="3", phone="", state="left")
    make_employee("Di", number="4", phone="")
    before = exported()
    job = previewed(csv_of(["1", "Ana Lima", "11 91234-5671"], ["2", "Bia"], ["3", "Cy"], ["5", "Eva"], ["6", ""]), hr)
    assert job.state == "previewed"
    assert kinds(job) == {"1": "changed", "2": "unchanged", "3": "back", "4": "leaver", "5": "new", "6": "bad"}
    assert job.rows.get(person="1").changes == {"name": ["Ana", "Ana Lima"]}
    assert exported() == before
    assert not Entry.objects.filter(name__startswith="employee").exists()


def test_only_what_the_file_changes_is_changed_and_each_person_is_in_the_journal(hr: User):
    ana = make_employee("Ana", number="1", phone="+5511912345671", position="Clerk")
    old = make_team("Old", members=[ana])
    make_team("New")
    make_employee("Cy", number="3", phone="", state="left")
    boss = make_employee("Boss", number="9")
    job = applied(csv_of(["1", "Ana Lima", "", "", "9", "New"], ["3", "Cy"], ["5", "Eva"]), hr)
    ana.refresh_from_db()
    assert (ana.name, ana.phone, ana.position, ana.manager) == ("Ana Lima", "+5511912345671", "Clerk", boss)
    assert [team.name for team in ana.teams.all()] == ["New"]
    assert not Membership.objects.filter(team=old).exists()
    names = set(Entry.objects.filter(correlation_id=f"import:{job.pk}").values_list("name", flat=True))
    assert names == {"import.uploaded", "import.mapped", "import.previewed", "import.started", "import.done",
                     "employee.changed", "employee.manager_changed", "membership.added", "membership.removed",
                     "employee.returned", "employee.hired"}  # fmt: skip
    changed = Entry.objects.get(name="employee.changed")
    assert changed.actor_label == hr.username
    assert "Ana Lima" in changed.body.content


def test_an_empty_cell_leaves_the_field_or_empties_it_as_hr_chooses(hr: User):
    boss = make_employee("Boss", number="9", phone="")
    ana = make_employee("Ana", number="1", manager=boss)
    make_team("Sales", members=[ana])
    content = csv_of(["1", "", "", "", "", ""], ["9", "Boss"])
    assert previewed(content, hr).counts["unchanged"] == 2
    applied(content, hr, is_clearing=True)
    ana.refresh_from_db()
    assert (ana.name, ana.phone, ana.manager, ana.teams.count()) == ("Ana", "", None, 0)


def test_missing_teams_and_cost_centres_are_made_only_when_hr_says_so(hr: User):
    content = csv_of(row(number="1", name="Ana", teams="Night shift; Depot", cost_centre="X1"), headers=ALL)
    assert "There is no team “Night shift”" in " ".join(reasons(previewed(content, hr))[2])
    applied(content, hr, creates_missing=True)
    assert set(Team.objects.values_list("name", flat=True)) == {"Night shift", "Depot"}
    assert Employee.objects.get().cost_centre.code == "X1"
    assert Entry.objects.filter(name="team.added").count() == 2


def test_managers_may_stand_later_in_the_file_and_change_places(hr: User):
    boss = make_employee("Boss", number="1", phone="")
    deputy = make_employee("Deputy", number="2", phone="", manager=boss)
    middle = make_employee("Middle", number="3", phone="", manager=deputy)
    job = applied(csv_of(["4", "New", "", "", "5"], ["5", "Newer", "", "", "1"], ["1", "", "", "", "3"], ["2"],
                         ["3", "", "", "", ""]), hr, is_clearing=True)  # fmt: skip
    assert (job.counts["applied"], job.counts["set_aside"]) == (5, 0)
    managers = dict(Employee.objects.values_list("number", "manager__number"))
    assert managers == {"1": "3", "2": None, "3": None, "4": "5", "5": "1"}
    assert middle.pk == Employee.objects.get(number="1").manager_id


# --- rows that are bad ------------------------------------------------------------------------------------------------

BAD_ROWS: list[tuple[str, Sequence[dict[str, str]], dict[int, str]]] = [
    ("no number", [{"name": "Ana"}], {2: "number: The employee number is missing"}),
    ("no name", [{"number": "5"}], {2: "name: The name is missing"}),
    ("twice in the file", [{"number": "5", "name": "A"}, {"number": "5", "name": "B"}],
     {2: "number: The number stands in row 3 too", 3: "number: The number stands in row 2 too"}),
    ("bad phone", [{"number": "5", "name": "A", "phone": "call me"}], {2: "phone: “call me” is not a phone number"}),
    ("one phone twice", [{"number": "5", "name": "A", "phone": "+5511911112222"},
                         {"number": "6", "name": "B", "phone": "11 91111-2222"}],
     {2: "phone: Row 3 has the same phone", 3: "phone: Row 2 has the same phone"}),
    ("phone of a colleague", [{"number": "5", "name": "A", "phone": "+5511900000001"}], {2: "phone: Ana (1) has this phone"}),
    ("bad e-mail", [{"number": "5", "name": "A", "email": "ana@"}], {2: "email: “ana@” is not an e-mail"}),
    ("unknown manager", [{"number": "5", "name": "A", "manager": "77"}], {2: "manager: No employee has the number or e-mail “77”"}),
    ("own manager", [{"number": "5", "name": "A", "manager": "5"}], {2: "manager: Nobody is their own manager"}),
    ("manager who left", [{"number": "5", "name": "A", "manager": "3"}], {2: "manager: Gone has left"}),
    ("manager by an e-mail of two", [{"number": "5", "name": "A", "manager": "two@example.com"}],
     {2: "manager: Several people have the e-mail"}),
    ("round in the file", [{"number": "5", "name": "A", "manager": "6"}, {"number": "6", "name": "B", "manager": "5"}],
     {2: "manager: Would report to themselves", 3: "manager: Would report to themselves"}),
    ("round with the staff", [{"number": "1", "manager": "2"}], {2: "manager: Would report to themselves, round by 2"}),
    ("unknown team", [{"number": "5", "name": "A", "teams": "Nowhere"}], {2: "teams: There is no team “Nowhere”"}),
    ("unknown calendar", [{"number": "5", "name": "A", "calendar": "Mars"}], {2: "calendar: There is no working calendar"}),
    ("unknown cost centre", [{"number": "5", "name": "A", "cost_centre": "X"}], {2: "cost_centre: There is no cost centre"}),
    ("unknown zone", [{"number": "5", "name": "A", "time_zone": "Mars/Base"}], {2: "time_zone: “Mars/Base” is not"}),
    ("unknown language", [{"number": "5", "name": "A", "language": "Klingon"}], {2: "language: “Klingon” is none of"}),
    ("formula", [{"number": "5", "name": "=1+1"}], {2: "name: “=1+1” is a formula"}),
    ("too long", [{"number": "5", "name": "A" * 151}], {2: "name: Longer than 150"}),
    ("left, in a cell", [{"number": "1", "state": "left"}], {2: "state: Nobody is marked as left by a cell"}),
    ("left, and unknown", [{"number": "5", "name": "A", "state": "left"}], {2: "state: The row says that they left"}),
    ("zeros eaten", [{"number": "7", "name": "Zero"}], {2: "number: Nobody has this number, but somebody has 007"}),
    ("bad manager's row", [{"number": "5", "name": "A", "manager": "6"}, {"number": "6", "phone": "1"},
                           {"number": "8", "name": "C", "manager": "5"}],
     {2: "manager: The row of their manager, number 6, has an error", 3: "phone:", 4: "manager: The row of their manager, number 5"}),
    ("two at once", [{"number": "5", "email": "x", "phone": "y"}], {2: "email: “x” is not"}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "wanted"), [case[1:] for case in BAD_ROWS], ids=[case[0] for case in BAD_ROWS])
def test_a_bad_row_is_named_with_its_reason_and_the_good_ones_go_in(
    rows: Sequence[dict[str, str]], wanted: dict[int, str], hr: User
):
    ana = make_employee("Ana", number="1", phone="+5511900000001", email="two@example.com")
    make_employee("Bia", number="2", phone="", manager=ana, email="two@example.com")
    make_employee("Gone", number="3", phone="", state="left")
    make_employee("Zero", number="007", phone="")
    before = exported()
    good = row(number="99", name="Good")
    job = applied(csv_of(*(row(**values) for values in rows), good, headers=ALL), hr)
    found = reasons(job)
    assert set(found) == set(wanted)
    assert {number: any(start in reason for reason in found[number]) for number, start in wanted.items()} == dict.fromkeys(wanted, True), found  # fmt: skip
    assert job.counts["applied"] == 1
    assert exported() == [*before, ["99", "Good", *[""] * 6, "en", "UTC", "", "active", ""]]


def test_people_who_shared_a_phone_before_may_go_on_sharing_it(hr: User):
    make_employee("Ana", number="1", phone="+5511900000001")
    make_employee("Bia", number="2", phone="+5511900000001")
    job = previewed(csv_of(["1", "Ana", "+5511900000001"], ["2", "Bia B", "+5511900000001"]), hr)
    assert kinds(job) == {"1": "unchanged", "2": "changed"}


def test_two_people_may_exchange_their_phones_in_one_file(hr: User):
    make_employee("Ana", number="1", phone="+5511900000001")
    make_employee("Bia", number="2", phone="+5511900000002")
    job = applied(csv_of(["1", "", "+5511900000002"], ["2", "", "+5511900000001"]), hr)
    assert (job.counts["applied"], job.counts["set_aside"]) == (2, 0)
    assert dict(Employee.objects.values_list("number", "phone")) == {"1": "+5511900000002", "2": "+5511900000001"}


# --- columns ----------------------------------------------------------------------------------------------------------


def test_the_columns_are_remembered_for_files_headed_alike(hr: User):
    content = csv_of(["1", "Ana", "17"], headers=["Chave", "Quem", "Sala"])
    job = services.upload(content=content, name="x.csv", by=hr)
    assert job.mapping == ["", "", ""]
    services.name_columns(job=job, mapping=["number", "name", ""], by=hr)
    again = services.upload(content=csv_of(["2", "Bia"], headers=["CHAVE", " quem", "sala"]), name="y.csv", by=hr)
    assert again.mapping == ["number", "name", ""]
    assert ColumnMap.objects.count() == 1


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (["number", "name", "name"], "would fill the same field"),
        (["name", "", ""], "No column is the employee number"),
        (["number", "user", ""], "not those of this file"),
        (["number", "name"], "not those of this file"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(mapping: list[str], said: str, hr: User):
    job = services.upload(content=csv_of(["1", "Ana", "x"], headers=["a1", "b1", "c1"]), name="x.csv", by=hr)
    with pytest.raises(InvalidInputError, match=said):
        services.name_columns(job=job, mapping=mapping, by=hr)
    assert fresh(job).state == "uploaded"


# --- leavers ----------------------------------------------------------------------------------------------------------


def test_who_is_missing_in_the_file_leaves_only_when_the_number_is_typed(hr: User):
    for number in range(1, 11):
        make_employee(f"P{number}", number=str(number), phone="")
    content = csv_of(*([str(number)] for number in range(1, 9)))
    job = previewed(content, hr)
    assert (job.counts["leaver"], services.wanted_confirmation(job)) == (2, "2")
    for typed in ("", "3", "yes"):
        with pytest.raises(InvalidInputError, match="type 2 to confirm"):
            services.apply(job=job, by=hr, marks_leavers=True, confirmation=typed)
    with pytest.raises(InvalidInputError, match="nothing to apply"):
        services.apply(job=job, by=hr)
    job = applied(content, hr, leavers="2")
    assert job.counts["applied"] == 2
    assert set(Employee.objects.filter(state="left").values_list("number", flat=True)) == {"9", "10"}


def test_when_more_than_a_third_would_leave_it_is_asked_for_twice(hr: User):
    for number in range(1, 7):
        make_employee(f"P{number}", number=str(number), phone="")
    job = previewed(csv_of(["1"], ["2"], ["3"]), hr)
    with pytest.raises(InvalidInputError, match="3/6"):
        services.apply(job=job, by=hr, marks_leavers=True, confirmation="3")
    assert applied(csv_of(["1"], ["2"], ["3"]), hr, leavers="3 / 6").counts["applied"] == 3


def test_a_bad_row_is_no_reason_to_leave_and_nobody_leaves_by_their_own_import():
    me = make_employee("Me", number="9")
    hr = make_user(roles=["HR"], employee=me)
    make_employee("Ana", number="1", phone="")
    job = previewed(csv_of(["1", "Ana", "call me"], ["2", "Bia"]), hr)
    assert job.counts["leaver"] == 0


# --- between the preview and the deed ---------------------------------------------------------------------------------


def test_whoever_was_changed_since_the_preview_is_set_aside_with_the_reason(hr: User):
    ana = make_employee("Ana", number="1", phone="")
    bia = make_employee("Bia", number="2", phone="")
    cy = make_employee("Cy", number="3", phone="", state="left")
    di = make_employee("Di", number="4", phone="+5511900000009")
    make_employee("Eva", number="5", phone="")
    content = csv_of(["1", "Ana Lima"], ["2", "Bia Lima", "+5511900000001"], ["3", "Cy"], ["4", "Di"], ["5", "Eva Lima"],
                     ["6", "New"], ["7", "Below", "", "", "6"])  # fmt: skip
    job = previewed(content, hr)
    services.apply(job=job, by=hr)
    people.update_employee(employee=ana, by=hr, changes={"name": "Ana Moura"})
    people.update_employee(employee=di, by=hr, changes={"phone": "+5511900000001"})
    people.take_back(employee=cy, by=hr)
    people.hire(number="6", name="Another", by=hr)
    running.work(job.pk)
    job = fresh(job)
    assert (job.state, job.counts["applied"], job.counts["set_aside"]) == ("done", 2, 4)
    found = {number: " ".join(why) for number, why in reasons(job).items()}
    assert "it was “Ana”, now it is “Ana Moura”" in found[2]
    assert "Somebody else has got this phone" in found[3]
    assert "left or came back" in found[4]
    assert "Somebody has got this number" in found[7]
    assert Employee.objects.get(number="7").manager.name == "Another"
    ana.refresh_from_db()
    bia.refresh_from_db()
    assert (ana.name, bia.name, bia.phone) == ("Ana Moura", "Bia", "")


def test_a_row_that_fails_half_way_leaves_nothing_of_itself(hr: User):
    boss = make_employee("Boss", number="9", phone="")
    make_employee("Ana", number="1", phone="")
    job = previewed(
        csv_of(["1", "Ana Lima", "", "", "9"], ["2", "Bia", "", "", "9", "Fresh"]), hr, creates_missing=True
    )
    services.apply(job=job, by=hr)
    Employee.objects.filter(pk=boss.pk).update(number="10")
    running.work(job.pk)
    assert fresh(job).counts["set_aside"] == 2
    assert set(Employee.objects.values_list("name", flat=True)) == {"Boss", "Ana"}
    assert not Entry.objects.filter(name__in=["employee.changed", "employee.hired"]).exists()


def test_whoever_lost_the_right_meanwhile_imports_nothing(hr: User):
    job = previewed(csv_of(["1", "Ana"]), hr)
    services.apply(job=job, by=hr)
    hr.groups.clear()
    running.work(job.pk)
    job = fresh(job)
    assert job.state == "failed"
    assert "needs the right" in job.error
    assert not Employee.objects.exists()


# --- again, killed, cancelled -----------------------------------------------------------------------------------------


def test_an_import_is_applied_once(hr: User):
    job = applied(csv_of(["1", "Ana"]), hr)
    with pytest.raises(MoveNotAllowedError):
        services.apply(job=job, by=hr)
    assert not running.work(job.pk)
    assert running.run_waiting() == 0


def test_a_killed_worker_is_followed_by_another_that_goes_on(hr: User, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    job = previewed(csv_of(*([str(number), f"P{number}"] for number in range(300))), hr)
    services.apply(job=job, by=hr)

    class Killed(BaseException):
        pass

    whole = applying.apply_chunk

    def killed(job: ImportJob, rows: Sequence[ImportRow], by: User) -> int:
        aside = whole(job, rows, by)
        if job.rows_done >= 100:
            raise Killed
        return aside

    with monkeypatch.context() as patched:
        patched.setattr(applying, "apply_chunk", killed)
        with pytest.raises(Killed):
            running.work(job.pk)
    assert Employee.objects.count() == 100
    assert not running.work(job.pk), "its claim still runs"
    clock.wind(running.LEASE.total_seconds() + 1)
    assert running.run_waiting() == 1
    job = fresh(job)
    assert (job.state, job.counts["applied"], job.rows_done) == ("done", 300, 300)
    assert Entry.objects.filter(name="employee.hired").count() == Employee.objects.count() == 300


def test_a_cancelled_import_stops_after_its_chunk_and_keeps_what_it_did(hr: User, monkeypatch: pytest.MonkeyPatch):
    job = previewed(csv_of(*([str(number), f"P{number}"] for number in range(250))), hr)
    services.apply(job=job, by=hr)
    moments = iter([0.0, 200.0])
    with monkeypatch.context() as patched:
        patched.setattr(running, "time", SimpleNamespace(monotonic=lambda: next(moments)))
        running.work(job.pk, until=100)
    assert (fresh(job).state, fresh(job).rows_done) == ("applying", 100)
    services.cancel(job=job, by=hr)
    assert not running.work(job.pk)
    job = fresh(job)
    assert (job.state, job.counts["applied"]) == ("cancelled", 100)
    assert Employee.objects.count() == job.rows.filter(outcome="applied").count() == 100
    with pytest.raises(MoveNotAllowedError):
        services.cancel(job=job, by=hr)


def test_an_error_nobody_foresaw_is_tried_again_and_given_up_in_the_end(
    hr: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    job = previewed(csv_of(["1", "Ana"]), hr)
    services.apply(job=job, by=hr)

    def broken(*_args: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(applying, "apply_chunk", broken)
    for _try in range(running.PATIENCE):
        assert running.work(job.pk)
        clock.wind(100)
    assert fresh(job).state == "failed"
    assert "again and again" in fresh(job).error


def test_old_rows_are_removed_and_the_counts_stay(hr: User, clock: Clock):
    job = applied(csv_of(["1", "Ana"]), hr)
    waiting = previewed(csv_of(["2", "Bia"]), hr)
    assert services.remove_old() == 0
    clock.wind(31 * 24 * 3600)
    assert services.remove_old() == 2
    assert not ImportRow.objects.exists()
    assert (fresh(job).counts["applied"], fresh(waiting).state) == (1, "cancelled")
    assert services.remove_old() == 0


# --- who may, and whom they see ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Manager", "Responder", "Automation owner", "Auditor", "Operator"])
def test_only_who_may_add_and_change_people_imports(role: str, hr: User):
    with pytest.raises(NotPermittedError):
        services.upload(content=csv_of(["1", "Ana"]), name="x.csv", by=make_user(roles=[role]))
    assert not ImportJob.objects.exists()


def limited(employee: Employee) -> User:
    """HR for their own people only."""
    user = make_user(roles=["HR"], employee=employee)
    group = user.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="view_all_employees"))
    return User.objects.get(pk=user.pk)


def test_nobody_goes_on_with_an_import_of_somebody_else_or_into_a_team_they_do_not_see(hr: User):
    job = previewed(csv_of(["1", "Ana"]), hr)
    make_team("Board")
    lead = limited(make_employee("Lead", number="9", phone=""))
    for verb in (services.apply, services.cancel):
        with pytest.raises(NotPermittedError, match="somebody else"):
            verb(job=job, by=lead)
    own = applied(csv_of(["2", "Bia", "", "", "", "board"], ["3", "Cy"]), lead, creates_missing=True)
    assert (own.counts["applied"], own.counts["set_aside"]) == (1, 1)
    assert not Membership.objects.exists()


def test_who_may_not_change_teams_leaves_their_column_out(hr: User):
    hr.groups.get().permissions.filter(codename="add_membership").delete()
    with pytest.raises(NotPermittedError, match="leave the column of teams out"):
        previewed(csv_of(["1", "Ana"]), User.objects.get(pk=hr.pk))


def test_an_import_touches_and_tells_only_people_whom_the_importer_sees():
    boss = make_employee("Boss", number="1", phone="")
    make_employee("Report", number="2", phone="", manager=boss)
    make_employee("Stranger", number="3", phone="+5511900000001", email="s@example.com")
    lead = limited(boss)
    job = previewed(csv_of(["2", "Report R"], ["3", "Mine now"], ["4", "New", "+5511900000001"],
                           ["5", "Newer", "", "", "s@example.com"], ["6", "Newest", "", "", "3"]), lead)  # fmt: skip
    found = reasons(job)
    assert set(found) == {3, 4, 5, 6}
    assert "Stranger" not in f"{found}{list(job.rows.values('label', 'changes'))}"
    assert job.counts["leaver"] == 0


# --- out and in again -------------------------------------------------------------------------------------------------


def test_the_samples_come_in_as_they_are(hr: User):
    for kind in downloads.TYPES:
        content = samples.answer(kind).content
        job = previewed(content, hr, creates_missing=True)
        assert (job.counts["new"], job.counts["bad"]) == (3, 0), reasons(job)


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"]), max_size=12
)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(words.filter(lambda word: not word.startswith("=")), min_size=1, max_size=4), position=words)
def test_an_export_read_again_changes_nothing(kind: str, names: list[str], position: str):
    User.objects.all().delete()
    Employee.objects.all().delete()
    hr = make_user(roles=["HR"])
    team = make_team()
    boss = None
    for number, name in enumerate(names):
        position = "" if position.startswith("=") else position
        boss = make_employee(name or "x", number=f"N{number}", manager=boss, position=position)
        Membership.objects.create(employee=boss, team=team)
    make_employee("Gone", number="gone", state="left")
    shown = resource.lines(for_export(Employee.objects.order_by("pk")))
    answer = samples.exported(kind, shown, "people")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    job = previewed(content, hr)
    assert job.counts["unchanged"] == len(names) + 1, reasons(job)
    assert job.counts["leaver"] == job.counts["bad"] == 0


@pytest.mark.django_db
def test_what_no_workbook_can_hold_is_left_out_of_it():
    make_employee("Ana\x1bLima", number="N\x121")  # as a row of long ago may be
    answer = samples.exported("xlsx", resource.lines(for_export(Employee.objects.order_by("pk"))), "people")
    (row,) = list(load_workbook(BytesIO(answer.content)).active.iter_rows(min_row=2, values_only=True))
    assert row[:2] == ("N1", "AnaLima")


people_rows = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "4", "5", ""]),
        st.sampled_from(["Ana", "Bia", ""]),
        st.sampled_from(["", "+5511900000001", "+5511900000002", "x"]),
        st.sampled_from(["", "a@example.com"]),
        st.sampled_from(["", "1", "2", "3", "9", "a@example.com"]),
        st.sampled_from(["", "Sales", "Depot; Sales"]),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=people_rows, is_clearing=st.booleans())
def test_a_file_applied_twice_changes_nothing_the_second_time(rows: list[tuple[str, ...]], is_clearing: bool):
    Employee.objects.all().delete()
    Team.objects.all().delete()
    hr = make_user(roles=["HR"])
    first = make_employee("Ana", number="1", phone="+5511900000001")
    make_employee("Bia", number="2", phone="+5511900000003", manager=first)
    content = csv_of(*rows, ["filler"])
    job = previewed(content, hr, creates_missing=True, is_clearing=is_clearing)
    if any(job.counts[kind] for kind in ("new", "changed", "back")):
        job = applied(content, hr, creates_missing=True, is_clearing=is_clearing)
        assert job.counts["set_aside"] == 0, reasons(job)
    again = kinds(previewed(content, hr, creates_missing=True, is_clearing=is_clearing))
    taken = [person for person, kind in kinds(job).items() if kind in {"new", "changed", "back", "unchanged"}]
    # What was taken is not taken again; it may be refused where a row that is bad stands in its way by now.
    assert {again[person] for person in taken} <= {"unchanged", "bad"}
    if job.counts["bad"] == 0:
        assert {again[person] for person in taken} <= {"unchanged"}


def test_a_formula_in_a_name_goes_out_harmless(hr: User):
    make_employee("=HYPERLINK(1)", number="1", phone="+5511900000001")
    answer = samples.exported("csv", resource.lines(for_export(Employee.objects.all())), "people")
    line = b"".join(answer.streaming_content).decode().splitlines()[1]
    assert line.startswith("1,'=HYPERLINK(1),'+5511900000001")
