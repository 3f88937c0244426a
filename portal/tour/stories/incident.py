"""Story 2: a broken pipe. From *menu* on a phone to *resolved*, in two languages, with photos and comments."""

import re
from typing import Any

from portal.tour.driver import Desk, FailedError, Phone, Stage, code_in

TITLE = "Story 2: a problem is reported, taken, discussed and resolved"


def play(stage: Stage) -> None:
    """Ana (Portuguese) reports; João (Portuguese) and Tomás (Spanish) of Facilities are asked; Tomás takes it."""
    stage.narrator.title(TITLE)
    stage.wind(25, "everybody's 24-hour window is closed")
    ana, joao, tomas = stage.phone("Ana"), stage.phone("João"), stage.phone("Tomás")
    code = report(ana)
    ticket = code.removeprefix("T-")
    offered = tomas.expect("Facilities is asked, each in their own language: Tomás in Spanish", code, button="Tomar")
    to_joao = joao.expect("… and João in Portuguese", code)
    if not offered["template"]:
        stage.narrator.tell("      (Tomás' window was open, so no template was needed)")
    tomas.tap("Tomar", on=offered)
    taken = tomas.expect("Tomás is told that it is his", code, button="Resolver")
    ana.expect("Ana reads, in Portuguese, who takes care of it", code, "Tomás Ibarra")
    joao.tap(to_joao["buttons"][0]["title"], on=to_joao)
    joao.expect("João, too late, is told that Tomás has it", "Tomás")
    comments(ana, tomas, code)
    desk = stage.desk("responder")
    read_ticket(stage, desk, ticket, code)
    resolve(tomas, taken, code)
    ana.expect("Ana is told that it is resolved, and how", code, "resolveu", "Cambiada la junta")
    auditor = stage.desk("auditor")
    auditor.read(
        f"/admin/journal/entry/export-csv?q={code}", "ticket.opened", "ticket.taken", "ticket.resolved",
        what="The auditor exports the ticket's journal as CSV: opened, taken, resolved", seconds=20,
    )  # fmt: skip
    auditor.read(
        "/admin/journal/entry/", "journal.exported", what="… and the export is itself in the journal", seconds=10
    )


def report(ana: Phone) -> str:
    """The dialogue, up to the ticket's code."""
    ana.say("menu")
    ana.expect("Ana gets the menu in Portuguese", button="Relatar um problema")
    ana.tap("Relatar um problema")
    ana.expect("… and the categories", button="Instalações")
    ana.tap("Instalações")
    ana.expect("She is asked what happened", "O que aconteceu")
    ana.say("Cano estourado na cozinha, a água está subindo")
    ana.expect("She is asked for photos", "fotos")
    ana.photos("pipe", "pipe", "pipe")
    ana.expect("Three photos are answered once", r"\b3\b|três")
    ana.press("done")
    ana.expect("She is asked where it is", "Onde")
    ana.place("warehouse")
    ana.expect("She sees everything before it is sent", "Cano estourado")
    ana.press("send")
    told = ana.expect("She gets a ticket with a code", r"\bT-\d+\b")
    return code_in(told, "T")


def comments(ana: Phone, tomas: Phone, code: str) -> None:
    ana.say(f"{code} Já fechei o registro", quoting="")
    tomas.expect("Ana's comment reaches Tomás", code, "fechei o registro")
    tomas.say("Llego en diez minutos", quoting=str(tomas.last["wamid"]))
    tomas.expect("He is told that it was added", code)
    ana.expect("Tomás' answer, a quoted reply, reaches Ana", code, "Llego en diez minutos")


def read_ticket(stage: Stage, desk: Desk, ticket: str, code: str) -> None:
    desk.read(
        f"/admin/incidents/ticket/{ticket}/change/", code, "Cano estourado", "Llego en diez minutos", "fechei o registro",
        what="The responder's page shows the report and both comments",
    )  # fmt: skip
    photos = len(set(re.findall(r'<img[^>]+src="([^"]+)"', desk.page)))
    if photos < 3:
        raise FailedError(f"The page of {code} should show three photos and shows {photos}.")
    stage.narrator.passed("… and the three photos")


def resolve(tomas: Phone, taken: dict[str, Any], code: str) -> None:
    tomas.tap("Resolver", on=taken)
    tomas.expect("He is asked what was done", r"qué|hiciste|se hizo|solu")
    tomas.say("Cambiada la junta")
    tomas.expect("The resolution is confirmed", code)
