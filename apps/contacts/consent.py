"""Which class of messages needs a yes, which a STOP holds back, and how we ask as shipped. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.providers.kinds import Klass


@dataclass(frozen=True)
class Rule:
    needs_consent: bool
    is_stopped_by_stop: bool
    reason: str


RULES: dict[str, Rule] = {
    Klass.SECURITY: Rule(False, False, "A code or a warning about the person's own access protects that person."),
    Klass.SAFETY: Rule(False, False, "In an emergency people must be reached; it is used for nothing else."),
    Klass.MY_REQUESTS: Rule(False, False, "The person asked for it: the answer to an own report or request."),
    Klass.WORK: Rule(True, True, "Work of others that waits for the person: tickets, decisions, tasks."),
    Klass.REMINDER: Rule(True, True, "Helpful, never essential."),
    Klass.ANNOUNCEMENT: Rule(True, True, "News of the company, never essential."),
}
ASKED_FOR = tuple(str(klass) for klass, rule in RULES.items() if rule.needs_consent)
"""The classes a person is asked to agree to."""


def rule_for(klass: str) -> Rule:
    """The rule of a class; one we do not know needs consent and is stopped."""
    return RULES.get(klass, Rule(True, True, "Unknown class."))


def has_consent(klass: str, given: Mapping[str, bool]) -> bool:
    """True when the class needs no consent, or the newest answer to it was yes."""
    return not rule_for(klass).needs_consent or given.get(klass, False)


def holds_back(klass: str, is_stopped: bool) -> bool:
    """True when the person said STOP and the class is not essential."""
    return is_stopped and rule_for(klass).is_stopped_by_stop


def allows(klass: str, given: Mapping[str, bool], is_stopped: bool) -> bool:
    """May we write a message of this class to the person on our own account?"""
    return has_consent(klass, given) and not holds_back(klass, is_stopped)


SHIPPED = {
    "en": "May {company} write to you here on WhatsApp? There are three kinds of messages: work (tickets, decisions and tasks "
          "that wait for you), reminders, and announcements. You may say yes to all of them, to some or to none, and change "
          "your mind at any time. STOP ends everything that is not essential.",
    "pt-br": "{company} pode escrever para você aqui no WhatsApp? São três tipos de mensagens: trabalho (chamados, decisões e "
             "tarefas que esperam por você), lembretes e comunicados. Você pode aceitar todos, alguns ou nenhum, e mudar de "
             "ideia quando quiser. PARAR interrompe tudo o que não for essencial.",
    "es": "¿Puede {company} escribirte aquí por WhatsApp? Hay tres tipos de mensajes: trabajo (avisos, decisiones y tareas que "
          "te esperan), recordatorios y comunicados. Puedes aceptar todos, algunos o ninguno, y cambiar de idea cuando "
          "quieras. PARAR detiene todo lo que no sea esencial.",
}  # fmt: skip
"""Version 0 of the question: what we ask until HR writes a wording of its own."""


@dataclass(frozen=True)
class Question:
    """The question as one person is asked it: its version, the classes it covers, its text with the company's name."""

    version: int
    klasses: tuple[str, ...]
    text: str
