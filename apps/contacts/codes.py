"""One-time codes of invitations, like RECADO-7KQ4-M2XD: how they are made, read and kept. No database.

A code is derived from a random nonce with the house's key, so that it can be printed again while the table holds only the
nonce and a keyed digest: a copy of the database opens nothing.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from apps.core.encryption import signature

WORD = "RECADO"
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty signs that nobody confuses on paper or aloud: no 0 and O, no 1, I and L, no U beside V."""
LENGTH = 8
"""30^8 = 6.6e11: with the limits on guesses (`policy`) nobody lives long enough."""

_BROAD = re.compile(rf"^\s*{WORD}([\s\-–—]+)([A-Z0-9][A-Z0-9\s\-–—]{{0,30}}?)[\s.!]*$", re.IGNORECASE)
_HYPHENS = {"-", "–", "—"}


@dataclass(frozen=True)
class Typed:
    """What somebody sent as a code. `code` is its eight signs; empty when they are too few, too many, or none of ours."""

    code: str


def derive(nonce: str) -> str:
    """The eight signs of one invitation; at least one is a digit, which no word of a sentence has."""
    for turn in range(100):
        number = int(signature("invitation", f"{nonce}.{turn}", length=64), 16)
        signs = []
        for _place in range(LENGTH):
            number, rest = divmod(number, len(ALPHABET))
            signs.append(ALPHABET[rest])
        code = "".join(signs)
        if any(sign.isdigit() for sign in code):
            return code
    raise ValueError("A hundred codes without a digit: the digest is broken.")


def shown(code: str) -> str:
    """
    >>> shown("7KQ4M2XD")
    'RECADO-7KQ4-M2XD'
    """
    return f"{WORD}-{code[:4]}-{code[4:]}"


def digest(code: str) -> str:
    """What is kept of a code."""
    return signature("invitation code", code, length=64)


def read(text: str) -> Typed | None:
    """The code that a whole message is; None for a message that is none. Any case, spaces instead of hyphens.

    >>> read(" recado 7kq4 m2xd ")
    Typed(code='7KQ4M2XD')
    >>> read("RECADO-7KQ4-M2")
    Typed(code='')
    >>> read("Recado para Ana") is None
    True
    """
    match = _BROAD.match(text) if len(text) <= 60 else None
    if match is None:
        return None
    signs = re.sub(r"[\s\-–—]", "", match[2]).upper()
    # "recado" is a word of Portuguese: without its hyphen only what has a code's length and a digit is meant as one.
    if match[1] not in _HYPHENS and (len(signs) != LENGTH or not any(sign.isdigit() for sign in signs)):
        return None
    is_whole = len(signs) == LENGTH and set(signs) <= set(ALPHABET)
    return Typed(signs if is_whole else "")


def link(phone: str, code: str) -> str:
    """The address that opens the chat with the company's number, the code already typed.

    >>> link("+55 11 3000-0100", "7KQ4M2XD")
    'https://wa.me/551130000100?text=RECADO-7KQ4-M2XD'
    """
    digits = re.sub(r"\D", "", phone)
    return f"https://wa.me/{digits}?text={quote(shown(code))}"
