"""HR brings people in from a phone, in the dark: the wizard's pages fit, and each bad row is seen (the desk: test_first_day.py)."""

import pytest

from tests.browser.desk import PHONE_WIDTH, Look
from tests.people.files import csv_of

pytestmark = pytest.mark.browser


def test_hr_brings_people_in_on_a_phone_and_sees_each_bad_row(look: Look) -> None:
    page = look.open(width=PHONE_WIDTH, scheme="dark")
    look.sign_in(page, "hr")
    look.visit(page, "/admin/people/importjob/upload/")
    look.picture(page, "import-upload")
    good = [[f"P-{number}", f"New Person {number}", "", "", "", "Imported"] for number in range(300)]
    content = csv_of(*good, ["9001", "Wrong Phone", "call me"], ["9002", ""], ["9003", "No Boss", "", "", "nobody"])
    page.set_input_files("#people-file", {"name": "people.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_text("What does each column mean?").wait_for()
    look.judge(page, "columns")
    look.picture(page, "import-columns")
    page.check("[name=creates_missing]")
    page.get_by_role("button", name="Check the rows").click()
    page.get_by_text("This is what would change").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.get_by_text("“call me” is not a phone number").count() == 1
    look.judge(page, "preview")
    look.picture(page, "import-preview")
    page.get_by_role("button", name="Apply").click()
    page.locator("[data-progress]").or_(page.get_by_text("300 applied")).first.wait_for()
    look.picture(page, "import-busy")
    page.get_by_text("300 applied").wait_for(timeout=90_000)
    page.wait_for_load_state("networkidle")
    look.judge(page, "done")
    look.picture(page, "import-done")
    for name in ("employee", "team", "importjob"):
        look.visit(page, f"/admin/people/{name}/")
        look.picture(page, f"imported-{name}")
