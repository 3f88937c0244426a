"""Pictures, a PDF and places to send with one tap. Drawn at run time with the standard library: nothing to ship."""

import struct
import zlib
from collections.abc import Callable
from functools import cache

Colour = tuple[int, int, int]
WIDTH, HEIGHT = 480, 360

PLACES: dict[str, tuple[float, float, str, str]] = {
    "warehouse": (-23.561414, -46.655881, "Warehouse", "Av. Paulista, 1578, São Paulo"),
    "office": (38.736946, -9.142685, "Lisbon office", "Av. da República, 10, Lisboa"),
    "plant": (19.432608, -99.133209, "Plant 2", "Plaza de la Constitución, Ciudad de México"),
}

# Five columns by seven rows, one number a row; only the letters that the labels use.
_LETTERS = {
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30), "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30), "E": (31, 16, 16, 30, 16, 16, 31), "I": (14, 4, 4, 4, 4, 4, 14),
    "K": (17, 18, 20, 24, 20, 18, 17), "L": (16, 16, 16, 16, 16, 16, 31), "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17), "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "R": (30, 17, 17, 30, 20, 18, 17), "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4),
    "X": (17, 17, 10, 4, 10, 17, 17), " ": (0, 0, 0, 0, 0, 0, 0),
    "0": (14, 17, 19, 21, 25, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8), "8": (14, 17, 17, 14, 17, 17, 14),
    "$": (4, 15, 20, 14, 5, 30, 4),
}  # fmt: skip


class _Canvas:
    def __init__(self, top: Colour, bottom: Colour) -> None:
        self.rows = []
        for y in range(HEIGHT):
            share = y / HEIGHT
            colour = bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
            self.rows.append(bytearray(colour * WIDTH))

    def box(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        for row in self.rows[max(y, 0) : y + height]:
            row[x * 3 : (x + width) * 3] = bytes(colour) * width

    def disc(self, x: int, y: int, radius: int, colour: Colour) -> None:
        for dy in range(-radius, radius + 1):
            half = int((radius * radius - dy * dy) ** 0.5)
            self.box(x - half, y + dy, 2 * half, 1, colour)

    def write(self, x: int, y: int, text: str, scale: int, colour: Colour) -> None:
        for letter in text:
            for line, bits in enumerate(_LETTERS[letter]):
                for column in range(5):
                    if bits & (16 >> column):
                        self.box(x + column * scale, y + line * scale, scale, scale, colour)
            x += 6 * scale

    def label(self, text: str) -> None:
        self.box(0, HEIGHT - 56, WIDTH, 56, (24, 28, 33))
        self.write((WIDTH - len(text) * 24) // 2, HEIGHT - 42, text, 4, (255, 255, 255))

    def png(self) -> bytes:
        raw = b"".join(b"\0" + bytes(row) for row in self.rows)
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _pipe() -> _Canvas:
    canvas = _Canvas((214, 222, 228), (176, 187, 196))
    canvas.box(0, 120, WIDTH, 64, (120, 132, 144))
    canvas.box(0, 130, WIDTH, 14, (164, 176, 186))
    for x in (90, 330):
        canvas.box(x, 108, 34, 88, (92, 104, 116))
    canvas.box(206, 116, 26, 72, (58, 66, 74))
    for x, y, radius in ((212, 206, 9), (224, 230, 12), (208, 256, 14), (228, 282, 10)):
        canvas.disc(x, y, radius, (66, 146, 214))
    canvas.box(130, 290, 190, 14, (96, 168, 226))
    canvas.label("BROKEN PIPE")
    return canvas


def _receipt() -> _Canvas:
    canvas = _Canvas((150, 116, 88), (116, 86, 62))
    canvas.box(150, 20, 190, 270, (250, 249, 244))
    canvas.write(182, 36, "TAXI", 5, (40, 40, 44))
    for line in range(6):
        canvas.box(170, 92 + line * 20, 100 - line % 3 * 18, 6, (172, 172, 176))
        canvas.box(290, 92 + line * 20, 30, 6, (172, 172, 176))
    canvas.box(170, 216, 150, 3, (60, 60, 64))
    canvas.write(170, 234, "R$ 780", 4, (40, 40, 44))
    canvas.label("RECEIPT")
    return canvas


def _lamp() -> _Canvas:
    canvas = _Canvas((46, 50, 72), (28, 30, 46))
    canvas.box(232, 0, 10, 70, (120, 124, 136))
    canvas.disc(237, 124, 58, (74, 80, 104))
    canvas.disc(237, 124, 44, (96, 102, 126))
    canvas.box(210, 60, 54, 26, (150, 154, 166))
    for x in (40, 400):
        canvas.box(x, 200, 44, 100, (38, 42, 60))
    canvas.label("DEAD LAMP")
    return canvas


def _box() -> _Canvas:
    canvas = _Canvas((206, 224, 208), (158, 184, 164))
    canvas.box(130, 90, 220, 190, (196, 150, 98))
    canvas.box(130, 90, 220, 40, (214, 172, 122))
    canvas.box(226, 90, 28, 190, (232, 206, 160))
    canvas.box(270, 190, 60, 60, (250, 248, 240))
    canvas.box(280, 202, 40, 6, (80, 80, 84))
    canvas.box(280, 216, 28, 6, (80, 80, 84))
    canvas.label("PARCEL DOOR")
    return canvas


_SCENES: dict[str, Callable[[], _Canvas]] = {"pipe": _pipe, "receipt": _receipt, "lamp": _lamp, "parcel": _box}
PICTURES = tuple(_SCENES)


@cache
def picture(name: str) -> bytes:
    """A PNG of 480 by 360; KeyError for a name that is not in PICTURES."""
    return _SCENES[name]().png()


@cache
def pdf() -> bytes:
    """One A6 page saying what it is."""
    text = b"BT /F1 18 Tf 40 340 Td (Sample document) Tj 0 -28 Td /F1 12 Tf (Made by the Recado sandbox) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 298 420] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    starts = []
    for number, content in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % start for start in starts)
    return out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
