"""Story 10: a leaver. Unlinked at once; what waited for her has a new owner, who is asked; her old button decides nothing."""

import re
import time

from portal.demo.company import COMPANY
from portal.tour.driver import Desk, FailedError, Phone, Stage
from portal.tour.stories.bringing_in import PATIENCE, as_csv
from portal.tour.stories.expense import submit
from portal.tour.stories.people_in import EMPLOYEE, Newcomer, invite, phone_of

TITLE = "Story 10: somebody leaves, and nothing of theirs is left lying"
REQUEST = "/admin/approvals/request/"


def play(stage: Stage) -> None:
    """Leo reports to Vera, Vera to Marta, whose deputy she is. Vera leaves with Leo's expense on her phone, undecided."""
    stage.narrator.title(TITLE)
    hr = stage.desk("hr")
    marta, vera, leo = three_people(hr)
    to_marta, to_vera, to_leo = (join(stage, hr, person) for person in (marta, vera, leo))
    hr.fill("/admin/people/deputy/add/", {"employee": marta.pk, "deputy": vera.pk}, "added successfully",
            what="HR makes Vera the deputy of Marta")  # fmt: skip
    code = submit(to_leo, "R$ 90", "Táxi para a padaria")
    asked = to_vera.expect("Vera is asked for her decision", code, "90", button="Aprovar")
    begin_a_report(to_vera)
    leave(hr, vera, code=code, leo=leo, marta=marta)
    passed_on = to_marta.expect("What waited for Vera is asked of Marta, in Spanish", code, "90", button="Aprobar")
    to_vera.tap("Aprovar", on=asked)
    to_vera.expect("Vera's old button decides nothing; she is told whom to ask, and nothing of the company", "RH|HR")
    to_vera.say("O portão da loja não fecha")
    to_vera.expect_silence("The report she had begun is ended: what she writes goes nowhere", ".")
    hr_reads_on(hr, vera, code=code, leo=leo, marta=marta)
    to_marta.tap("Aprobar", on=passed_on)
    to_marta.expect("Marta decides", code)
    to_leo.expect("Leo is told that it is approved", code, "aprovad")
    read_proof(stage, vera, code, marta)


def three_people(hr: Desk) -> tuple[Newcomer, Newcomer, Newcomer]:
    """Marta, Vera and Leo, of this play alone, each reporting to the one before."""
    stamp = int(time.time() * 10) % 1_000_000
    made = [Newcomer("", f"{name} {stamp}", f"{letter}-{stamp}", phone, phone, language) for name, letter, phone, language in (
        ("Marta Ferrer", "M", f"+34612{stamp:06}", "es"), ("Vera Campos", "V", f"+5511961{stamp:06}", "pt-br"),
        ("Leo Batista", "L", f"+5511962{stamp:06}", "pt-br"),
    )]  # fmt: skip
    managers = ("A-001", made[0].number, made[1].number)
    rows = [(one.number, one.name, one.phone, one.language, "America/Sao_Paulo", manager)
            for one, manager in zip(made, managers, strict=True)]  # fmt: skip
    hr.fill("/admin/people/importjob/upload/", {}, "What does each column mean", file=("equipe.csv", as_csv(rows)),
            what="HR uploads a file of three people, each the manager of the next")  # fmt: skip
    job = hr.path
    hr.fill(job, {"step": "columns"}, "checked|would change", what="… has it checked")
    hr.read(job, "This is what would change", seconds=PATIENCE)
    hr.fill(job, {"step": "apply"}, "applied", what="… and applies it")
    hr.read(job, r"\b3 applied\.", seconds=PATIENCE)
    marta, vera, leo = (entered(hr, one) for one in made)
    return marta, vera, leo


def entered(hr: Desk, person: Newcomer) -> Newcomer:
    page = hr.first_link(f"/admin/people/employee/?q={person.number}", EMPLOYEE)
    return person.with_pk(page.split("/employee/")[1].split("/")[0])


def join(stage: Stage, hr: Desk, person: Newcomer) -> Phone:
    """From the slip of paper to a yes, on the phone that HR knows."""
    code = invite(hr, person)
    phone = phone_of(stage, person)
    phone.say(code)
    asked = phone.expect(f"{phone.first_name} writes from the phone of HR's record, so the code is enough",
                         phone.first_name, COMPANY)  # fmt: skip
    phone.tap(asked["buttons"][0]["title"])
    phone.expect("… and says yes", "menu|menú")
    return phone


def begin_a_report(vera: Phone) -> None:
    vera.say("menu")
    vera.expect("She begins to report a problem", button="Relatar um problema")
    vera.tap("Relatar um problema")
    vera.expect("… chooses what it is about", button="Instalações")
    vera.tap("Instalações")
    vera.expect("… and does not answer what happened", "O que aconteceu")


def leave(hr: Desk, vera: Newcomer, *, code: str, leo: Newcomer, marta: Newcomer) -> None:
    page = f"/admin/people/employee/{vera.pk}/mark-left/"
    hr.read(page, f"{code} of {leo.name} waits for their decision", f"{leo.name} reports to them",
            f"They are the standing deputy of {marta.name}", "A dialogue that they have not finished",
            re.escape(f"WhatsApp {vera.phone}"), re.escape(f"{marta.name} ({marta.number})"),
            what="HR opens “Mark as left”: a decision, a report, a deputy, a dialogue, a phone, each with its new owner")  # fmt: skip
    hr.fill(page, {f"owner-people.reports:{leo.pk}": "999999999"}, "choose somebody else", "Nothing was changed",
            what="An owner who does not work here is refused, and nothing changes")  # fmt: skip
    hr.read(f"/admin/people/employee/?q={vera.number}&state__exact=active", vera.name, what="… Vera still works here")
    hr.fill(page, {}, f"{vera.name} has left", what="HR presses once: all of it is passed on")


def hr_reads_on(hr: Desk, vera: Newcomer, *, code: str, leo: Newcomer, marta: Newcomer) -> None:
    """Where everything went: on the departure's page, at the people themselves, and nothing twice."""
    departure = hr.first_link(f"/admin/people/leaving/?q={vera.number}", r"/admin/people/leaving/\d+/change/[^\"]*")
    hr.read(departure, rf"{code} of {leo.name} waits for their decision: → {marta.name}",
            rf"{leo.name} reports to them: → {marta.name}", rf"standing deputy of {marta.name}: → Helena Duarte",
            "have not finished: [^:]+: Cancelled at once", "Unlinked at once",
            what="The departure's page says to whom each went, and what has ended")  # fmt: skip
    hr.read(f"/admin/people/employee/{leo.pk}/change/", marta.name, what="Leo reports to Marta now")
    hr.read(f"/admin/people/deputy/?q={marta.number}", "Helena Duarte", what="… whose deputy is Helena now")
    hr.read(f"{REQUEST}{code.removeprefix('R-')}/change/", f"It waits for {marta.name}",
            f"{marta.name} for {vera.name}", what="Leo's request is still open, and waits for Marta")  # fmt: skip
    hr.read(f"/admin/people/employee/{vera.pk}/mark-left/", "Nothing is open", what="Nothing of Vera's is open")


def read_proof(stage: Stage, vera: Newcomer, code: str, marta: Newcomer) -> None:
    auditor = stage.desk("auditor")
    auditor.read(
        f"/admin/journal/entry/export-csv?q={vera.name.replace(' ', '+')}", "employee.left", "leaving.passed_on",
        what="The auditor finds the departure and what was passed on in the journal", seconds=20,
    )  # fmt: skip
    text = auditor.read(f"/admin/journal/entry/export-csv?q={code}", "seat.handed_over", "request.approved", seconds=20)
    if vera.name in "".join(line for line in text.splitlines() if "request.approved" in line):
        raise FailedError(f"Vera had left, and the journal says that she decided {code}.")
    stage.narrator.passed("… and that it was Marta who decided")
