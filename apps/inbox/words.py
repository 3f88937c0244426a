"""Words that count only as the whole message, in three languages. Pure.

Only the single word is an opt-out: "stop sending me to the wrong floor" is a sentence, not a STOP.
"""

import re
from enum import StrEnum

from apps.forms.parse import fold


class Word(StrEnum):
    STOP = "stop"
    START = "start"
    MENU = "menu"
    CANCEL = "cancel"
    MESSAGES = "messages"
    ABOUT_ME = "about me"


_WORDS: dict[Word, frozenset[str]] = {
    Word.STOP: frozenset({"stop", "unsubscribe", "parar", "pare", "sair", "descadastrar", "baja", "alto", "detener"}),
    Word.START: frozenset({"start", "subscribe", "iniciar", "voltar a receber", "alta", "empezar", "reanudar"}),
    Word.MENU: frozenset({"menu", "hi", "hello", "help", "oi", "ola", "ajuda", "bom dia", "boa tarde", "boa noite",
                          "hola", "ayuda", "buenos dias", "buenas tardes", "inicio", "opcoes", "opciones", "options"}),
    Word.CANCEL: frozenset({"cancel", "cancelar", "anular"}),
    Word.MESSAGES: frozenset({"what i get", "what i get from recado", "my messages", "consent", "o que recebo",
                              "o que recebo do recado", "minhas mensagens", "consentimento", "que recibo",
                              "que recibo de recado", "mis mensajes", "consentimiento"}),
    Word.ABOUT_ME: frozenset({"what you hold about me", "what do you hold about me", "my data", "privacy",
                              "o que voces sabem sobre mim", "o que sabem sobre mim", "meus dados", "privacidade",
                              "que saben sobre mi", "que saben de mi", "mis datos", "privacidad"}),
}  # fmt: skip

_CODE = re.compile(r"^\s*([A-Za-z]{1,3})\s?-\s?(\d{1,12})\b[\s:,.\-–]*(.*)$", re.DOTALL)


def whole_word(text: str) -> Word | None:
    """The global word that the whole message is, if any.

    >>> whole_word(" PARAR! ")
    <Word.STOP: 'stop'>
    >>> whole_word("stop the line") is None
    True
    """
    folded = " ".join(fold(text).split()) if len(text) <= 40 else ""
    return next((word for word, spellings in _WORDS.items() if folded in spellings), None)


def short_code(text: str) -> tuple[str, str, str] | None:
    """(prefix, id, rest) of a message that begins with an item's short code.

    >>> short_code("t-104: still dripping")
    ('T', '104', 'still dripping')
    """
    match = _CODE.match(text)
    return (match[1].upper(), match[2], match[3].strip()) if match else None
