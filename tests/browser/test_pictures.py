"""The pictures that the documentation shows: the home of each role in three languages (`make pictures`)."""

from pathlib import Path

import pytest
from PIL import Image

from tests.browser.desk import Look

pytestmark = pytest.mark.pictures

ROLES = ("admin", "hr", "manager", "finance", "responder", "auditor", "operator")
LANGUAGES = {"en": "en-US", "pt": "pt-BR", "es": "es-ES"}
MOST_BYTES = 120_000


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_of_a_role(look: Look, role: str, language: str) -> None:
    page = look.open(language=LANGUAGES[language])
    look.sign_in(page, role)
    look.judge(page, f"home of {role} in {language}")
    name = f"home-{role}-{language}"
    look.picture(page, name)
    path = look.folder / f"{name}.png"
    squeeze(path)
    assert path.stat().st_size < MOST_BYTES


def squeeze(path: Path) -> None:
    """Flat colours need no more than a palette: a fourth of the bytes, and nobody sees it."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
