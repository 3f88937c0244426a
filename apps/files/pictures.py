"""Small copies of pictures. Pure: bytes in, bytes out; hostile bytes end as one of two errors, never as a crash.

Only what phones and cameras make is opened (JPEG, PNG, WebP, GIF; first frame), after its size was read from its head: a
bomb is refused before it unfolds. The copy is painted afresh, so that neither the place nor the owner's name that a camera
writes into a picture (EXIF, XMP) reaches it.
"""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
KINDS = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
SIDE = 480  # pixels of the longer side: a bubble of 240 on a dense screen
QUALITY = 80


class BrokenPictureError(ValueError):
    """It begins like a picture, and cannot be painted."""


class TooManyPixelsError(ValueError):
    """Small as a file, too large as a picture."""


@dataclass(frozen=True)
class Small:
    """A WebP copy, with its own width and height."""

    content: bytes
    width: int
    height: int
    kind: str = "image/webp"


def small(content: bytes, *, most_pixels: int) -> Small:
    """A copy of at most `SIDE` pixels. Raises BrokenPictureError, TooManyPixelsError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _painted(content, most_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise TooManyPixelsError(str(error)) from error
    except TooManyPixelsError:
        raise
    except (
        Exception
    ) as error:  # a decoder of hostile bytes raises nearly anything: struct.error, KeyError, SyntaxError …
        raise BrokenPictureError(repr(error)) from error


def _painted(content: bytes, most_pixels: int) -> Small:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > most_pixels:
            raise TooManyPixelsError(f"{width} x {height}")
        opened.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is unfolded at a fraction of its size
        opened.load()
        turned = ImageOps.exif_transpose(opened)
        has_holes = turned.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in turned.info
        turned = turned.convert("RGBA" if has_holes else "RGB")
        turned.thumbnail((SIDE, SIDE))
        clean = Image.new(turned.mode, turned.size)
        clean.paste(turned)
    written = io.BytesIO()
    clean.save(written, "WEBP", quality=QUALITY)
    return Small(written.getvalue(), clean.width, clean.height)
