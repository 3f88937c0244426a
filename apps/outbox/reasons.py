"""Why a message waits or will never be sent: a word for the list and a sentence for its page. Codes are kept in rows."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NO_TEMPLATE = "no_template"
TEMPLATE_PENDING = "template_pending"
TEMPLATE_PAUSED = "template_paused"
NO_CONSENT = "no_consent"
STOPPED = "stopped"
NOT_LINKED = "not_linked"
UNREACHABLE = "unreachable"
ACCOUNT_PAUSED = "account_paused"
WINDOW_CLOSED = "window_closed"
CARRIER_HOLD = "carrier_hold"
RETRY = "retry"
SLOW_NUMBER = "slow_number"
SLOW_PERSON = "slow_person"
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
    WINDOW_CLOSED: Reason(
        gettext_lazy("24 hours are over"),
        gettext_lazy("This text fits no template, so it can be sent only within 24 hours after the person's last message. "
                     "It leaves when they write."),
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
    EXPIRED: Reason(
        gettext_lazy("came too late"),
        gettext_lazy("The message waited until it made no more sense, and was not sent. Start afresh if it is still needed."),
    ),
    LEFT: Reason(
        gettext_lazy("person has left"),
        gettext_lazy("The person no longer works here, so the message was not sent."),
    ),
}  # fmt: skip


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
