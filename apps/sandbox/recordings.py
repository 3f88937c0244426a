"""A voice message and a sticker to send with one tap. Made at run time: nothing to ship."""

import io
import struct
from functools import cache

from PIL import Image, ImageDraw

_SERIAL = 0x52454341
_SILENCE = b"\xf8\xff\xfe"  # one Opus packet: 20 ms of silence (RFC 6716, CELT fullband)
_SECOND = 48_000  # Opus counts in 48 kHz whatever was recorded
SECONDS = 3


@cache
def voice() -> bytes:
    """An OGG file with Opus, mono, as WhatsApp's voice messages are: three silent seconds."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _SECOND, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 6) + b"Recado" + struct.pack("<I", 0)
    packets = [_SILENCE] * (SECONDS * 50)
    pages = [_page(0, 0, [head], flags=2), _page(1, 0, [tags])]
    pages.append(_page(2, SECONDS * _SECOND, packets, flags=4))
    return b"".join(pages)


@cache
def sticker() -> bytes:
    """A still WebP of 512 by 512 with a clear ground, as WhatsApp wants stickers; far below its 100 KB."""
    drawn = Image.new("RGBA", (512, 512))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((16, 16, 496, 496), fill="#fde047", outline="#a16207", width=12)
    for x in (170, 342):
        pen.ellipse((x - 28, 170, x + 28, 238), fill="#422006")
    pen.arc((130, 150, 382, 400), 25, 155, fill="#422006", width=22)
    written = io.BytesIO()
    drawn.save(written, "WEBP", lossless=True)
    return written.getvalue()


def _page(number: int, position: int, packets: list[bytes], *, flags: int = 0) -> bytes:
    """One Ogg page (RFC 3533); every packet here is shorter than 255 bytes, so each is one segment."""
    lengths = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, _SERIAL, number, 0, len(lengths)) + lengths
    whole = head + b"".join(packets)
    return whole[:22] + struct.pack("<I", _checksum(whole)) + whole[26:]


def _checksum(data: bytes) -> int:
    """CRC-32 of Ogg: polynomial 0x04c11db7, nothing reflected, nothing inverted."""
    register = 0
    for byte in data:
        register ^= byte << 24
        for _bit in range(8):
            register = ((register << 1) ^ 0x04C11DB7 if register & 0x80000000 else register << 1) & 0xFFFFFFFF
    return register
