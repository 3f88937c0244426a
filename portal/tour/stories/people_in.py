"""Story 1: people in. A file of people, a code on a slip, another phone than HR's record, HR's word, and consent stored with its wording."""

import re
import time
from dataclasses import dataclass, replace

from portal.tour.driver import Desk, FailedError, Phone, Stage
from portal.tour.stories.bringing_in import bring_in

TITLE = "Story 1: people come in by a file; somebody new is invited, proved, and asked before anything is sent"

EMPLOYEE = r"/admin/people/employee/\d+/change/[^\"]*"
CODE = r"RECADO-[2-9A-Z]{4}-[2-9A-Z]{4}"


@dataclass(frozen=True)
class Newcomer:
    """Somebody whom HR has just entered: `recorded` is HR's phone, `phone` the one that they really use."""

    pk: str
    name: str
    number: str
    recorded: str
    phone: str
    language: str = "pt-br"

    def with_pk(self, pk: str) -> "Newcomer":
        return replace(self, pk=pk)


def play(stage: Stage) -> None:
    """HR invites; the code comes from another phone; HR compares and confirms; the person is asked, and answers."""
    stage.narrator.title(TITLE)
    hr = stage.desk("hr")
    newcomer = people_come_in(hr)
    code = invite(hr, newcomer)
    nina = phone_of(stage, newcomer)
    nina.say(code)
    nina.expect("The phone is not the one of HR's record: the sender reads that HR looks at it, and no name", "HR|RH")
    confirm(hr, newcomer)
    asked = nina.expect("Confirmed, she is welcomed and asked in Portuguese", "pode escrever para você", "Nina")
    if len(asked["buttons"]) != 3:
        raise FailedError(f"The question should have three buttons and has {asked['buttons']}.")
    wamid = nina.tap(asked["buttons"][0]["title"])
    nina.expect("Her yes is confirmed, and how to change her mind", "lembretes", "menu")
    read_consent(hr, newcomer, wamid)
    a_code_works_once(stage, code, newcomer)
    nina.say("meus dados")
    nina.expect("She asks what is held about her, and reads it in the chat", newcomer.number, re.escape(newcomer.phone))
    auditor = stage.desk("auditor")
    auditor.read(
        f"/admin/journal/entry/export-csv?q={newcomer.name.replace(' ', '+')}", "invitation.made", "claim.confirmed",
        "contact.linked", "consent.given",
        what="The auditor finds the invitation, HR's word, the link and the consent in the journal", seconds=20,
    )  # fmt: skip


def people_come_in(hr: Desk) -> Newcomer:
    """A file of people, Nina among them: not on WhatsApp yet, and with another phone than the one that HR knows."""
    stamp = int(time.time() * 10) % 10_000_000
    number, name = f"N-{stamp}", f"Nina Prado {stamp}"
    recorded, phone = f"+551199{stamp:07}", f"+551198{stamp:07}"
    bring_in(hr, (number, name, recorded, "pt-br", "America/Sao_Paulo", ""))
    page = hr.first_link(f"/admin/people/employee/?q={number}", EMPLOYEE)
    return Newcomer(page.split("/employee/")[1].split("/")[0], name, number, recorded, phone)


def invite(hr: Desk, newcomer: Newcomer) -> str:
    """The code as it stands on the slip."""
    hr.read("/admin/contacts/enrolment/?q=" + newcomer.number, newcomer.name,
            what="The list of who is not on WhatsApp yet names the person")  # fmt: skip
    values = {"way": "paper", "days": "14", "confirmed": "yes"}
    hr.fill(f"/admin/contacts/enrolment/{newcomer.pk}/invite/", values, CODE, what="HR makes an invitation on paper")
    printing = hr.first_link(hr.path, r"[^\"]*/print-slip/?")
    slip = hr.read(printing, CODE, newcomer.name, what="… and prints a slip with a QR code")
    if "<svg" not in hr.page or "https://wa.me/" in slip:
        raise FailedError("The slip should carry its address as a QR code.")
    found = re.search(CODE, slip)
    if found is None:
        raise FailedError("The slip names no code.")
    return found[0]


def phone_of(stage: Stage, newcomer: Newcomer, *, phone: str = "") -> Phone:
    """A pretend phone that nobody knows yet."""
    address = phone or newcomer.phone
    country = {"pt-br": "BR", "es": "ES"}[newcomer.language]
    stage.sandbox.put_phone(address, name=newcomer.name, language=newcomer.language, country=country)
    made = Phone(stage.sandbox, stage.narrator, stage.notes["number_id"], newcomer.name, address, newcomer.language)
    made.catch_up()
    return made


def confirm(hr: Desk, newcomer: Newcomer) -> None:
    listed = f"/admin/contacts/claim/?state__exact=waiting&q={newcomer.number}"
    hr.read(listed, re.escape(newcomer.recorded), re.escape(newcomer.phone), seconds=20,
            what="HR's list shows the two numbers side by side")  # fmt: skip
    claim = hr.first_link(listed, r"/admin/contacts/claim/\d+/change/[^\"]*")
    pk = claim.split("/claim/")[1].split("/")[0]
    hr.submit(f"/admin/contacts/claim/{pk}/confirm-and-update/", "new phone",
              what="HR has asked her, confirms, and takes the new phone into the record")  # fmt: skip


def read_consent(hr: Desk, newcomer: Newcomer, wamid: str) -> None:
    contact = hr.first_link(
        f"/admin/contacts/contact/?q={newcomer.number}", r"/admin/contacts/contact/\d+/change/[^\"]*"
    )
    hr.read(contact, "pode escrever para você", re.escape(wamid), seconds=20,
            what="The consent stands on her page: its wording, its version, and the message that gave it")  # fmt: skip


def a_code_works_once(stage: Stage, code: str, newcomer: Newcomer) -> None:
    stranger = phone_of(stage, newcomer, phone=newcomer.recorded)
    stranger.say(code)
    stranger.expect("The same code from one more phone opens nothing", "code|código")
