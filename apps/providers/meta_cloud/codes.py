"""Meta's error codes and what to do about each.

Meanings from Meta's page "Error codes" of the Cloud API (copy of 2026-09); the reactions are ours. A code comes either
in the HTTP answer or hours later in a `failed` status. Meta asks not to branch on HTTP status, subcode or title.
"""

from dataclasses import dataclass

from apps.providers.base import Reaction


@dataclass(frozen=True)
class Verdict:
    """What to do, a sentence for people, and after how many seconds (None: the caller's own backoff)."""

    reaction: Reaction
    sentence: str
    after: float | None = None


_HOUR = 3600.0
_DAY = 24 * _HOUR

_SIGN_IN = "WhatsApp no longer accepts our access token. Messages are kept; an operator must enter a new token."
_PERMISSION = "Our access token lacks a permission. Messages are kept; an operator must grant it at Meta."
_NUMBER = "Our number is not ready to send. Messages are kept; an operator must look at it in WhatsApp Manager."
_LOCKED = "WhatsApp has restricted our account. Messages are kept; an operator must look at it in WhatsApp Manager."
_UNUSED = "WhatsApp refused something that Recado does not use. An operator must look at the account's settings."
_BUSY = "WhatsApp is busy; the message is sent again shortly."
_SLOW = "We reached WhatsApp's speed limit; the message is sent a little later."
_CONTENT = "WhatsApp refused the content of this message. It was not sent; the detail says why."
_TEMPLATE = "The template at WhatsApp does not fit what we sent. Fetch the templates of the account again."
_TEMPLATE_WAITS = "The template cannot be used now. The message waits until WhatsApp approves or releases it."
_UNREACHABLE = "This phone cannot be reached on WhatsApp. Reach the person in another way."

RETRY, HOLD, MESSAGE, ACCOUNT, RECIPIENT = (
    Reaction.RETRY, Reaction.HOLD, Reaction.MESSAGE, Reaction.ACCOUNT, Reaction.RECIPIENT,
)  # fmt: skip

VERDICTS: dict[int, Verdict] = {
    0: Verdict(ACCOUNT, _SIGN_IN),
    1: Verdict(RETRY, _BUSY),
    2: Verdict(RETRY, _BUSY),
    3: Verdict(ACCOUNT, _PERMISSION),
    4: Verdict(Reaction.SLOW_NUMBER, _SLOW),
    10: Verdict(ACCOUNT, _PERMISSION),
    33: Verdict(ACCOUNT, "The phone number id is wrong or the number was deleted. Correct it in the account."),
    100: Verdict(MESSAGE, _CONTENT),
    190: Verdict(ACCOUNT, _SIGN_IN),
    368: Verdict(ACCOUNT, _LOCKED),
    80007: Verdict(Reaction.SLOW_NUMBER, _SLOW),
    80008: Verdict(Reaction.SLOW_NUMBER, _SLOW),
    130403: Verdict(RECIPIENT, "This person has blocked our number. Reach them in another way."),
    130429: Verdict(Reaction.SLOW_NUMBER, _SLOW),
    130472: Verdict(HOLD, "WhatsApp held the message back (an experiment of Meta with this person).", _DAY),
    130497: Verdict(RECIPIENT, "WhatsApp does not let us write to people in that country."),
    131000: Verdict(RETRY, _BUSY),
    131005: Verdict(ACCOUNT, _PERMISSION),
    131008: Verdict(MESSAGE, _CONTENT),
    131009: Verdict(MESSAGE, _CONTENT),
    131014: Verdict(MESSAGE, "WhatsApp could not fetch the file of this message."),
    131016: Verdict(RETRY, _BUSY),
    131021: Verdict(MESSAGE, "The message was addressed to our own number."),
    131026: Verdict(RECIPIENT, _UNREACHABLE),
    131030: Verdict(ACCOUNT, "This is a test number and the person is not on its list of five. Add them at Meta."),
    131031: Verdict(ACCOUNT, _LOCKED),
    131037: Verdict(ACCOUNT, _NUMBER),
    131042: Verdict(
        ACCOUNT, "WhatsApp has a payment problem with our account. Messages are kept; see billing at Meta."
    ),
    131045: Verdict(ACCOUNT, _NUMBER),
    131047: Verdict(
        Reaction.WINDOW_CLOSED, "More than 24 hours have passed since the person wrote; a template is needed."
    ),
    131048: Verdict(Reaction.SLOW_NUMBER, "WhatsApp limits our number because people complained. Send less.", _HOUR),
    131049: Verdict(HOLD, "WhatsApp did not deliver it, so that the person gets less advertising.", _DAY),
    131050: Verdict(RECIPIENT, "The person has switched off marketing messages from us in WhatsApp."),
    131051: Verdict(MESSAGE, _CONTENT),
    131052: Verdict(MESSAGE, "The person's file could not be fetched. Ask for it again."),
    131053: Verdict(RETRY, "WhatsApp could not take the file; it is tried again."),
    131055: Verdict(MESSAGE, _CONTENT),
    # Meta asks for pauses of 4^X seconds; one message per 6 seconds is what a pair may have.
    131056: Verdict(Reaction.SLOW_PERSON, "Too many messages to this person in a short time; it follows shortly.", 6.0),
    131057: Verdict(RETRY, "WhatsApp is upgrading our number; the message is sent in a minute.", 60.0),
    131062: Verdict(MESSAGE, "This message can be sent to a phone number only, and the person hides theirs."),
    131063: Verdict(ACCOUNT, _UNUSED),
    131064: Verdict(HOLD, "WhatsApp limits our templates for a while.", _HOUR),
    132000: Verdict(MESSAGE, _TEMPLATE),
    132001: Verdict(HOLD, _TEMPLATE_WAITS),
    132005: Verdict(MESSAGE, "The text of the template is too long once it is filled in."),
    132007: Verdict(MESSAGE, "WhatsApp found that the text breaks its rules."),
    132008: Verdict(MESSAGE, _TEMPLATE),
    132012: Verdict(MESSAGE, _TEMPLATE),
    132015: Verdict(HOLD, _TEMPLATE_WAITS, 3 * _HOUR),
    132016: Verdict(MESSAGE, "WhatsApp has disabled this template for good. A new one is needed."),
    132018: Verdict(MESSAGE, _TEMPLATE),
    132068: Verdict(HOLD, "WhatsApp has blocked this form."),
    132069: Verdict(Reaction.SLOW_NUMBER, _SLOW, 360.0),
    133004: Verdict(RETRY, _BUSY),
    135000: Verdict(MESSAGE, _CONTENT),
    137000: Verdict(HOLD, "WhatsApp says that somebody else may have this phone now. The person must prove it again."),
    2200: Verdict(MESSAGE, "WhatsApp could not reach our webhook address, or the verify token did not fit."),
    2494100: Verdict(RETRY, _BUSY, 60.0),
    **{code: Verdict(ACCOUNT, _NUMBER) for code in (133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016)},
    **{code: Verdict(ACCOUNT, _UNUSED) for code in (134011, 134100, 134101, 134102, *range(139000, 139007))},
    **{code: Verdict(MESSAGE, _CONTENT) for code in range(139100, 139104)},
    **{code: Verdict(ACCOUNT, _NUMBER) for code in (141006, 141010, 141014)},
    **{code: Verdict(ACCOUNT, _UNUSED) for code in range(147001, 147006)},
}

_MAYBE_TAKEN = frozenset({1, 131000})
_TEMPLATE_REFUSED = Verdict(MESSAGE, "WhatsApp does not take this template; the detail says why.")
_UNKNOWN = Verdict(MESSAGE, "WhatsApp refused this message for a reason that Recado does not know; see the detail.")
_SERVER = Verdict(RETRY, _BUSY)
_THROTTLED = Verdict(Reaction.SLOW_NUMBER, _SLOW)
_NOT_META = Verdict(ACCOUNT, "Something other than WhatsApp answered at the API address. Check it in the account.")
_UNSURE = Verdict(Reaction.UNSURE, "No clear answer came from WhatsApp; a status will tell, or it is looked at again.")


def verdict_for(code: int, *, subcode: int = 0, status: int = 400, is_transient: bool = False) -> Verdict:
    """The verdict on an error that Meta worded. `status` is the HTTP status (400 for a late failure)."""
    if subcode == 2494100:
        return VERDICTS[2494100]
    if code == 100 and subcode == 33:
        return VERDICTS[33]
    if code in _MAYBE_TAKEN and status >= 500:
        return _UNSURE  # a fault of theirs, of which even they do not know how far the message got
    if code in VERDICTS:
        return VERDICTS[code]
    if 200 <= code <= 299:
        return Verdict(ACCOUNT, _PERMISSION)
    if 2388000 <= code <= 2388999:
        return _TEMPLATE_REFUSED
    if status == 429:  # Graph throttles with codes that are in no list (seen by other gateways)
        return _THROTTLED
    if status >= 500 or is_transient:
        return _SERVER
    return _UNKNOWN


def verdict_without_body(status: int) -> Verdict:
    """The verdict on an HTTP answer without Meta's error in it: a proxy's page, an empty body, a broken JSON.

    Below 500 it was certainly not taken. A 5xx or a 2xx without a message id says nothing: a gateway on the way may
    have given up after Meta took it.
    """
    if status == 429:
        return _THROTTLED
    if status == 408 or status < 300 or status >= 500:
        return _UNSURE
    if status in {413, 415, 422}:
        return Verdict(MESSAGE, _CONTENT)
    return _NOT_META
