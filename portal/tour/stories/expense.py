"""Story 3: R$ 780 of lunch. The manager is away, so his deputy decides, and then finance, because it is over 500."""

from portal.tour.driver import FailedError, Phone, Stage, code_in, payload_of

TITLE = "Story 3: an expense goes to the deputy and then to finance"


def play(stage: Stage) -> None:
    """Ana asks; Rafael is absent, Lucía (Spanish) stands in; Grace (English) decides for finance."""
    stage.narrator.title(TITLE)
    stage.wind(25, "everybody's 24-hour window is closed")
    ana, rafael, lucia = stage.phone("Ana"), stage.phone("Rafael"), stage.phone("Lucía")
    grace, bruno = stage.phone("Grace"), stage.phone("Bruno")
    code = submit(ana, "R$ 780", "Almoço com cliente")
    asked = lucia.expect(
        "The deputy is asked, in Spanish, and reads for whom", code, "780", "Rafael Moura", button="Aprobar"
    )
    rafael.expect_silence("Rafael, who is away, is left in peace", code)
    bruno.forge(payload_of(asked, "Aprobar"), "Aprobar")
    bruno.expect("A tap on somebody else's button decides nothing", "somebody else|outra pessoa")
    lucia.tap("Aprobar", on=asked, times=2)
    lucia.expect("Lucía's approval is confirmed", code)
    finance = grace.expect("Over 500, so finance is asked next, in English", code, "780", button="Approve")
    lucia.tap("Aprobar", on=asked)
    lucia.expect("A repeated tap is told that it was decided already", code)
    grace.tap("Approve", on=finance)
    grace.expect("Grace's approval is confirmed", code)
    ana.expect("Ana is told the outcome in Portuguese", code, "aprovad")
    rejected = reject_a_small_one(ana, lucia, grace)
    read_desks(stage, code, rejected)


def submit(phone: Phone, amount: str, what: str) -> str:
    """The dialogue of somebody who speaks Portuguese, up to the request's code."""
    who = phone.first_name
    phone.say("menu")
    phone.expect(f"{who} gets the menu", button="Enviar uma despesa")
    phone.tap("Enviar uma despesa")
    phone.expect(f"{who} is asked how much", "Quanto")
    phone.say(amount)
    phone.expect("… what for", "quê")
    phone.say(what)
    phone.expect("… and for the receipt", "recibo")
    phone.photos("receipt")
    phone.expect("The photo is received", r"\b1\b|uma? foto")
    phone.press("done")
    phone.expect(f"{who} sees everything before it is sent", what)
    phone.press("send")
    return code_in(phone.expect(f"{who} gets a request with a code", r"\bR-\d+\b"), "R")


def reject_a_small_one(ana: Phone, lucia: Phone, grace: Phone) -> str:
    code = submit(ana, "90,50", "Estacionamento")
    asked = lucia.expect("R$ 90,50 goes to the deputy too", code, "90", button="Rechazar")
    lucia.tap("Rechazar", on=asked)
    lucia.expect("A rejection asks for its reason", "motivo|por qué")
    lucia.say("Falta el recibo original")
    lucia.expect("The rejection is confirmed", code)
    ana.expect("Ana reads the reason", code, "Falta el recibo original")
    grace.expect_silence("Finance is not asked about 90,50", code)
    return code


def read_desks(stage: Stage, approved: str, rejected: str) -> None:
    desk = stage.desk("finance")
    desk.read(
        f"/admin/approvals/request/{approved.removeprefix('R-')}/change/", approved, "Lucía Ortega", "Grace Miller",
        what="The request's page shows who decided, and for whom",
    )  # fmt: skip
    auditor = stage.desk("auditor")
    for code, names in ((approved, ("request.approved",)), (rejected, ("request.rejected",))):
        auditor.read(
            f"/admin/journal/entry/export-csv?q={code}",
            *names,
            what=f"The auditor's CSV has {code}: {names[0]}",
            seconds=20,
        )
    page = auditor.press("/admin/journal/entry/verify", what="The auditor presses Verify")
    if "The journal is whole" not in page:
        raise FailedError(f"The journal should be whole, and the page says: {page[:600]}")
    stage.narrator.passed("… and the journal is whole")
