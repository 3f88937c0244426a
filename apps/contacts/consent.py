"""Which class of messages needs a yes, and which a STOP holds back: a table, and one question about it. Pure."""

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
