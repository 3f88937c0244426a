"""Which of the languages that a text is written in serves a person best. Pure."""

from collections.abc import Iterable


def base(language: str) -> str:
    """
    >>> base("pt-br")
    'pt'
    """
    return language.lower().partition("-")[0]


def chain(wanted: str, written: Iterable[str], *, house: str) -> list[str]:
    """All languages that the text is written in, best first: the wanted one, its base, its kin ("pt" and "pt-pt" are
    better served by "pt-br" than by English), the same for the house's language, then English, then any.

    >>> chain("pt-pt", ["en", "es", "pt-br"], house="es")
    ['pt-br', 'es', 'en']
    """
    left = list(written)
    found: list[str] = []
    for code in (wanted.lower(), house.lower(), "en"):
        for fits in (code, base(code), None):
            for language in list(left):
                is_it = language.lower() == fits if fits is not None else base(language) == base(code)
                if is_it:
                    found.append(language)
                    left.remove(language)
    return found + left
