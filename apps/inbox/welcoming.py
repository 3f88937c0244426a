"""What somebody reads whose code has come in, and whom HR has confirmed or refused."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.contacts import policy
from apps.contacts import queries as contact_queries
from apps.contacts.claiming import Outcome, Result
from apps.contacts.models import Claim, Contact
from apps.conversations import services as conversations
from apps.conversations.models import Conversation, Message
from apps.conversations.targets import Reply
from apps.core import clock
from apps.inbox import consenting
from apps.inbox.kinds import CONFIRMED
from apps.outbox.buttons import ButtonSpec


def answer(outcome: Outcome) -> Reply:
    """In the language of whoever sent it: that of the person whom a code was made for would tell a stranger something.

    An empty one says nothing.
    """
    with translation.override(outcome.contact.spoken_language):
        if outcome.employee is None:
            return Reply(text=_refusal(outcome.result))
        if outcome.result is Result.LINKED:
            return consenting.asked(outcome.contact, welcome=_welcome(outcome.contact))
        return Reply(text=_("You are connected already, %(name)s. Write *menu* to begin.") % {
            "name": _first_name(outcome.contact)})  # fmt: skip


def _refusal(result: Result) -> str:
    """The same words for whatever says nothing about a person."""
    if result is Result.CLAIMED:
        return _("Thank you. HR looks at it and confirms that it is you; you then get a message here. There is nothing else "
                 "you need to do.")  # fmt: skip
    if result is Result.STILL_CLAIMED:
        return _(
            "Thank you, your code is here already. HR looks at it, and you get a message as soon as it is confirmed."
        )
    if result is Result.INCOMPLETE:
        return _("That looks like a code, but not a whole one. It has the form RECADO-7KQ4-M2XD. Please check it and send it "
                 "again. Nothing was changed.")  # fmt: skip
    if result is Result.USED:
        return _(
            "This code was used already, and works only once. If that was not you, please tell HR. Nothing was changed."
        )
    if result is Result.EXPIRED:
        return _("The time of this code is over. Please ask HR for a new one. Nothing was changed.")
    if result is Result.TOO_MANY:
        minutes = int(policy.GUESSES.total_seconds() // 60)
        return ngettext("That was not a valid code, and there were several now. Please wait for %(minutes)s minute, or ask HR "
                        "for a new one.",
                        "That was not a valid code, and there were several now. Please wait for %(minutes)s minutes, or ask HR "
                        "for a new one.", minutes) % {"minutes": minutes}  # fmt: skip
    if result is Result.SILENT:
        return ""
    return _("This code is not valid. Please check it, or ask HR for a new one. Nothing was changed.")


def _welcome(contact: Contact) -> str:
    facts = {"name": _first_name(contact), "company": settings.COMPANY_NAME}
    return (
        _("Welcome, %(name)s! Your phone is connected with %(company)s. Write *menu* to report or ask for something.")
        % facts
    )


def _first_name(contact: Contact) -> str:
    return contact.employee.name.split(" ")[0] if contact.employee is not None else ""


# --- after HR's word --------------------------------------------------------------------------------------------------


def confirmed(claim: Claim) -> None:
    """Welcome them: with the question while the 24 hours are open, else by an approved template that leads to it."""
    contact, conversation = claim.contact, _conversation(claim)
    if contact.employee is None or contact.employee_id != claim.invitation.employee_id:
        return  # unlinked again meanwhile
    key = f"claim:{claim.pk}:confirmed"
    with translation.override(contact.spoken_language):
        facts = (
            contact_queries.delivery_facts(contact, conversation.number, CONFIRMED.klass, clock.now())
            if conversation
            else None
        )
        if conversation is not None and facts is not None and facts.is_window_open:
            reply = consenting.asked(contact, welcome=_welcome(contact))
            conversations.say(
                conversation=conversation, text=reply.text, buttons=reply.buttons, key=key, caused_by=None
            )
            return
        button = ButtonSpec(action=consenting.ASK, target=consenting.TARGET, data={"answer": consenting.ASK})
        conversations.notify(
            kind=CONFIRMED.name, to=contact.employee, key=key, buttons=[button], subject=claim,
            data={"name": _first_name(contact), "company": settings.COMPANY_NAME},
        )  # fmt: skip


def refused(claim: Claim) -> None:
    """Tell whoever sent the code, as the answer to it; nothing is said once the 24 hours are over."""
    conversation = _conversation(claim)
    if conversation is None or claim.contact.state == Contact.State.SUSPENDED:
        return
    sent = Message.objects.filter(conversation=conversation, remote_id=claim.proof).first()
    with translation.override(claim.contact.spoken_language):
        text = _(
            "HR could not confirm that the code you sent is yours, so nothing was changed. If it is, please speak to HR."
        )
        conversations.say(conversation=conversation, text=text, key=f"claim:{claim.pk}:refused", caused_by=sent)


def _conversation(claim: Claim) -> Conversation | None:
    """Where the code came in."""
    rows = Conversation.objects.select_related("contact__employee", "number").filter(contact=claim.contact)
    found = rows.filter(messages__remote_id=claim.proof).first() if claim.proof else None
    return found or rows.order_by("-last_inbound_at").first()
