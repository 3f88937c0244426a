import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.files import content_type, queries, services, storage
from apps.files.models import File
from apps.timers import sweeper
from tests.conftest import Clock
from tests.factories import make_employee

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 64
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_stored_bytes_come_back_whole():
    file = services.store(content=JPEG, name="pump.jpg")
    assert queries.content_of(file) == JPEG
    assert (file.kind, file.size, file.name) == ("image/jpeg", len(JPEG), "pump.jpg")
    with queries.open_file(file) as handle:
        assert handle.read(3) == JPEG[:3]


@pytest.mark.django_db
def test_equal_contents_share_bytes_but_not_rows(media: Path):
    first, second = services.store(content=JPEG, name="a.jpg"), services.store(content=JPEG, name="b.jpg")
    assert first.pk != second.pk
    assert [path.name for path in media.rglob("*") if path.is_file()] == [first.sha256]


@pytest.mark.django_db
@pytest.mark.parametrize(("content", "name", "kind"), [
    (SVG, "photo.jpg", "image/svg+xml"),
    (b"<!DOCTYPE html><html><script>1</script></html>", "receipt.png", "text/html"),
    (b"MZ\x90\0" + b"\0" * 64, "invoice.pdf", "application/vnd.microsoft.portable-executable"),
    ("só texto".encode(), "x.jpg", "text/plain"),
    (bytes(range(200, 255)) * 3, "x.jpg", "application/octet-stream"),
])  # fmt: skip
def test_dangerous_types_are_kept_but_never_shown_inline(content: bytes, name: str, kind: str):
    file = services.store(content=content, name=name)
    assert file.kind == kind
    assert not queries.is_inline_safe(file)
    assert not file.is_picture


@pytest.mark.django_db
def test_pictures_are_shown_inline_until_a_scan_condemns_them():
    file = services.store(content=JPEG)
    assert queries.is_inline_safe(file)
    file.scan_state = File.Scan.INFECTED
    assert not queries.is_inline_safe(file)


@pytest.mark.parametrize(("head", "kind"), [
    (b"OggS\0\2" + b"\0" * 20 + b"OpusHead", "audio/ogg"),
    (b"#!AMR\n0000", "audio/amr"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
    (b"%PDF-1.4\n%%EOF", "application/pdf"),
])  # fmt: skip
def test_what_whatsapp_sends_is_recognised_by_its_bytes(head: bytes, kind: str):
    assert content_type.detect(head) == kind


def test_an_office_document_is_told_from_a_zip_by_its_name():
    head = b"PK\x03\x04" + b"\0" * 40
    assert content_type.detect(head, "offer.docx").endswith("wordprocessingml.document")
    assert content_type.detect(head, "offer.html") == "application/zip"


@given(st.binary(min_size=1, max_size=300), st.text(max_size=20))
def test_no_content_breaks_the_detection(content: bytes, name: str):
    assert "/" in content_type.detect(content, name)


@pytest.mark.django_db
def test_an_empty_or_huge_file_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InvalidInputError, match="empty"):
        services.store(content=b"")
    monkeypatch.setattr(services, "LARGEST", 10)
    with pytest.raises(InvalidInputError, match="larger than"):
        services.store(content=b"x" * 11)
    assert not File.objects.exists()


@pytest.mark.django_db
def test_adopted_files_belong_to_their_new_owner():
    ana, bia = make_employee(), make_employee()
    file = services.store(content=JPEG, owner=ana)
    assert list(queries.files_of(ana)) == [file]
    assert services.adopt(files=[file], owner=bia) == 1
    assert list(queries.files_of(bia)) == [file]
    assert not queries.files_of(ana)


@pytest.mark.django_db
def test_files_are_found_by_the_ids_of_an_answer_in_order():
    first, second = services.store(content=JPEG), services.store(content=SVG)
    assert queries.by_ids([second.pk, str(first.pk), "nonsense", None, 999_999, second.pk]) == [second, first]


def test_a_broken_write_leaves_nothing_behind(media: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        storage.write(b"half")
    assert not [path for path in media.rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_discarded_rows_go_at_once_and_bytes_only_when_no_row_names_them(clock: Clock):
    first, second = services.store(content=JPEG), services.store(content=JPEG)
    assert services.discard(files=[first]) == 1
    clock.wind(25 * 3600)
    sweeper.sweep()
    assert queries.content_of(second) == JPEG
    services.discard(files=[second])
    sweeper.sweep()
    assert storage.path_of(second.sha256).exists()
    clock.wind(25 * 3600)
    sweeper.sweep()
    assert not storage.path_of(second.sha256).exists()


@pytest.mark.django_db
def test_bytes_written_again_by_somebody_whose_row_is_not_committed_yet_stay(clock: Clock):
    file = services.store(content=JPEG)
    services.discard(files=[file])
    clock.wind(25 * 3600)
    storage.write(JPEG)
    assert not services.remove_unnamed(sha256=file.sha256)
    assert storage.path_of(file.sha256).read_bytes() == JPEG


@pytest.mark.parametrize(("given_name", "kept"), [
    ("../../etc/passwd", "passwd"),
    ("C:\\temp\\nota fiscal.jpg", "nota fiscal.jpg"),
    ("a\x00b\r\nc.txt", "abc.txt"),
    (".htaccess", "htaccess"),
    ("x" * 300, "x" * 200),
])  # fmt: skip
def test_names_lose_folders_and_control_characters(given_name: str, kept: str):
    assert services.clean_name(given_name) == kept
