"""Bytes that somebody uploaded, to a header and rows of texts. Pure, and believes nothing: sizes, kinds, ends."""

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from apps.core.errors import InvalidInputError
from apps.journal.export import safe_cell

LARGEST = 10 * 1024 * 1024  # bytes of the file
MOST_COLUMNS = 60
LONGEST_CELL = 1000  # characters
LARGEST_UNPACKED = 80 * 1024 * 1024  # bytes of all parts of an XLSX
MOST_PARTS = 500

DELIMITERS = ",;\t|"
_NOISE = re.compile(r"[^a-z0-9]+")
_SEP_LINE = re.compile(r'^sep=([^"\r\n])\r?\n', re.IGNORECASE)
_LOOKS_LIKE_DATA = re.compile(r"^[+(]?\d[\d\s().\-/]*$|^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True)
class Row:
    """`number` is where a spreadsheet shows it, the header being 1 in most files.

    `problem` is why it cannot be used, with its `values`: "wrong_width" (found, wanted), "long_cell" (most), or nothing.
    """

    number: int
    cells: list[str]
    problem: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    headers: list[str]
    rows: list[Row]


@dataclass(frozen=True)
class Expected:
    """What a table is of: `guess` says what each header means ("" for nothing), `example` is a good first row, `things` what
    its rows are called ("people")."""

    guess: Callable[[Sequence[str]], Sequence[str]]
    example: str
    things: str
    most: int


def read(content: bytes, expected: Expected) -> Table:
    """The table in a CSV (UTF-8, UTF-16 with its mark, Windows-1252; comma, semicolon, tab) or XLSX file.

    The kind is told by the content, never by the name. Raises InvalidInputError with what is wrong and what to do.
    """
    if len(content) > LARGEST:
        raise InvalidInputError(_("The file is larger than %(size)s MB. Split it into several files, or leave out columns "
                                  "that are not needed.") % {"size": LARGEST // 1024**2})  # fmt: skip
    if not content.strip():
        raise InvalidInputError(_("The file is empty. Export it again and upload the new one."))
    if content.startswith(b"PK\x03\x04"):
        return _table(_from_xlsx(content), expected, is_exact=False)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInputError(_("This is an old or a password-protected Excel file. Save it as .xlsx or .csv without a "
                                  "password and upload that."))  # fmt: skip
    return _table(_from_csv(_decoded(content)), expected, is_exact=True)


def _table(lines: Iterator[tuple[int, list[str]]], expected: Expected, *, is_exact: bool) -> Table:
    """`is_exact`: each row must be as wide as the header; where not, a spreadsheet leaves out empty cells at the end."""
    headers: list[str] = []
    rows: list[Row] = []
    for number, cells in lines:
        if not any(cells):
            continue
        if not headers:
            headers = _checked_headers(cells, expected)
            continue
        if len(rows) == expected.most:
            raise InvalidInputError(_("The file has more than %(most)s %(things)s. Split it into several files.")
                                    % {"most": expected.most, "things": expected.things})  # fmt: skip
        rows.append(_row(number, cells, len(headers), is_exact=is_exact))
    if not rows:
        raise InvalidInputError(
            _("The file has no rows below its header. The first row names the columns, the others follow below.")
        )
    return Table(headers, rows)


def _checked_headers(cells: list[str], expected: Expected) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > MOST_COLUMNS:
        raise InvalidInputError(_("The file has more than %(most)s columns. Leave out those that are not needed.")
                                % {"most": MOST_COLUMNS})  # fmt: skip
    if not any(expected.guess(cells)) and any(_LOOKS_LIKE_DATA.match(cell) for cell in cells):
        raise InvalidInputError(
            _("The first row looks like data, not like names of columns. Add a first row such as “%(example)s” and upload the "
              "file again.") % {"example": expected.example}
        )  # fmt: skip
    return [cell[:100] for cell in cells]


def _row(number: int, cells: list[str], width: int, *, is_exact: bool) -> Row:
    problem: tuple[str, dict[str, Any]] = ("", {})
    if any(cells[width:]) or (is_exact and len(cells) < width):
        problem = ("wrong_width", {"found": len(cells), "wanted": width})
    elif any(len(cell) > LONGEST_CELL for cell in cells):
        problem = ("long_cell", {"most": LONGEST_CELL})
    fitted = [cell[:LONGEST_CELL] for cell in cells[:width]]
    return Row(number, fitted + [""] * (width - len(fitted)), *problem)


def plain(text: str) -> str:
    """A header without accents, case, signs: "Nº  de  Empleado" and "nº de empleado" are one.

    >>> plain(" E-Mail (work) ")
    'e mail work'
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    return _NOISE.sub(" ", "".join(letter for letter in letters if not unicodedata.combining(letter))).strip()


def _clean(text: str) -> str:
    """Without control characters (databases refuse some, people see none) and without the spaces around."""
    kept = (" " if letter in "\n\r\t\xa0" else letter for letter in text if not _is_control(letter))
    cleaned = "".join(kept).strip()
    # Our own exports put a quote before what a spreadsheet could take for a formula: +55 in every phone.
    return cleaned[1:] if cleaned.startswith("'") and safe_cell(cleaned[1:]) == cleaned else cleaned


def _is_control(letter: str) -> bool:
    return (
        letter not in "\n\r\t" and unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"}
    ) or letter in "\ufeff\u200b"


# --- CSV --------------------------------------------------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    with_mark = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(with_mark)
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace") if b"\x00" not in content else "\x00"
    if "\x00" in text:
        raise InvalidInputError(
            _("This is neither a CSV nor an XLSX file. Save the table as one of these and upload it again.")
        )
    return text


def _from_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    announced = _SEP_LINE.match(text)
    first = 1
    if announced:
        text, first = text[announced.end() :], 2
    delimiter = announced[1] if announced else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = first - 1
    try:
        for cells in reader:
            number += 1
            yield number, [_clean(cell) for cell in cells]
    except csv.Error as error:
        raise InvalidInputError(
            _("The file cannot be read from row %(row)s on: a quotation mark is opened and not closed, or the file ends in "
              "the middle. Export it again. Nothing was taken from it.") % {"row": number + 1}
        ) from error  # fmt: skip


def _delimiter(text: str) -> str:
    """The one that cuts the first rows into equally many columns, most of them."""

    def score(delimiter: str) -> tuple[int, int]:
        widths: list[int] = []
        try:
            for cells in csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=delimiter):
                if any(cells):
                    widths.append(len(cells))
                if len(widths) == 20:
                    break
        except csv.Error:
            return 0, 0
        return (sum(width == widths[0] for width in widths), widths[0]) if widths and widths[0] > 1 else (0, 0)

    return max(DELIMITERS, key=score)


# --- XLSX -------------------------------------------------------------------------------------------------------------


def _from_xlsx(content: bytes) -> Iterator[tuple[int, list[str]]]:
    damaged = _("The spreadsheet is damaged or only half there. Open it, save it again, and upload the new file.")
    try:
        _guard(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out (styles, validation) is nothing to us
            # Formulas come as their text: the value beside them is whatever the last program believed.
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
            try:
                yield from _sheet(book)
            finally:
                book.close()
    except InvalidInputError:
        raise
    except Exception as error:  # a hostile file finds any of openpyxl's, zipfile's and expat's errors
        raise InvalidInputError(damaged) from error


def _sheet(book: Any) -> Iterator[tuple[int, list[str]]]:
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
    sheet = sheets[0]
    sheet.reset_dimensions()  # a forged size would make millions of empty rows
    rows: Iterable[Sequence[Any]] = sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
    for number, values in enumerate(rows, start=1):
        yield number, [_text(value) for value in values]


def _guard(content: bytes) -> None:
    """A small archive may unpack to gigabytes; its list says so, and no part can be read beyond what the list says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise InvalidInputError(_("The spreadsheet unpacks to far more than a list. Copy the list into a new "
                                      "file and upload that."))  # fmt: skip
        if "xl/workbook.xml" not in archive.namelist():
            raise InvalidInputError(
                _("This is not an XLSX spreadsheet. Save the table as .xlsx or .csv and upload that.")
            )
        for part in parts:
            if part.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in _beginning(archive, part).upper():
                raise InvalidInputError(_("The spreadsheet carries instructions that no spreadsheet program writes. "
                                          "Copy the list into a new file and upload that."))  # fmt: skip


def _beginning(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as file:
        return file.read(4096)


def _text(value: Any) -> str:
    """A cell as people see it: whole numbers without a point, days as ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _clean(str(value))
