"""Text that somebody typed, pasted or sent, as one line that can be shown, kept and put into a table. Pure."""

import unicodedata

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
