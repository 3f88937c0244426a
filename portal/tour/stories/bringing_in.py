"""The beginning of story 1: HR brings in a file of five hundred people, twelve of its rows with a mistake."""

import csv
import io
import itertools
from collections.abc import Sequence

from portal.tour.driver import Desk, FailedError

HEADER = ("Matrícula", "Nome", "Telefone", "Idioma", "Fuso horário", "Gestor")
FIRST = (
    "Alice",
    "Bruno",
    "Carla",
    "Davi",
    "Elisa",
    "Fábio",
    "Gabriela",
    "Heitor",
    "Isabel",
    "Jonas",
    "Karina",
    "Lucas",
)
LAST = (
    "Almeida",
    "Barbosa",
    "Cardoso",
    "Dias",
    "Esteves",
    "Farias",
    "Gomes",
    "Henriques",
    "Leal",
    "Matos",
    "Nunes",
    "Ramos",
)
GOOD = 488
BAD = 12
PATIENCE = 120  # seconds; two small cores need about twenty

Row = tuple[str, ...]


def bring_in(hr: Desk, newcomer: Row) -> None:
    """Upload, look, apply. The others are the same people every time: a second play finds them unchanged."""
    rows = [*everybody(), newcomer, *mistakes()]
    hr.fill("/admin/people/importjob/upload/", {}, "What does each column mean", file=("pessoas.csv", as_csv(rows)),
            what=f"HR uploads a file of {len(rows)} people, in Portuguese; its columns are understood")  # fmt: skip
    job = hr.path
    hr.fill(job, {"step": "columns"}, "checked|would change", what="… and has the rows checked")
    hr.read(job, "This is what would change", f"{BAD} with an error", seconds=PATIENCE,
            what=f"The preview shows {BAD} rows with an error; nothing has been changed yet")  # fmt: skip
    hr.read(f"{job}?kind=bad", "“call me” is not a phone number", "No employee has the number", "The name is missing",
            what="… each with its reason")  # fmt: skip
    hr.fill(job, {"step": "apply"}, "applied", what="HR applies the others")
    hr.read(
        job, r"\d+ applied\.", seconds=PATIENCE, what="A worker brings them in; whoever leaves the page loses nothing"
    )
    mended = hr.read(f"{job.removesuffix('change/')}rejected/", "call me")
    taken = len(list(csv.reader(io.StringIO(mended)))) - 1
    if taken != BAD:
        raise FailedError(f"The rows to mend should be {BAD} and are {taken}.")
    hr.narrator.passed("The rows to mend can be downloaded, with the reason beside each")


def everybody() -> list[Row]:
    names = itertools.islice(itertools.cycle(itertools.product(FIRST, LAST)), GOOD - 1)
    return [(f"F-{place:03}", f"{first} {last}", f"(11) 97{place:03}-{1000 + place:04}", "pt-br", "America/Sao_Paulo", "")
            for place, (first, last) in enumerate(names, start=1)]  # fmt: skip


def mistakes() -> list[Row]:
    """Four without a phone that can be called, four without a name, four of a manager whom nobody knows."""
    wrong = (("Sem Telefone", "call me", ""), ("", "", ""), ("Sem Gestor", "", "X-999"))
    return [(f"F-9{place:02}", name, phone, "pt-br", "America/Sao_Paulo", manager)
            for place, (name, phone, manager) in zip(range(BAD), itertools.cycle(wrong), strict=False)]  # fmt: skip


def as_csv(rows: Sequence[Row]) -> bytes:
    """As a Brazilian spreadsheet saves it: semicolons, and the old Windows letters."""
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows([HEADER, *rows])
    return written.getvalue().encode("cp1252")
