"""Words that steer a dialogue when they are the whole message, in all our languages at once. Pure.

Which of them count depends on the question: "done" ends a row of photos but may be an honest answer elsewhere.
"""

from apps.forms import chat
from apps.forms.parse import fold
from apps.forms.schema import FILE_KINDS, FieldSpec

WORDS: dict[str, frozenset[str]] = {
    chat.BACK: frozenset({"back", "voltar", "volver", "atras", "anterior"}),
    chat.CANCEL: frozenset({"cancel", "cancelar", "cancela"}),
    chat.SKIP: frozenset({"skip", "pular", "saltar", "omitir"}),
    chat.DONE: frozenset({"done", "ready", "pronto", "feito", "listo", "hecho", "fim", "fin"}),
    chat.SEND: frozenset({"send", "enviar", "yes", "sim", "si"}),
}
ALWAYS = frozenset({chat.BACK, chat.CANCEL})


def control(text: str, field: FieldSpec | None) -> str:
    """The control that `text` names at this question (None: the final check); empty when it is an answer.

    >>> control(" Voltar! ", None)
    '!back'
    """
    folded = fold(text) if len(text) <= 20 else ""
    possible = set(ALWAYS)
    if field is None:
        possible.add(chat.SEND)
    else:
        possible.add(chat.SKIP)
        if field.kind in FILE_KINDS:
            possible.add(chat.DONE)
        if field.kind == "choice" and any(
            folded == fold(label) for option in field.choices for label in option.label.values()
        ):
            return ""
    return next((name for name in possible if folded in WORDS[name]), "")
