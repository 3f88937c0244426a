"""Why a message waits or will never be sent: a word for the list and a sentence for its page. Codes are kept in rows."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NO_TEMPLATE = "no_template"
TEMPLATE_PENDING = "template_pending"
TEMPLATE_PAUSED = "template_paused"
TEMPLATE_CATEGORY = "template_category"
OF_TEMPLATES = (NO_TEMPLATE, TEMPLATE_PENDING, TEMPLATE_PAUSED, TEMPLATE_CATEGORY)
"""Waits for a template that can be used."""
NO_CONSENT = "no_consent"
STOPPED = "stopped"
NOT_LINKED = "not_linked"
UNREACHABLE = "unreachable"
ACCOUNT_PAUSED = "account_paused"
RESTRICTED = "restricted"
WINDOW_CLOSED = "window_closed"
CARRIER_HOLD = "carrier_hold"
QUIET_HOURS = "quiet_hours"
DAY_OFF = "day_off"
KNOCKED = "knocked"
NOT_NEEDED = "not_needed"
RETRY = "retry"
SLOW_NUMBER = "slow_number"
SLOW_PERSON = "slow_person"
TIER = "tier"
PERSON_DAY = "person_day"
TURN = "turn"
NEXT = "next"
API_CALLS = "api_calls"
UNPLANNABLE = "unplannable"
EXPIRED = "expired"
LEFT = "left"


@dataclass(frozen=True)
class Reason:
    """`label` for a list, `sentence` says what happened and what to do."""

    label: str | Promise
    sentence: str | Promise


REASONS: dict[str, Reason] = {
    NO_TEMPLATE: Reason(
        gettext_lazy("no approved template"),
        gettext_lazy("The person wrote more than 24 hours ago and WhatsApp has approved no template for this message in "
                     "their language. Register one; the message leaves by itself then, or when the person writes."),
    ),
    TEMPLATE_PENDING: Reason(
        gettext_lazy("template in review"),
        gettext_lazy("WhatsApp is still reviewing the template for this message. It leaves by itself once approved, or "
                     "when the person writes."),
    ),
    TEMPLATE_PAUSED: Reason(
        gettext_lazy("template paused"),
        gettext_lazy("WhatsApp has paused the template for this message. It leaves by itself once released, or when the "
                     "person writes."),
    ),
    TEMPLATE_CATEGORY: Reason(
        gettext_lazy("template in another category"),
        gettext_lazy("WhatsApp has put the template for this message into another category, with other prices and rules. It "
                     "leaves by itself once somebody agrees to that on the template’s page, or when the person writes."),
    ),
    NO_CONSENT: Reason(
        gettext_lazy("no consent"),
        gettext_lazy("The person has not agreed to messages of this class. It leaves once they agree; until then, reach "
                     "them in another way."),
    ),
    STOPPED: Reason(
        gettext_lazy("person wrote STOP"),
        gettext_lazy("The person stopped all messages but the essential. It leaves if they write START; until then, "
                     "reach them in another way."),
    ),
    NOT_LINKED: Reason(
        gettext_lazy("not linked"),
        gettext_lazy("This address is not, or no longer, proved to belong to an employee. Link or reinstate the contact."),
    ),
    UNREACHABLE: Reason(
        gettext_lazy("cannot be reached"),
        gettext_lazy("WhatsApp cannot reach this person. The message leaves when they write to us; until then, reach them "
                     "in another way."),
    ),
    ACCOUNT_PAUSED: Reason(
        gettext_lazy("account stopped"),
        gettext_lazy("The account that sends is paused or needs mending; its page says why. Everything leaves once it is "
                     "resumed."),
    ),
    RESTRICTED: Reason(
        gettext_lazy("account restricted"),
        gettext_lazy("WhatsApp lets this account answer people, but not write to them first, until the time shown. It leaves "
                     "then, or when the person writes."),
    ),
    WINDOW_CLOSED: Reason(
        gettext_lazy("24 hours are over"),
        gettext_lazy("This text fits no template, so it can be sent only within 24 hours after the person's last message. "
                     "It leaves when they write."),
    ),
    QUIET_HOURS: Reason(
        gettext_lazy("quiet hours"),
        gettext_lazy("It is night, or the person asked not to be disturbed now. It leaves at the time shown; urgent messages "
                     "and answers do not wait."),
    ),
    DAY_OFF: Reason(
        gettext_lazy("day off"),
        gettext_lazy("The person does not work today. It leaves at the time shown; urgent messages and answers do not wait."),
    ),
    KNOCKED: Reason(
        gettext_lazy("waits behind a knock"),
        gettext_lazy("The person wrote more than 24 hours ago and this text fits no template that may be used now. They were "
                     "sent a short message with a Read button; this leaves once they tap it, or write."),
    ),
    NOT_NEEDED: Reason(
        gettext_lazy("not needed any more"),
        gettext_lazy("The person has written meanwhile, or nothing waits for them any more, so they were not asked to read it."),
    ),
    CARRIER_HOLD: Reason(
        gettext_lazy("WhatsApp asks to wait"),
        gettext_lazy("WhatsApp does not take this message now; the last try says why. It is tried again at the time shown."),
    ),
    RETRY: Reason(
        gettext_lazy("tried again shortly"),
        gettext_lazy("WhatsApp could not take the message just now. It is tried again by itself at the time shown."),
    ),
    SLOW_NUMBER: Reason(
        gettext_lazy("number slowed down"),
        gettext_lazy("Our number reached WhatsApp's speed limit. Its messages leave at the time shown."),
    ),
    SLOW_PERSON: Reason(
        gettext_lazy("too many to this person"),
        gettext_lazy("WhatsApp limits how many messages one person gets in a short time. Theirs leave at the time shown."),
    ),
    TIER: Reason(
        gettext_lazy("daily limit of people"),
        gettext_lazy("WhatsApp lets us write first to a limited number of people within 24 hours, and it is used up. The "
                     "message has a place in the queue and leaves at the time shown, or when the person writes."),
    ),
    PERSON_DAY: Reason(
        gettext_lazy("enough for one day"),
        gettext_lazy("The person has had as many messages within 24 hours as this company allows. It leaves at the time "
                     "shown; urgent ones go at once."),
    ),
    TURN: Reason(
        gettext_lazy("after the one before it"),
        gettext_lazy("Another message to this person goes first. It leaves as soon as that one has."),
    ),
    NEXT: Reason(
        gettext_lazy("next in the queue"),
        gettext_lazy("Nothing stands in its way. It leaves as soon as its lane's turn comes: our number sends a limited number "
                     "of messages per second."),
    ),
    API_CALLS: Reason(
        gettext_lazy("too many questions to WhatsApp"),
        gettext_lazy("WhatsApp answers a limited number of questions about an account in one hour. Try again at the time "
                     "shown; sending goes on."),
    ),
    UNPLANNABLE: Reason(
        gettext_lazy("cannot be prepared"),
        gettext_lazy("Recado could not put this message together: its wording or its values are damaged. It is kept and "
                     "tried again every few minutes; save the kind's template again, or ask the operator to read the log."),
    ),
    EXPIRED: Reason(
        gettext_lazy("came too late"),
        gettext_lazy("The message waited until it made no more sense, and was not sent. Start afresh if it is still needed."),
    ),
    LEFT: Reason(
        gettext_lazy("person has left"),
        gettext_lazy("The person no longer works here, so the message was not sent."),
    ),
}  # fmt: skip


TIMED = frozenset({
    RESTRICTED, QUIET_HOURS, DAY_OFF, CARRIER_HOLD, RETRY, SLOW_NUMBER, SLOW_PERSON, TIER, PERSON_DAY,
})  # fmt: skip
"""Reasons that end at a known moment, the row's `not_before`. With the others that is only when we look again."""


def label(code: str) -> str:
    """A few words for a list; a code nobody knows (of a later version, say) stands for itself."""
    return str(REASONS[code].label) if code in REASONS else code


def sentence(code: str) -> str:
    """What happened and what to do, in the active language; empty for no reason."""
    return str(REASONS[code].sentence) if code in REASONS else code


def gave_up(times: int) -> str:
    """Kept with a message whose tries are used up."""
    sentence = _("WhatsApp could not take it in %(times)s tries. It is kept; press Retry when WhatsApp works again.")
    return sentence % {"times": times}
