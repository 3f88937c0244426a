"""Numbers and money as people write them: "R$ 1.780,50", "1,780.50", "780". Pure."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

# A sign in front of or behind the figure and what it may stand for. "$" alone is any dollar or peso.
SIGNS: dict[str, frozenset[str]] = {
    "r$": frozenset({"BRL"}),
    "us$": frozenset({"USD"}),
    "u$s": frozenset({"USD"}),
    "mx$": frozenset({"MXN"}),
    "$": frozenset({"USD", "MXN", "ARS", "CLP", "COP", "UYU", "CAD", "AUD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "s/": frozenset({"PEN"}),
    "real": frozenset({"BRL"}),
    "reais": frozenset({"BRL"}),
    "reales": frozenset({"BRL"}),
    "euro": frozenset({"EUR"}),
    "euros": frozenset({"EUR"}),
    "dollar": frozenset({"USD", "CAD", "AUD"}),
    "dollars": frozenset({"USD", "CAD", "AUD"}),
    "dolar": frozenset({"USD"}),
    "dolares": frozenset({"USD"}),
    "peso": frozenset({"MXN", "ARS", "CLP", "COP", "UYU"}),
    "pesos": frozenset({"MXN", "ARS", "CLP", "COP", "UYU"}),
    "sol": frozenset({"PEN"}),
    "soles": frozenset({"PEN"}),
    "pounds": frozenset({"GBP"}),
}
SYMBOLS = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£", "MXN": "MX$", "PEN": "S/"}
# Where a lone separator before three digits parts thousands when the figure is no money.
COMMA_IS_DECIMAL = frozenset({"pt", "es"})
LONGEST = 40


def read_money(text: str) -> tuple[Decimal, frozenset[str] | None]:
    """The amount, and the currencies its sign may mean (None: no sign).

    A lone separator before exactly three digits parts thousands: money has two decimals. Raises ValueError.

    >>> read_money("R$ 1.780,50")
    (Decimal('1780.50'), frozenset({'BRL'}))
    >>> read_money("1,780")[0]
    Decimal('1780')
    """
    figure, sign = _split_sign(text)
    number = _decimal(figure, decimal_mark="")
    if -number.as_tuple().exponent > 2:  # type: ignore[operator] # never NaN: the figure is digits
        raise ValueError(text)
    return number, sign


def read_number(text: str, language: str) -> Decimal:
    """A number in the habits of `language`; both separators together explain themselves. Raises ValueError.

    >>> read_number("1.780", "pt-br"), read_number("1.780", "en")
    (Decimal('1780'), Decimal('1.780'))
    """
    return _decimal(_plain(text), decimal_mark="," if language.split("-", maxsplit=1)[0] in COMMA_IS_DECIMAL else ".")


def _plain(text: str) -> str:
    """Wide digits made narrow, every kind of space and apostrophe gone."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    return re.sub(r"[\s'’]", "", text)


def _split_sign(text: str) -> tuple[str, frozenset[str] | None]:
    plain = _plain(text)
    found = re.fullmatch(r"(?P<minus>-?)(?P<before>[^\d.,\-]*)(?P<figure>-?[\d.,]*\d)(?P<after>[^\d]*)", plain)
    if found is None or (found["before"] and found["after"] and found["before"] != found["after"]):
        raise ValueError(text)
    sign = found["before"] or found["after"]
    figure = found["minus"] + found["figure"]
    if not sign:
        return figure, None
    folded = "".join(c for c in unicodedata.normalize("NFKD", sign.casefold()) if not unicodedata.combining(c))
    known = SIGNS.get(folded)
    if known is None and re.fullmatch(r"[a-z]{3}", folded):
        known = frozenset({folded.upper()})
    if known is None:
        raise ValueError(text)
    return figure, known


def _decimal(figure: str, *, decimal_mark: str) -> Decimal:
    """`decimal_mark` settles a lone separator before three digits; empty: it parts thousands."""
    if len(figure) > LONGEST or not re.fullmatch(r"-?\d[\d.,]*|-?[.,]\d+", figure):
        raise ValueError(figure)
    marks = [c for c in figure if c in ".,"]
    if not marks:
        return _exact(figure)
    last = marks[-1]
    whole, _mark, fraction = figure.rpartition(last)
    if len(set(marks)) == 2:
        if marks.count(last) > 1:
            raise ValueError(figure)
        return _exact(_ungroup(whole, "," if last == "." else ".") + "." + fraction)
    if len(marks) > 1 or (len(fraction) == 3 and last != decimal_mark and not whole.lstrip("-").startswith("0")):
        return _exact(_ungroup(figure, last))
    return _exact(f"{whole or '0'}.{fraction}")


def _ungroup(figure: str, mark: str) -> str:
    if not re.fullmatch(rf"-?\d{{1,3}}(?:{re.escape(mark)}\d{{3}})*|-?\d+", figure):
        raise ValueError(figure)
    return figure.replace(mark, "")


def _exact(figure: str) -> Decimal:
    try:
        number = Decimal(figure)
    except InvalidOperation:
        raise ValueError(figure) from None
    if not number.is_finite():
        raise ValueError(figure)
    return number
