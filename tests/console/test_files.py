"""A stored file on its way to a browser: who asks, what it is, which part, and what it may not do there."""

import io
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from apps.files import services
from apps.files.models import File
from tests.conversations.talk import Phone
from tests.factories import make_employee, make_user

pytestmark = pytest.mark.django_db

VOICE = b"OggS\0\2" + b"\0" * 20 + b"OpusHead" + bytes(range(256)) * 4
EXE = b"MZ\x90\0" + b"\0" * 64


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture() -> bytes:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = "Ana Lima"
    Image.new("RGB", (900, 600), "green").save(written, "JPEG", exif=exif)
    return written.getvalue()


def received(content: bytes, name: str = "", claimed: str = "") -> File:
    """A file that came in a chat."""
    file = services.store(content=content, name=name, claimed=claimed)
    Phone().record(kind=claimed or "document", photos=[file])
    file.refresh_from_db()
    return file


@pytest.fixture
def hr() -> Client:
    client = Client()
    client.force_login(make_user(roles=["HR"], employee=make_employee()))
    return client


def read(answer: object) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined] # the client closes it at its end


def test_a_picture_is_shown_small_without_what_the_camera_wrote(hr: Client) -> None:
    file = received(picture(), "leak.jpg", "image")
    small = hr.get(reverse("console:thumbnail", args=[file.pk]))
    assert (small.status_code, small["Content-Type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(read(small))) as opened:
        assert max(opened.size) == 480
        assert not opened.getexif()
    whole = hr.get(reverse("console:file", args=[file.pk]))
    assert (whole["Content-Type"], whole["Content-Disposition"]) == ("image/jpeg", 'inline; filename="leak.jpg"')
    assert read(whole) == picture()


@pytest.mark.parametrize(("content", "name", "claimed"), [
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "logo.png", "image"),
    (b"<!DOCTYPE html><script>alert(1)</script>", "receipt.jpg", "image"),
    (EXE, "invoice.pdf", "document"),
    (b"%PDF-1.4\n%%EOF", "offer.pdf", "document"),
    (b"words", "notes.txt", "document"),
    (picture()[:400], "half.jpg", "image"),
])  # fmt: skip
def test_whatever_is_no_picture_or_player_is_for_download_only(
    hr: Client, content: bytes, name: str, claimed: str
) -> None:
    answer = hr.get(reverse("console:file", args=[received(content, name, claimed).pk]))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert read(answer) == content


@pytest.mark.parametrize("view", ["file", "thumbnail"])
def test_every_answer_forbids_what_a_hostile_file_would_try(hr: Client, view: str) -> None:
    answer = hr.get(reverse(f"console:{view}", args=[received(picture(), "a.jpg", "image").pk]))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Cookie" in answer["Vary"]
    read(answer)


@pytest.mark.parametrize(("content", "name", "given"), [
    (picture(), "image-12", "image-12.jpg"), (picture(), "leak.jpg", "leak.jpg"), (EXE, "tool", "tool"),
])  # fmt: skip
def test_a_file_without_an_ending_gets_that_of_its_content_unless_it_is_doubtful(
    hr: Client, content: bytes, name: str, given: str
) -> None:  # fmt: skip
    answer = hr.get(reverse("console:file", args=[received(content, name).pk]), {"download": "1"})
    assert answer["Content-Disposition"] == f'attachment; filename="{given}"'
    read(answer)


def test_a_name_cannot_break_out_of_its_header(hr: Client) -> None:
    answer = hr.get(reverse("console:file", args=[received(VOICE, 'a";\r\nSet-Cookie: x=1; ção.ogg', "audio").pk]))
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in answer["Content-Disposition"]
    read(answer)


@pytest.mark.parametrize(("asked", "status", "part", "told"), [
    ("bytes=0-9", 206, VOICE[:10], "0-9"),
    ("bytes=10-", 206, VOICE[10:], f"10-{len(VOICE) - 1}"),
    ("bytes=-5", 206, VOICE[-5:], f"{len(VOICE) - 5}-{len(VOICE) - 1}"),
    ("bytes=0-999999", 206, VOICE, f"0-{len(VOICE) - 1}"),
    ("bytes=999999-", 416, b"", "*"),
    ("bytes=-0", 416, b"", "*"),
    ("bytes=9-3", 416, b"", "*"),
    ("bytes=-", 200, VOICE, ""),
    ("bytes=0-1,5-6", 200, VOICE, ""),
    ("lines=1-2", 200, VOICE, ""),
    ("bytes=" + "9" * 5000 + "-", 200, VOICE, ""),
])  # fmt: skip
def test_a_player_gets_the_part_it_asks_for(hr: Client, asked: str, status: int, part: bytes, told: str) -> None:
    file = received(VOICE, claimed="audio")
    answer = hr.get(reverse("console:file", args=[file.pk]), headers={"Range": asked})
    assert answer.status_code == status
    assert (read(answer) if status != 416 else b"") == part
    assert answer.get("Content-Range", "") == (f"bytes {told}/{len(VOICE)}" if told else "")
    if status != 416:
        assert (answer["Content-Type"], answer["Content-Length"]) == ("audio/ogg", str(len(part)))


def test_a_browser_that_has_it_asks_again_and_gets_nothing_twice(hr: Client) -> None:
    address = reverse("console:file", args=[received(picture(), "a.jpg", "image").pk])
    first = hr.get(address)
    assert hr.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    other = hr.get(address, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert other.status_code == 200
    read(first)
    read(other)


@pytest.mark.parametrize("view", ["file", "thumbnail"])
def test_who_may_not_see_the_conversation_learns_not_even_that_the_file_exists(view: str) -> None:
    file = received(picture(), "a.jpg", "image")
    for role in ("Manager", "Responder", "Automation owner"):
        client = Client()
        client.force_login(make_user(roles=[role], employee=make_employee()))
        assert client.get(reverse(f"console:{view}", args=[file.pk])).status_code == 404
    assert Client().get(reverse(f"console:{view}", args=[file.pk])).status_code == 302


def test_nothing_is_changed_or_given_by_a_post(hr: Client) -> None:
    assert hr.post(reverse("console:file", args=[received(VOICE, claimed="audio").pk])).status_code == 405


def test_an_infected_file_and_one_whose_bytes_are_gone_are_given_to_nobody(hr: Client, media: Path) -> None:
    infected, gone = received(EXE, "x.exe"), received(VOICE, "v.ogg", "audio")
    File.objects.filter(pk=infected.pk).update(scan_state=File.Scan.INFECTED)
    (media / gone.sha256[:2] / gone.sha256).unlink()
    for file in (infected, gone):
        assert hr.get(reverse("console:file", args=[file.pk])).status_code == 404
        assert hr.get(reverse("console:thumbnail", args=[file.pk])).status_code == 404
