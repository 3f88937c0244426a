"""What a message means. One ordered list of steps; the first that handles it ends the search.

Each step is a function of Incoming that returns True (handled) or False (pass on). The order is the rule:
a global word beats everything, a button beats a quotation, a quotation beats an open question, and so on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import codes, holdings
from apps.contacts import queries as contact_queries
from apps.contacts import services as contacts
from apps.contacts.models import Contact
from apps.conversations import dialogue, menu
from apps.conversations import services as conversations
from apps.conversations.models import Message
from apps.conversations.targets import Reply, Speaker, Target, targets
from apps.core.errors import RecadoError, TryLater
from apps.files.models import File
from apps.inbox import consenting, taps, welcoming
from apps.inbox.words import Word, short_code, whole_word
from apps.outbox import queries as outbox_queries
from apps.outbox.buttons import ButtonSpec
from apps.providers.models import Number
from apps.providers.types import MessageReceived

STALE_AFTER = timedelta(hours=12)  # later than this a message is kept and answered with a question, never acted upon
GREET_STRANGERS_EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Incoming:
    """One new inbound message, recorded, with its window already moved. The person's language is active."""

    number: Number
    contact: Contact
    message: Message
    event: MessageReceived
    files: Sequence[File]

    @property
    def text(self) -> str:
        return self.event.text.strip()

    @property
    def payload(self) -> str:
        return self.event.tapped.payload if self.event.tapped else ""

    @property
    def key(self) -> str:
        """What our answer's key is derived from: a replayed event answers nothing twice."""
        return f"in:{self.message.pk}"

    @property
    def speaker(self) -> Speaker:
        """The employee who speaks. Raises LookupError for a stranger: only steps behind `known_person` may ask."""
        if self.contact.employee is None:
            raise LookupError("A stranger speaks for nobody.")
        return Speaker(self.message.conversation, self.contact, self.contact.employee)

    def say(self, text: str, buttons: Sequence[ButtonSpec] = ()) -> None:
        conversations.say(conversation=self.message.conversation, text=text, key=f"{self.key}:say",
                          caused_by=self.message, buttons=buttons)  # fmt: skip

    def deliver(self, reply: Reply) -> None:
        conversations.deliver(speaker=self.speaker, reply=reply, caused_by=self.message, key=f"{self.key}:reply")


Step = Callable[[Incoming], bool]


def route(incoming: Incoming) -> str:
    """Find the step that handles the message; returns its name."""
    for step in STEPS:
        if step(incoming):
            return step.__name__
    return ""


# --- the steps, in order ----------------------------------------------------------------------------------------------


def stop_word(incoming: Incoming) -> bool:
    """STOP and START count for everybody, managers and strangers too, and are answered even though they stop us."""
    word = whole_word(incoming.event.text) if incoming.event.kind == "text" else None
    if word not in {Word.STOP, Word.START} or _is_an_answer(incoming):
        return False
    if word is Word.STOP:
        contacts.stop(contact=incoming.contact, wording=incoming.text, proof=incoming.message.remote_id)
        incoming.say(_("Done: you get no more reminders and announcements. Your own requests, safety and security "
                       "messages still reach you. Write START to change your mind."))  # fmt: skip
    else:
        contacts.start(contact=incoming.contact, wording=incoming.text, proof=incoming.message.remote_id)
        incoming.say(_("Welcome back: messages reach you again. Write STOP whenever it is too much."))
    return True


def _is_an_answer(incoming: Incoming) -> bool:
    """ "Alto" stops messages in Spanish, and is also how high a priority may be: an option that is offered wins."""
    return dialogue.offers(incoming.message.conversation, incoming.event.text, incoming.contact.spoken_language)


def invitation_code(incoming: Incoming) -> bool:
    """An invitation's code as the whole message: from strangers above all, so that it stands before `known_person`.

    Neither a global word nor a tap can be one, so that its place among them is free.
    """
    if incoming.event.kind != "text" or codes.read(incoming.event.text) is None:
        return False
    if _is_stale(incoming):
        return stale(incoming)
    outcome = contacts.redeem(contact=incoming.contact, text=incoming.text, proof=incoming.message.remote_id)
    contact = incoming.contact  # the instance that later messages of the batch share
    contact.employee, contact.state = outcome.contact.employee, outcome.contact.state
    contact.state_reason, contact.is_shared = outcome.contact.state_reason, outcome.contact.is_shared
    reply = welcoming.answer(outcome)
    if reply.text:
        incoming.say(reply.text, reply.buttons)
    return True


def about_me(incoming: Incoming) -> bool:
    """Everybody may ask what is held about them; whoever is not proved hears of the address alone, once a day."""
    word = whole_word(incoming.event.text) if incoming.event.kind == "text" else None
    if word is not Word.ABOUT_ME or _is_an_answer(incoming):
        return False
    if holdings.is_proved_person(incoming.contact):
        incoming.say(holdings.told(incoming.contact))
    else:
        day = incoming.message.received_at.date().isoformat()
        conversations.say(conversation=incoming.message.conversation, text=holdings.told(incoming.contact),
                          key=f"about:{incoming.contact.pk}:{day}", caused_by=incoming.message)  # fmt: skip
    return True


def known_person(incoming: Incoming) -> bool:
    """Ends the search for strangers, leavers and suspended contacts: they learn nothing and decide nothing."""
    contact = incoming.contact
    employee = contact.employee
    if contact.state == Contact.State.ACTIVE and employee is not None and employee.is_active:
        return False
    greeted = contact.greeted_at
    if greeted is None or greeted + GREET_STRANGERS_EVERY <= incoming.message.received_at:
        contact.greeted_at = incoming.message.received_at
        contact.save(update_fields=["greeted_at"])
        if contact_queries.waiting_claim(contact) is not None:
            incoming.say(_("HR is still looking at the code you sent, and you get a message here as soon as it is confirmed. "
                           "What you wrote is kept."))  # fmt: skip
        elif contact.state == Contact.State.SUSPENDED:
            incoming.say(_("Your number has changed or was reported lost, so we have to check that it is you. "
                           "Please ask HR to confirm it. Nothing you wrote is lost."))  # fmt: skip
        else:
            incoming.say(_("Hello! This number is for people of our company, and we do not know yours. "
                           "If you work here, please ask HR for an invitation."))  # fmt: skip
    return True


def stale(incoming: Incoming) -> bool:
    """A message that took half a day to arrive is kept, and its sender asked; it starts nothing by itself."""
    if not _is_stale(incoming):
        return False
    incoming.say(_("A message of yours reached us only now, long after you sent it. It is kept, but nothing was done. "
                   "If it still matters, please send it again."))  # fmt: skip
    return True


def _is_stale(incoming: Incoming) -> bool:
    return incoming.message.received_at - incoming.message.sent_at >= STALE_AFTER


def global_word(incoming: Incoming) -> bool:
    word = whole_word(incoming.event.text) if incoming.event.kind == "text" else None
    if word is Word.MENU:
        menu.show(speaker=incoming.speaker, caused_by=incoming.message)
        return True
    if word is Word.CANCEL:
        current = dialogue.current(incoming.message.conversation)
        if current is None:
            incoming.say(_("There is nothing to cancel. Write *menu* to start something."))
        else:
            dialogue.cancel(dialogue=current, speaker=incoming.speaker, caused_by=incoming.message)
        return True
    if word is Word.MESSAGES and not _is_an_answer(incoming):
        incoming.deliver(consenting.overview(incoming.speaker))
        return True
    return False


def bound_button(incoming: Incoming) -> bool:
    if not taps.is_button(incoming.payload):
        return False
    incoming.deliver(taps.take(incoming.payload, incoming.speaker, incoming.message))
    return True


def menu_choice(incoming: Incoming) -> bool:
    """A row of the menu or of a sub-menu; it may be an old one, which is as good as a new one."""
    if not menu.is_choice(incoming.payload):
        return False
    reply = menu.choose(payload=incoming.payload, speaker=incoming.speaker, caused_by=incoming.message)
    if reply is not None:
        incoming.deliver(reply)
    return True


def quoted_message(incoming: Incoming) -> bool:
    """An answer to one of our messages is about that message's item, unless it quotes the open dialogue's prompt."""
    if not incoming.event.quoted_id or incoming.event.tapped:
        return False
    quoted = outbox_queries.by_remote_id(incoming.event.quoted_id)
    if quoted is None and outbox_queries.is_on_its_way_to(incoming.contact):
        # Whoever answers at once may be faster than the carrier's receipt, which tells us how it calls the message.
        raise TryLater("The quoted message is being sent just now.", code="quoted_unknown")
    if quoted is None or quoted.contact_id != incoming.contact.pk or not quoted.subject_type:
        return False
    current = dialogue.current(incoming.message.conversation)
    if current is not None and current.prompt_key == quoted.key:
        return False
    return any(_follow_up(incoming, target, quoted.subject_id) for target in _about(quoted.subject_type))


def item_code(incoming: Incoming) -> bool:
    """ "T-104 still dripping": the short code names the item."""
    code = short_code(incoming.event.text) if incoming.event.kind == "text" else None
    if code is None:
        return False
    return any(_follow_up(incoming, target, code[1]) for _name, target in targets if target.code_prefix == code[0])


def open_dialogue(incoming: Incoming) -> bool:
    current = dialogue.current(incoming.message.conversation)
    if current is None:
        return dialogue.answer_stale(payload=incoming.payload, speaker=incoming.speaker, caused_by=incoming.message)
    try:
        with transaction.atomic():
            completed = dialogue.answer(
                dialogue=current, speaker=incoming.speaker, message=incoming.message, event=incoming.event,
                files=incoming.files,
            )  # fmt: skip
            reply = targets[completed.target].complete(completed) if completed is not None else None
    except RecadoError as error:
        # What the domain refuses undoes the last step too: the draft stays, to be mended or cancelled.
        reply = Reply(text=str(error))
    if reply is not None:
        incoming.deliver(reply)
    return True


def recent_item(incoming: Incoming) -> bool:
    """A loose line, photo or place of somebody who reported something minutes ago belongs to that report."""
    if incoming.event.tapped or incoming.event.kind in {"reaction", "unsupported", "contacts", "order"}:
        return False
    for _name, target in targets:
        subject_id = target.recent_subject(incoming.speaker)
        if subject_id is not None and _follow_up(incoming, target, subject_id):
            return True
    return False


def command_words(incoming: Incoming) -> bool:
    """The words of a menu row, typed."""
    reply = menu.by_label(text=incoming.event.text, speaker=incoming.speaker) if incoming.event.kind == "text" else None
    if reply is None:
        return False
    incoming.deliver(reply)
    return True


def quiet(incoming: Incoming) -> bool:
    """A thumbs-up is not a question."""
    return incoming.event.kind == "reaction"


def show_menu(incoming: Incoming) -> bool:
    menu.show(speaker=incoming.speaker, caused_by=incoming.message)
    return True


def _about(subject_type: str) -> list[Target]:
    return [target for _name, target in targets if target.subject_type == subject_type]


def _follow_up(incoming: Incoming, target: Target, subject_id: str) -> bool:
    try:
        with transaction.atomic():
            reply = target.follow_up(incoming.speaker, subject_id, incoming.message)
    except RecadoError as error:
        reply = Reply(text=str(error))
    if reply is None:
        return False
    incoming.deliver(reply)
    return True


STEPS: tuple[Step, ...] = (
    stop_word,
    invitation_code,
    about_me,
    known_person,
    stale,
    global_word,
    bound_button,
    menu_choice,
    quoted_message,
    item_code,
    open_dialogue,
    command_words,
    recent_item,
    quiet,
    show_menu,
)
