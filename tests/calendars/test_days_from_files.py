"""A company's own days come in from a file: looked at before, whole or not at all, and out again in the same shape."""

import io
from datetime import date, time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from apps.calendars import daysfile, editing, importing
from apps.calendars.models import Holiday, WorkCalendar, WorkHours
from apps.core.errors import InvalidInputError, NotPermittedError, StaleVersionError
from apps.journal.models import Entry
from apps.people.models import User
from tests.conftest import Clock
from tests.factories import make_user
from tests.people.files import csv_of, xlsx_of

pytestmark = pytest.mark.django_db

HEADERS = ["Date", "Name", "Calendar", "Kind", "From", "Until"]


@pytest.fixture(autouse=True)
def _mid_year(clock: Clock) -> None:
    clock.stand("2026-06-15T12:00")


@pytest.fixture
def hr() -> User:
    return make_user(roles=["HR"])


@pytest.fixture
def office() -> WorkCalendar:
    calendar = WorkCalendar.objects.create(name="Office", country="BR", region="SP")
    for weekday in range(5):
        WorkHours.objects.create(calendar=calendar, weekday=weekday, starts=time(9), ends=time(17))
    return calendar


def file(*rows: list[str]) -> bytes:
    return csv_of(*rows, headers=HEADERS)


def brought_in(calendar: WorkCalendar, content: bytes, by: User) -> dict[str, int]:
    return importing.apply(
        calendar=calendar, token=importing.preview(calendar=calendar, content=content, by=by).token, by=by
    )


def kept(calendar: WorkCalendar) -> dict[date, tuple[Any, ...]]:
    return {row.day: (row.name, row.is_working, row.starts, row.ends) for row in calendar.holidays.order_by("day")}


def reasons(calendar: WorkCalendar, content: bytes, by: User) -> dict[int, str]:
    found = importing.preview(calendar=calendar, content=content, by=by)
    return {line.number: line.reason for line in found.lines if line.kind == "bad"}


def test_days_off_worked_and_halved_come_in(office: WorkCalendar, hr: User) -> None:
    content = file(
        ["2026-12-24", "Company day"], ["31/12/2026", "Year's end", "", "half day"], ["26.12.26", "Stocktaking", "", "working day", "8:00", "12:30"],
        ["2026-12-28", "Bridge", "São Paulo", "folga"], ["2026-12-29", "Elsewhere", "RJ", "off"], ["2026-12-30", "Also here", "office"],
    )  # fmt: skip
    counts = brought_in(office, content, hr)
    assert counts == {"new": 5, "changed": 0, "unchanged": 0, "elsewhere": 1, "bad": 0}
    assert kept(office) == {
        date(2026, 12, 24): ("Company day", False, None, None),
        date(2026, 12, 26): ("Stocktaking", True, time(8), time(12, 30)),
        date(2026, 12, 28): ("Bridge", False, None, None),
        date(2026, 12, 30): ("Also here", False, None, None),
        date(2026, 12, 31): ("Year's end", True, time(9), time(13)),
    }
    names = list(Entry.objects.filter(name__startswith="holiday.").values_list("name", flat=True))
    assert names == ["holiday.added"] * 5
    assert Entry.objects.filter(name="workcalendar.days_imported").count() == 1


def test_a_preview_changes_nothing_and_the_same_file_again_changes_nothing(office: WorkCalendar, hr: User) -> None:
    content = file(["2026-12-24", "Company day"], ["2026-12-31", "Half", "", "half day"])
    assert importing.preview(calendar=office, content=content, by=hr).changes == 2
    assert not Holiday.objects.exists()
    brought_in(office, content, hr)
    before = Entry.objects.count()
    again = importing.preview(calendar=office, content=content, by=hr)
    assert (again.changes, again.counts["unchanged"]) == (0, 2)
    importing.apply(calendar=office, token=again.token, by=hr)
    assert Entry.objects.count() == before


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_each_bad_row_has_its_reason_and_the_good_ones_go_in(make: Any, office: WorkCalendar, hr: User) -> None:
    rows = [
        ["2026-12-24", "Good"], ["soon", "A"], ["31/02/2026", "B"], ["", "C"], ["2026-12-25", ""], ["2026-12-26", "D", "Atlantis"],
        ["2026-12-27", "E", "", "maybe"], ["2026-12-28", "F", "", "worked", "9:00", ""], ["2026-12-29", "G", "", "off", "9:00", "12:00"],
        ["2026-12-30", "H", "", "worked", "noonish", "12:00"], ["2026-12-24", "Twice"], ["2027-01-02", "I", "", "half day"],
        ["2026-12-31", "x" * 151], ["2026-12-21", "=1+1"], ["1066-10-14", "Old"],
    ]  # fmt: skip
    content = make(*[[*row, *[""] * (6 - len(row))] for row in rows], headers=HEADERS)
    said = reasons(office, content, hr)
    for number, words in {
        3: "no day that can be read", 4: "no day that can be read", 5: "date is missing", 6: "name is missing", 7: "no region “Atlantis”",
        8: "“maybe” is neither", 9: "both times", 10: "has no hours", 11: "“noonish” is not a time", 12: "row 2 too",
        13: "has no hours here", 14: "Longer than 150", 15: "is a formula", 16: "no day that can be read",
    }.items():  # fmt: skip
        assert words in said.pop(number)
    assert said == {}
    assert brought_in(office, content, hr)["bad"] == 14
    assert list(kept(office)) == [date(2026, 12, 24)]


def test_a_spreadsheet_s_own_days_and_times_are_read(office: WorkCalendar, hr: User) -> None:
    content = xlsx_of([date(2026, 12, 24), "Company day", None, "working day", time(8), time(12)], headers=HEADERS)
    brought_in(office, content, hr)
    assert kept(office) == {date(2026, 12, 24): ("Company day", True, time(8), time(12))}


def test_a_company_s_own_day_over_a_public_one_stays_when_the_place_changes(office: WorkCalendar, hr: User) -> None:
    Holiday.objects.create(calendar=office, day=date(2026, 12, 25), name="Natal", is_public=True)
    assert brought_in(office, file(["2026-12-25", "Christmas party"]), hr)["changed"] == 1
    row = Holiday.objects.get()
    assert (row.name, row.is_public) == ("Christmas party", False)


@pytest.mark.parametrize("name", ["Natal", "Christmas party"])
def test_a_day_set_by_hand_over_a_public_one_stays_when_the_place_changes(
    name: str, office: WorkCalendar, hr: User
) -> None:
    """Also where it is written just as it stands."""
    Holiday.objects.create(calendar=office, day=date(2026, 12, 25), name="Natal", is_public=True)
    editing.set_day(calendar=office, day=date(2026, 12, 25), by=hr, name=name, is_working=False)
    row = Holiday.objects.get()
    assert (row.name, row.is_public) == (name, False)
    editing.change_calendar(calendar=office, by=hr, country="PT", region="")
    assert office.holidays.filter(day=date(2026, 12, 25), name=name, is_public=False).exists()


def test_names_in_any_script_are_told_apart(office: WorkCalendar, hr: User) -> None:
    tokyo = WorkCalendar.objects.create(name="東京")
    WorkCalendar.objects.create(name="大阪")
    rows = [["2026-12-24", "A", "東京"], ["2026-12-25", "B", "大阪"], ["2026-12-26", "C", "京都"]]
    found = importing.preview(calendar=tokyo, content=file(*rows), by=hr)
    assert [line.kind for line in found.lines] == ["new", "elsewhere", "bad"]
    assert "“京都”" in found.lines[2].reason
    found = importing.preview(calendar=office, content=file(*rows), by=hr)
    assert [line.kind for line in found.lines] == ["elsewhere", "elsewhere", "bad"]


def test_what_somebody_changed_since_the_preview_is_not_overwritten(office: WorkCalendar, hr: User) -> None:
    found = importing.preview(calendar=office, content=file(["2026-12-24", "A"], ["2026-12-28", "B"]), by=hr)
    Holiday.objects.create(calendar=office, day=date(2026, 12, 24), name="By hand")
    with pytest.raises(StaleVersionError):
        importing.apply(calendar=office, token=found.token, by=hr)
    assert [row.name for row in office.holidays.all()] == ["By hand"]


def test_a_forged_late_or_foreign_token_is_refused(office: WorkCalendar, hr: User, clock: Clock) -> None:
    token = importing.preview(calendar=office, content=file(["2026-12-24", "A"]), by=hr).token
    other = WorkCalendar.objects.create(name="Other")
    somebody = make_user(roles=["HR"])
    for calendar, sent, by in (
        (office, token[:-3] + "abc", hr),
        (office, "", hr),
        (other, token, hr),
        (office, token, somebody),
    ):
        with pytest.raises(InvalidInputError):
            importing.apply(calendar=calendar, token=sent, by=by)
    clock.stand("2026-06-15T14:00")
    with pytest.raises(InvalidInputError):
        importing.apply(calendar=office, token=token, by=hr)
    assert not Holiday.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"Date,Name\n", "no rows below"),
        (b"Phone,Salary\n1,2\n", "No column is called"),
        (b"Date,Who\n2026-12-24,Ana\n", "“Name”"),
        (b"2026-12-24,Company day\n", "looks like data"),
        (b"%PDF-1.7\n\x00\xff\xfe\x00", "neither a CSV nor an XLSX"),
        (b"PK\x03\x04 half", "damaged"),
        (b"Date,Name\n" + b"2026-12-24,A\n" * 2001, "more than 2000 days"),
        (b"x" * (10 * 1024**2 + 1), "larger than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(
    content: bytes, said: str, office: WorkCalendar, hr: User
) -> None:
    client = Client()
    client.force_login(hr)
    address = reverse("admin:calendars_workcalendar_bring_in_days", args=[office.pk])
    answer = client.post(address, {"file": SimpleUploadedFile("days.csv", content)})
    page = answer.content.decode()
    assert (answer.status_code, said in page, "Nothing was changed" in page) == (400, True, True)
    assert not Holiday.objects.exists()


def test_the_page_goes_the_whole_way(office: WorkCalendar, hr: User) -> None:
    client = Client()
    client.force_login(hr)
    address = reverse("admin:calendars_workcalendar_bring_in_days", args=[office.pk])
    assert 'type="file"' in client.get(address).content.decode()
    sent = SimpleUploadedFile("days.csv", file(["2026-12-24", "<b>Company</b> day"], ["soon", "A"]))
    page = client.post(address, {"file": sent}).content.decode()
    assert "1 new, 0 changed" in page
    assert "&lt;b&gt;Company&lt;/b&gt; day" in page
    assert "no day that can be read" in page
    assert not Holiday.objects.exists()
    token = page.partition('name="token" value="')[2].partition('"')[0]
    done = client.post(address, {"token": token}, follow=True)
    assert "1 days are new" in done.content.decode()
    assert Holiday.objects.get().name == "<b>Company</b> day"


def test_only_who_may_change_calendars_brings_days_in(office: WorkCalendar) -> None:
    address = reverse("admin:calendars_workcalendar_bring_in_days", args=[office.pk])
    for role in ("Manager", "Auditor", "Operator"):
        user = make_user(roles=[role])
        client = Client()
        client.force_login(user)
        assert client.post(address, {"file": SimpleUploadedFile("d.csv", file(["2026-12-24", "A"]))}).status_code == 403
        with pytest.raises(NotPermittedError):
            importing.preview(calendar=office, content=file(["2026-12-24", "A"]), by=user)
    assert not Holiday.objects.exists()


@pytest.mark.parametrize("language", ["en", "pt-br", "es"])
def test_an_export_comes_in_again_unchanged_in_every_language(language: str, office: WorkCalendar, hr: User) -> None:
    brought_in(
        office,
        file(
            ["2026-12-24", "-Company day"],
            ["2026-12-31", "Half", "", "half day"],
            ["2026-12-26", "Works", "", "worked"],
        ),
        hr,
    )
    Holiday.objects.create(calendar=office, day=date(2026, 12, 25), name="Natal", is_public=True)
    client = Client(headers={"accept-language": language})
    client.force_login(hr)
    address = reverse("admin:calendars_workcalendar_export_days", args=[office.pk])
    text = b"".join(client.get(address).streaming_content)  # type: ignore[attr-defined]
    book = client.get(address, {"format": "xlsx"}).content
    assert b"Natal" not in text
    assert load_workbook(io.BytesIO(book)).active.max_row == 4  # type: ignore[union-attr]
    for content in (text, book):
        found = importing.preview(calendar=office, content=content, by=hr)
        assert (found.counts["unchanged"], found.changes, found.counts["bad"]) == (3, 0, 0)


def test_every_language_heads_its_columns_and_understands_those_of_the_others() -> None:
    for language in ("en", "pt-br", "es"):
        with translation.override(language):
            assert daysfile.guess(importing.headers()) == list(daysfile.KEYS)
