"""Whatever somebody uploads: read rightly, or refused with a sentence."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from apps.core.errors import InvalidInputError
from apps.journal import tables
from apps.people.importing import columns, reading
from tests.people.files import csv_of, xlsx_of

TEXT = 'Matrícula;Nome;Telefone\n17;João Ávila;+55 11 91234-5678\n18;"Silva; Ana";\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_is_read_in_every_usual_encoding(encoding: str, newline: str):
    table = reading.read(TEXT.replace("\n", newline).encode(encoding))
    assert table.headers == ["Matrícula", "Nome", "Telefone"]
    assert [row.cells for row in table.rows] == [["17", "João Ávila", "+55 11 91234-5678"], ["18", "Silva; Ana", ""]]
    assert [row.number for row in table.rows] == [2, 3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str):
    table = reading.read(csv_of(["1", "Lima, Ana; dita | Bia"], ["2", "Bo"], delimiter=delimiter))
    assert [row.cells[:2] for row in table.rows] == [["1", "Lima, Ana; dita | Bia"], ["2", "Bo"]]


def test_a_separator_announced_by_excel_is_taken_and_rows_count_as_in_the_spreadsheet():
    table = reading.read(b"sep=|\r\nnumber|name\r\n1|Ana, Bia\r\n")
    assert (table.rows[0].cells, table.rows[0].number) == (["1", "Ana, Bia"], 3)


@pytest.mark.parametrize("announced", [b"sep=\r\n", b"sep=\n", b'sep="\r\n', b'sep="\n'])
def test_an_announcement_that_names_no_separator_is_a_row_like_any_other(announced: bytes):
    table = reading.read(announced + b"number;name\r\n1;Ana\r\n")
    assert [(row.number, row.cells) for row in table.rows] == [(2, ["number;name"]), (3, ["1;Ana"])]


def test_empty_rows_are_skipped_and_keep_their_numbers():
    table = reading.read(b"number,name\n\n,\n1,Ana\n\n2,Bia\n")
    assert [row.number for row in table.rows] == [4, 6]


def test_a_row_that_is_cut_off_or_too_wide_is_marked_and_the_others_are_read():
    table = reading.read(b"number,name,phone\n1,Ana,\n2,Lima, Bia,+5511912345678\n3,Cy")
    assert [bool(row.problem) for row in table.rows] == [False, True, True]
    assert (table.rows[1].problem, table.rows[1].values) == ("wrong_width", {"found": 4, "wanted": 3})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"number,name\n", "no rows below"),
        (b'number,name\n1,"Ana\n2,Bia\n', "row 2"),
        (b"17,Ana,ana@example.com\n18,Bia,bia@example.com\n", "looks like data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "neither a CSV nor an XLSX"),
        (b"%PDF-1.7\n\x00\xff\xfe\x00", "neither a CSV nor an XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old or a password-protected"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (b"number,name\n" + b"1,Ana\n" * (reading.MOST_ROWS + 1), "more than 20000 people"),
        (b",".join(b"column" for _ in range(70)) + b"\n1\n", "more than 60 columns"),
        (b"x" * (reading.LARGEST + 1), "larger than 10 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(content: bytes, said: str):
    with pytest.raises(InvalidInputError, match=said):
        reading.read(content)


def test_a_spreadsheet_is_read_with_its_numbers_days_and_formulas_as_text():
    table = reading.read(xlsx_of([17.0, "=A1&A2", 5511912345678, None, True]))
    assert table.rows[0].cells == ["17", "=A1&A2", "5511912345678", "", "true", ""]


def test_half_a_spreadsheet_is_refused():
    whole = xlsx_of(["1", "Ana"])
    for length in (30, len(whole) // 2, len(whole) - 10):
        with pytest.raises(InvalidInputError, match="damaged"):
            reading.read(whole[:length])


def archive(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = archive(xl__workbook_xml=b"<workbook/>", xl__sheet_xml=b"0" * (tables.LARGEST_UNPACKED + 1))
    assert len(bomb) < 1024**2
    with pytest.raises(InvalidInputError, match="unpacks to far more"):
        reading.read(bomb)


def test_an_archive_that_is_no_spreadsheet_and_one_with_entities_are_refused():
    with pytest.raises(InvalidInputError, match="not an XLSX"):
        reading.read(archive(word__document_xml=b"<document/>"))
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><workbook>&a;</workbook>'
    with pytest.raises(InvalidInputError, match="no spreadsheet program"):
        reading.read(archive(xl__workbook_xml=laughs))


def test_a_cell_in_the_last_row_and_column_of_a_sheet_takes_no_time():
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["B1"], sheet["A2"], sheet["XFD1048576"] = "number", "name", "1", "far away"
    file = io.BytesIO()
    book.save(file)
    assert [row.cells for row in reading.read(file.getvalue()).rows] == [["1", ""]]


def test_control_characters_are_left_out():
    table = reading.read("number,name\n1,\u200bA\x00n\x08a\u00a0Lima ".replace("\x00", "").encode())
    assert table.rows[0].cells == ["1", "Ana Lima"]


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_a_table_or_a_sentence(content: bytes):
    try:
        table = reading.read(content)
    except InvalidInputError:
        return
    assert all(len(row.cells) == len(table.headers) for row in table.rows)


@pytest.mark.parametrize(
    ("headers", "meant"),
    [
        (["Employee ID", "Full name", "Mobile phone", "Line manager", "Department"],
         ["number", "name", "phone", "manager", "teams"]),
        (["Matrícula", "Nome completo", "Celular", "Gestor", "Centro de Custo", "Fuso horário"],
         ["number", "name", "phone", "manager", "cost_centre", "time_zone"]),
        (["Nº de empleado", "Nombre y apellidos", "MÓVIL", "Jefe", "Correo electrónico"],
         ["number", "name", "phone", "manager", "email"]),
        (["ID", "Number", "Shoe size"], ["number", "", ""]),
        (["Phone (work)", "Phone", "Name of the dog"], ["", "phone", "name"]),
    ],
)  # fmt: skip
def test_columns_are_guessed_in_three_languages_and_no_field_twice(headers: list[str], meant: list[str]):
    assert columns.guess(headers) == meant


@pytest.mark.parametrize("language", ["en", "pt-br", "es"])
def test_our_own_headers_are_understood(language: str):
    headers = [columns.header(key, language) for key in columns.KEYS]
    assert columns.guess(headers) == list(columns.KEYS)
