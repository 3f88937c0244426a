"""Hostile files: whatever they are called, they are kept, named for what they are, and never shown inside a page."""

import contextlib
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.core.errors import InvalidInputError
from apps.files import content_type, doubts, pictures, queries, services
from apps.files.models import Doubt, File, Thumbnail

LISBON = {1: "N", 2: (38.0, 43.0, 0.0), 3: "W", 4: (9.0, 8.0, 0.0)}  # EXIF's latitude and longitude


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(form: str = "JPEG", size: tuple[int, int] = (900, 600), mode: str = "RGB", **values: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, "green" if mode in {"RGB", "RGBA"} else 1).save(written, form, **values)
    return written.getvalue()


def archive(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return written.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


EXE = b"MZ\x90\0" + b"\0" * 64
HOSTILE = [
    (EXE, "invoice.pdf", "document", Doubt.PROGRAM),
    (EXE, "photo.jpg", "image", Doubt.PROGRAM),
    (b"\x7fELF\2\1\1" + b"\0" * 50, "x", "document", Doubt.PROGRAM),
    (b"#!/bin/sh\nrm -rf ~\n", "readme.txt", "document", Doubt.PROGRAM),
    (b"@echo off\r\ndel *.*\r\n", "fix.bat", "document", Doubt.PROGRAM),
    (b"L\0\0\0\x01\x14\x02\0" + b"\0" * 60, "report.lnk", "document", Doubt.PROGRAM),
    (archive("AndroidManifest.xml", "classes.dex"), "photos.zip", "document", Doubt.PROGRAM),
    (archive("META-INF/MANIFEST.MF", "A.class"), "tool.jar", "document", Doubt.PROGRAM),
    (archive("[Content_Types].xml", "word/vbaProject.bin"), "offer.docx", "document", Doubt.MACROS),
    (archive("[Content_Types].xml", "xl/vbaProject.bin"), "sums.xlsm", "document", Doubt.MACROS),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "_VBA_PROJECT".encode("utf-16-le"), "a.doc", "document",
     Doubt.MACROS),
    (b"{\\rtf1{\\object{\\*\\objdata 0105}}}", "a.rtf", "document", Doubt.MACROS),
    (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "logo.png", "image", Doubt.ACTIVE),
    (b"<!DOCTYPE html><script>1</script>", "receipt.jpg", "image", Doubt.ACTIVE),
    (b"hello <script>alert(1)</script>", "note.txt", "document", Doubt.ACTIVE),
    ("<html><script>1</script>".encode("utf-16"), "note.txt", "document", Doubt.ACTIVE),
    (b"%PDF-1.4\n%%EOF", "photo.jpg", "image", Doubt.DISGUISED),
    (b"just words", "photo.jpg", "image", Doubt.DISGUISED),
    (b"just words", "offer.pdf", "document", Doubt.DISGUISED),
    (b"OggS\0\2" + b"\0" * 20 + b"OpusHead", "", "image", Doubt.DISGUISED),
    (archive(*(f"{n:060}" for n in range(40_000))), "many.zip", "document", Doubt.SEALED),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("content", "name", "claimed", "doubt"), HOSTILE)
def test_a_hostile_file_is_kept_named_and_never_shown(content: bytes, name: str, claimed: str, doubt: str) -> None:
    file = services.store(content=content, name=name, claimed=claimed)
    file.refresh_from_db()
    assert file.doubt == doubt
    assert not queries.is_inline_safe(file)
    assert services.thumbnail(file) is None
    assert queries.content_of(file) == content


@pytest.mark.django_db
@pytest.mark.parametrize(("content", "name", "claimed"), [
    (picture(), "photo.jpg", "image"),
    (picture("PNG", mode="RGBA"), "a.png", "image"),
    (picture("PNG", mode="P"), "", "image"),
    (picture("PNG", mode="1"), "", "image"),
    (picture("PNG", mode="I;16"), "", "image"),
    (picture("JPEG", mode="CMYK"), "", "image"),
    (picture("WEBP", (512, 512)), "", "sticker"),
    (picture("GIF", mode="P"), "a.gif", "document"),
    (b"%PDF-1.4\n%%EOF", "offer.pdf", "document"),
    (archive("[Content_Types].xml", "word/document.xml"), "offer.docx", "document"),
    (b"OggS\0\2" + b"\0" * 20 + b"OpusHead", "", "audio"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "", "video"),
    ("Olá, 2 < 3 e 5 > 4".encode(), "nota.txt", "document"),
])  # fmt: skip
def test_an_honest_file_has_no_doubt(content: bytes, name: str, claimed: str) -> None:
    file = services.store(content=content, name=name, claimed=claimed)
    assert file.doubt == Doubt.NONE
    assert (services.thumbnail(file) is not None) == (file.kind in pictures.KINDS)


@pytest.mark.django_db
def test_other_bytes_than_announced_are_kept_and_not_shown() -> None:
    file = services.store(content=picture(), claimed="image", is_intact=False)
    assert file.doubt == Doubt.DAMAGED
    assert not queries.is_inline_safe(file)


@pytest.mark.django_db
@pytest.mark.parametrize(("content", "doubt"), [
    (bomb(), Doubt.PIXELS),
    (bomb(20_000, 20_000), Doubt.PIXELS),
    (picture()[:500], Doubt.BROKEN),
    (picture("PNG")[:-1000], Doubt.BROKEN),
    (picture("WEBP")[:60], Doubt.BROKEN),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 64, Doubt.BROKEN),
])  # fmt: skip
def test_bombs_and_broken_pictures_end_as_a_doubt(content: bytes, doubt: str) -> None:
    file = services.store(content=content, claimed="image")
    assert file.doubt == doubt
    assert not Thumbnail.objects.exists()


@pytest.mark.django_db
def test_a_row_of_another_release_learns_its_doubt_when_it_is_looked_at() -> None:
    file = services.store(content=bomb(), claimed="image")
    File.objects.update(doubt="")
    file.refresh_from_db()
    assert services.thumbnail(file) is None
    file.refresh_from_db()
    assert file.doubt == Doubt.PIXELS


@given(st.binary(max_size=2000), st.sampled_from([picture("JPEG", (40, 30)), picture("PNG", (40, 30)), picture("WEBP", (40, 30)),
                                                  archive("a"), b"GIF89a", b""]), st.integers(0, 3000))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_no_bytes_crash_the_painter_or_the_examiner(noise: bytes, whole: bytes, at: int) -> None:
    content = whole[:at] + noise + whole[at + len(noise) :]
    with contextlib.suppress(pictures.BrokenPictureError, pictures.TooManyPixelsError):
        pictures.small(content, most_pixels=1_000_000)
    assert doubts.of(content, content_type.detect(content), name="x.pdf", claimed="image") in Doubt.values


# --- the small copies -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_small_copy_tells_nothing_of_the_place_and_the_owner(media: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Ana Lima"  # the artist
    exif[0x0112] = 6  # turned a quarter
    exif.get_ifd(0x8825).update(LISBON)
    content = picture(exif=exif.tobytes(), comment=b"secret place", xmp=b"<x:xmpmeta>Ana Lima</x:xmpmeta>")
    assert b"Ana Lima" in content
    made = services.thumbnail(services.store(content=content, claimed="image"))
    assert made is not None
    with queries.open_thumbnail(made) as handle:
        copied = handle.read()
    with Image.open(io.BytesIO(copied)) as opened:
        assert not opened.getexif()
        assert opened.size == (made.width, made.height) == (320, 480)  # upright
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened.info)
    assert b"Ana" not in copied
    assert b"secret" not in copied


@pytest.mark.django_db
def test_equal_pictures_share_one_small_copy(media: Path) -> None:
    first, second = (services.store(content=picture(), claimed="image") for _ in range(2))
    assert services.thumbnail(first) == services.thumbnail(second)
    assert Thumbnail.objects.count() == 1
    assert len([path for path in media.rglob("*") if path.is_file()]) == 2
    assert set(queries.thumbnails_of([first, second])) == {first.sha256}


@pytest.mark.django_db
def test_a_small_picture_is_not_blown_up() -> None:
    made = services.thumbnail(services.store(content=picture(size=(20, 10)), claimed="image"))
    assert made is not None
    assert (made.width, made.height) == (20, 10)


@pytest.mark.django_db
@pytest.mark.parametrize(("claimed", "megabytes"), [("image", 5), ("video", 16), ("audio", 16), ("sticker", 1)])
def test_each_kind_has_its_own_largest_size(claimed: str, megabytes: int) -> None:
    with pytest.raises(InvalidInputError, match=f"larger than {megabytes} MB"):
        services.store(content=b"x" * (megabytes * 1024**2 + 1), claimed=claimed)
    assert services.store(content=b"x" * (megabytes * 1024**2), claimed=claimed).pk
