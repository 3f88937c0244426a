"""Consent in the chat: asked once after linking, changed at any time, each answer stored with its wording and message."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from apps.contacts import consent as rules
from apps.contacts import queries
from apps.contacts import services as contacts
from apps.contacts.consent import Question
from apps.contacts.models import Contact
from apps.conversations.targets import Reply, Speaker, Tap
from apps.core.errors import InvalidInputError
from apps.outbox.buttons import ButtonSpec
from apps.providers.kinds import Klass

TARGET = "contacts.consent"
ASKED_FOR_DAYS = timedelta(days=30)
ALL, NONE, CHOOSE, SET, DONE, ASK = "all", "none", "choose", "set", "done", "ask"


def asked(contact: Contact, *, welcome: str) -> Reply:
    """The welcome and the question, in the active language; a shared handset is only welcomed: nobody signs there."""
    if contact.is_shared:
        return Reply(text=f"{welcome}\n\n{shared_sentence()}")
    question = queries.question(contact.spoken_language)
    titles = {
        ALL: _("Yes, to all"),
        CHOOSE: pgettext("consent", "Let me choose"),
        NONE: pgettext("consent", "No, thanks"),
    }
    buttons = [_spec(answer, title, question) for answer, title in titles.items()]
    return Reply(text=f"{welcome}\n\n{question.text}", buttons=buttons)


def overview(speaker: Speaker, *, note: str = "") -> Reply:
    """What the person gets now, with a row for each class that changes it."""
    contact = speaker.contact
    if contact.is_shared:
        return Reply(text=shared_sentence())
    question = queries.question(contact.spoken_language)
    given, is_stopped = queries.given_consents(contact), queries.is_stopped(contact)
    rows = [_row(klass, bool(given.get(klass)) and not is_stopped, question) for klass in question.klasses]
    rows.append(_spec(DONE, _("Done"), question))
    lines = [note] if note else []
    if is_stopped:
        lines.append(_("You wrote STOP: only essential messages reach you. Switching one on below ends the STOP."))
    lines.append(_("This is what you get. Tap one to switch it on or off. Answers to what you ask for yourself, safety and "
                   "security messages always reach you."))  # fmt: skip
    return Reply(text="\n\n".join(lines), buttons=rows)


def shared_sentence() -> str:
    return _("This is a shared phone: here people may report and confirm, but not decide, sign or agree to messages. "
             "For messages of your own use your own phone, or ask HR.")  # fmt: skip


def take(tap: Tap) -> Reply:
    """One tap on one of these buttons. Raises InvalidInputError on a shared handset."""
    data = tap.button.data
    contact, answer = tap.speaker.contact, str(data.get("answer", ""))
    if contact.is_shared:
        raise InvalidInputError(shared_sentence())
    if answer == ASK:
        return asked(contact, welcome=_("Thank you for coming back."))
    if answer in {CHOOSE, DONE}:
        return overview(tap.speaker) if answer == CHOOSE else Reply(text=summary(contact))
    question = queries.question_of(int(data.get("version", 0)), str(data.get("language", "")))
    if answer == SET:
        klass, is_given = str(data.get("klass", "")), bool(data.get("give"))
        _store(tap, question, {klass: is_given})
        return overview(tap.speaker, note=_switched(klass, is_given))
    _store(tap, question, dict.fromkeys(question.klasses, answer == ALL))
    return Reply(text=summary(contact))


def summary(contact: Contact) -> str:
    """What was agreed to, in one or two sentences, and how to change it."""
    given = queries.given_consents(contact)
    names = [str(Klass(klass).label) for klass in rules.ASKED_FOR if given.get(klass)]
    change = _("Write *what I get* whenever you want to change it, STOP to end what is not essential, *menu* to begin.")
    if not names or queries.is_stopped(contact):
        return (
            _("Understood: nothing but answers to what you ask for yourself, and safety and security messages.")
            + f" {change}"
        )
    return _("Thank you. You get: %(what)s.") % {"what": ", ".join(names)} + f" {change}"


def _store(tap: Tap, question: Question, answers: Mapping[str, bool]) -> None:
    """One row per class. A yes after a STOP is the newer word, and ends the STOP: for what was said yes to now, and for
    nothing that the STOP held back."""
    contact = tap.speaker.contact
    wording = f"{question.text}\n→ {tap.button.title}"
    proof = tap.message.remote_id
    for klass, is_given in answers.items():
        if klass not in rules.ASKED_FOR:
            continue
        write = contacts.give_consent if is_given else contacts.withdraw_consent
        write(contact=contact, klass=klass, wording=wording, source="chat", proof=proof, version=question.version,
              by=tap.speaker.employee)  # fmt: skip
    if any(answers.values()) and queries.is_stopped(contact):
        for klass, was_given in queries.given_consents(contact).items():
            if was_given and klass not in answers:
                contacts.withdraw_consent(contact=contact, klass=klass, wording=wording, source="chat", proof=proof,
                                          version=question.version, by=tap.speaker.employee)  # fmt: skip
        contacts.start(contact=contact, wording=tap.button.title, proof=proof)


def _switched(klass: str, is_given: bool) -> str:
    name = str(Klass(klass).label)
    return (_("Switched on: %(what)s.") if is_given else _("Switched off: %(what)s.")) % {"what": name}


def _row(klass: str, is_on: bool, question: Question) -> ButtonSpec:
    title = f"{'✅' if is_on else '⬜'} {Klass(klass).label}"
    return _spec(SET, title, question, klass=str(klass), give=not is_on)


def _spec(answer: str, title: str, question: Question, **more: Any) -> ButtonSpec:
    data = {"answer": answer, "version": question.version, "language": get_language() or "", **more}
    return ButtonSpec(action=f"{answer}{more.get('klass', '')}", target=TARGET, title=title, data=data,
                      expires_in=ASKED_FOR_DAYS)  # fmt: skip
