"""Text that somebody typed, pasted or sent, as one line that can be shown, kept and put into a table. Pure."""

import unicodedata

_LONGEST_KEY = 17
_JOINERS = "\u200c\u200d"  # they shape letters in some languages


def one_line(text: str) -> str:
    """Without what nobody sees (controls, marks of direction, halves of characters) and with single spaces.

    >>> one_line("  Ana\\x1b\\n\\u202eLima ")
    'Ana Lima'
    """
    return " ".join("".join(_seen(character) for character in text).split())


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co", "Cn"} and character not in _JOINERS else character


def key_in(text: object) -> int:
    """The key of a row as somebody wrote it; 0, which no row has, for what is none or longer than any key.

    >>> key_in("12"), key_in("²"), key_in("9" * 5000), key_in(None)
    (12, 0, 0, 0)
    """
    digits = str(text or "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_KEY else 0
