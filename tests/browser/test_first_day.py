"""HR's first day, by clicking: a second factor, a file of 500 with 12 bad rows, its mending, invitations, a first approval."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.tour.stories.bringing_in import BAD, as_csv, everybody, mistakes
from tests.browser.desk import PHONE_WIDTH, Look
from tests.browser.phones import Phones

pytestmark = pytest.mark.browser

NEWCOMER, NUMBER, PHONE = "Nair Campos", "F-488", "+5511970009488"
CAMILA = "A-007"
"""HR herself, who decides what her reports ask for."""
WORKER_SECONDS = 90_000


def test_the_first_day_of_hr(look: Look, tmp_path: Path) -> None:
    desk = look.open()
    sign_in_with_two_factors(look, desk)
    rows = [*everybody(), (NUMBER, NEWCOMER, PHONE, "pt-br", "America/Sao_Paulo", CAMILA), *mistakes()]
    assert len(rows) == 500
    look_at_the_file(look, desk, "pessoas.csv", as_csv(rows))
    read_the_reasons(look, desk)
    apply(look, desk, len(rows) - BAD)
    mended = mend(download_what_was_rejected(desk, tmp_path))
    look_at_the_file(look, desk, "corrigidas.csv", mended)
    expect(desk.locator(".recado-piles .is-bad strong")).to_have_text("0")
    apply(look, desk, BAD)
    invite_many(look, desk)
    code = invite(look, desk)
    phones = join(look, code)
    request = spend(phones)
    approve(look, desk, request)
    phones.reads("foi aprovado")


def sign_in_with_two_factors(look: Look, desk: Page) -> None:
    login = look.login("hr")
    desk.goto(f"{look.desk_url}/admin/")
    look.judge(desk, "sign-in")
    desk.fill("[name=login]", login["username"])
    desk.fill("[name=password]", "not her password")
    with desk.expect_navigation():
        desk.keyboard.press("Enter")
    look.judge(desk, "sign-in refused")
    desk.fill("[name=login]", login["username"])
    desk.fill("[name=password]", login["password"])
    desk.keyboard.press("Enter")
    desk.locator("[name=code]").wait_for()
    look.judge(desk, "second factor")
    look.picture(desk, "first-day-code")
    look.enter_code(desk, "hr")
    desk.locator("#recado-now").wait_for()
    desk.wait_for_load_state("networkidle")
    look.judge(desk, "home of HR")
    look.picture(desk, "first-day-home")


def look_at_the_file(look: Look, desk: Page, name: str, content: bytes) -> None:
    """Upload, say what the columns mean, and wait for the preview."""
    look.visit(desk, "/admin/people/importjob/upload/")
    desk.set_input_files("#people-file", {"name": name, "mimeType": "text/csv", "buffer": content})
    desk.get_by_role("button", name="Upload and look at it").click()
    desk.get_by_text("What does each column mean?").wait_for()
    look.judge(desk, f"columns of {name}")
    desk.get_by_role("button", name="Check the rows").click()
    desk.get_by_text("This is what would change").wait_for(timeout=WORKER_SECONDS)
    desk.wait_for_load_state("networkidle")
    look.judge(desk, f"preview of {name}")


def read_the_reasons(look: Look, desk: Page) -> None:
    with desk.expect_navigation():
        desk.locator(".recado-piles .is-bad").click()
    expect(desk.locator(".recado-piles .is-bad strong")).to_have_text(str(BAD))
    expect(desk.locator(".recado-diff > li")).to_have_count(BAD)
    for reason in ("“call me” is not a phone number", "No employee has the number", "The name is missing"):
        expect(desk.locator(".recado-reasons").filter(has_text=reason)).to_have_count(BAD // 3)
    look.judge(desk, "rows with an error")
    look.picture(desk, "first-day-reasons")


def apply(look: Look, desk: Page, count: int) -> None:
    desk.get_by_role("button", name="Apply").click()
    desk.get_by_text(f"{count} applied.").wait_for(timeout=WORKER_SECONDS)
    desk.wait_for_load_state("networkidle")
    look.judge(desk, "import done")
    look.picture(desk, f"first-day-applied-{count}")


def download_what_was_rejected(desk: Page, folder: Path) -> Path:
    with desk.expect_download() as coming:
        desk.get_by_role("link", name="Download the rows that need mending").click()
    coming.value.save_as(folder / "rejected.csv")
    return folder / "rejected.csv"


def mend(rejected: Path) -> bytes:
    """As HR would in a spreadsheet, cell by cell; the reasons stay in their column."""
    text = rejected.read_text(encoding="utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text), csv.Sniffer().sniff(text, ",;"))
    assert len(rows) == BAD
    assert all(row[-1] for row in rows), "each row has its reason"
    column = {name: head.index(name) for name in ("Matrícula", "Nome", "Telefone", "Gestor")}
    for place, row in enumerate(rows):
        if row[column["Telefone"]] == "call me":
            row[column["Telefone"]] = f"(11) 96{place:03}-{2000 + place}"
        row[column["Nome"]] = row[column["Nome"]] or f"Nome Achado {place}"
        row[column["Gestor"]] = CAMILA
    written = io.StringIO()
    csv.writer(written).writerows([head, *rows])
    return written.getvalue().encode()


def invite_many(look: Look, desk: Page) -> None:
    """Everybody on one page of the list, by slips of paper with a QR code."""
    look.visit(desk, "/admin/contacts/enrolment/?q=F-00")
    desk.locator("#action-toggle").check()
    desk.locator("select[name=action]").select_option("invite_many")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Run", exact=True).click()
    look.judge(desk, "invite many")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Invite", exact=True).click()
    link = desk.get_by_role("link", name="Print a page with a slip for each")
    expect(desk.get_by_text("9 of 9")).to_be_visible(timeout=WORKER_SECONDS)
    look.judge(desk, "invitations being made")
    with desk.context.expect_page() as opened:
        link.click()
    slips = opened.value
    expect(slips.locator(".slip")).to_have_count(9)
    look.judge(slips, "slips to print")
    look.picture(slips, "first-day-slips")
    slips.close()


def invite(look: Look, desk: Page) -> str:
    """One person by a code that is read aloud or copied; returns it."""
    look.visit(desk, f"/admin/contacts/enrolment/?q={NUMBER}")
    desk.locator("#result_list").get_by_role("link", name=NEWCOMER).click()
    desk.get_by_role("link", name="Invite to WhatsApp…").click()
    look.judge(desk, "invite one")
    with desk.expect_navigation():
        desk.get_by_role("button", name="Invite", exact=True).click()
    desk.wait_for_load_state("networkidle")
    look.judge(desk, "an invitation")
    look.picture(desk, "first-day-invitation")
    return desk.locator(".recado-copied code").first.inner_text()


def join(look: Look, code: str) -> Phones:
    """A phone that nobody has seen yet sends the code; consent is the next tap."""
    phones = Phones(look, look.open(width=PHONE_WIDTH), "pt")
    phones.page.click("#add-person")
    sheet = phones.page.locator("#sheet")
    sheet.locator("input").first.fill(NEWCOMER)
    sheet.locator("input[inputmode=tel]").fill(PHONE)
    look.judge(phones.page, "a phone to add")
    sheet.locator("button.main").click()
    expect(phones.page.locator("#who-name")).to_contain_text(NEWCOMER)
    phones.write(code)
    phones.reads("pode escrever para você")
    look.judge(phones.page, "the question on the phone")
    look.picture(phones.page, "first-day-consent")
    phones.tap("Sim, para todos")
    phones.reads("lembretes")
    return phones


def spend(phones: Phones) -> str:
    """An expense small enough for one decision; returns its code."""
    phones.write("menu")
    phones.reads("gostaria de fazer")
    phones.choose("Escolher", "Enviar uma despesa")
    phones.reads("Quanto você gastou?")
    phones.write("R$ 64,90")
    phones.reads("Com o quê?")
    phones.write("Cadernos para o escritório")
    phones.reads("recibo")
    phones.send_sample("receipt")
    phones.reads("1 foto")
    phones.tap("Pronto")
    phones.reads("Confira")
    phones.tap("Enviar")
    phones.reads(re.compile(r"R-\d+"))
    found = re.search(r"R-\d+", phones.page.locator("#messages > li.row:not(.me)").last.inner_text())
    assert found
    return found[0]


def approve(look: Look, desk: Page, request: str) -> None:
    look.visit(desk, "/admin/")
    desk.get_by_role("link", name=re.compile(r"^\d+ Wait for your decision")).click()
    desk.wait_for_load_state("networkidle")
    look.judge(desk, "what waits for HR")
    desk.get_by_role("link", name=request).first.click()
    expect(desk.locator("#content")).to_contain_text("Cadernos para o escritório")
    desk.wait_for_load_state("networkidle")
    look.judge(desk, "a request")
    look.picture(desk, "first-day-request")
    desk.get_by_role("button", name="Approve", exact=True).click()
    expect(desk.locator("#content")).to_contain_text(re.compile("approved", re.IGNORECASE))
    look.judge(desk, "a request approved")
