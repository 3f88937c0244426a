"""Where a template stands: the carrier's words to ours, and which of two reports is the newer one. Pure.

Webhooks come late, twice and out of order, and a sync may overtake them. Reports of the carrier carry its clock, our
questions ours; close to each other they prove nothing, so the carrier is asked once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.providers.models import Approval

State = Approval.State

# The carrier's word to our states: may be used, may be used later, or never again.
STATES = {
    "APPROVED": State.APPROVED, "REINSTATED": State.APPROVED, "UNPAUSED": State.APPROVED, "UNARCHIVED": State.APPROVED,
    "PENDING": State.PENDING, "IN_APPEAL": State.PENDING, "LIMIT_EXCEEDED": State.PENDING,
    "REJECTED": State.REJECTED,
    "PAUSED": State.PAUSED,
    "DISABLED": State.DISABLED, "DELETED": State.DISABLED, "PENDING_DELETION": State.DISABLED, "ARCHIVED": State.DISABLED,
    "LOCKED": State.DISABLED,
}  # fmt: skip

PAUSES = {"FIRST_PAUSE": timedelta(hours=3), "SECOND_PAUSE": timedelta(hours=6)}
"""How long a pause for bad quality lasts (Meta, template quality); a third one disables the template."""

CLOCKS_DIFFER = timedelta(seconds=60)
"""UNSOURCED: how far the carrier's clock and ours may be apart before we trust their order."""

SENTENCES: dict[str, str | Promise] = {
    "ABUSIVE_CONTENT": _("WhatsApp finds the text abusive. Reword it and hand it in again."),
    "INCORRECT_CATEGORY": _("WhatsApp finds that the text does not fit its category. Keep to the person’s own work, or "
                            "ask for marketing."),
    "CATEGORY_NOT_AVAILABLE": _("WhatsApp does not offer this category to the account."),
    "INVALID_FORMAT": _("WhatsApp finds the form wrong: names in braces, examples, line breaks or special characters."),
    "PROMOTIONAL": _("WhatsApp finds that the text advertises. Take out what praises or sells, or ask for marketing."),
    "SCAM": _("WhatsApp finds that the text looks like a fraud. Say who writes and why, and ask for nothing secret."),
    "TAG_CONTENT_MISMATCH": _("WhatsApp finds that the language or the category does not fit the text."),
    "FIRST_PAUSE": _("People did not like it, so WhatsApp paused it for the first time, for three hours. Send less of "
                     "it, or reword it."),
    "SECOND_PAUSE": _("People did not like it, so WhatsApp paused it for the second time, for six hours. After the next "
                      "time it is disabled: reword it now."),
    "RATE_LIMITING_PAUSE": _("WhatsApp paused it because too much of it was sent at once. It may have to be released in "
                             "WhatsApp Manager."),
    "DISABLED": _("WhatsApp disabled it because people did not like it. Reword it and hand it in again, or appeal at Meta."),
    "DELETED": _("It was deleted at WhatsApp. Its name is blocked there for 30 days."),
    "PENDING_DELETION": _("It is being deleted at WhatsApp."),
    "ARCHIVED": _("WhatsApp put it into the archive because it was not used for long. Take it out at Meta."),
    "LOCKED": _("WhatsApp locked it. See WhatsApp Manager."),
    "IN_APPEAL": _("An appeal runs at WhatsApp."),
    "LIMIT_EXCEEDED": _("WhatsApp has no room for it: the account has too many templates."),
    "GONE": _("It is no longer at WhatsApp: somebody deleted it there. Hand it in again; its name may be blocked for 30 "
              "days."),
    "STRANGE": _("The template at WhatsApp has parts that Recado does not fill in: a picture, a link or numbered names."),
}  # fmt: skip


class Weight(StrEnum):
    """What a webhook is worth beside what we know already."""

    NEWER = "newer"
    OLDER = "older"
    NEWER_PERHAPS = "newer_perhaps"
    """Probably newer, but the clocks are too close: take it, and ask."""
    UNKNOWN = "unknown"
    """It may be the older one: keep what we have, and ask."""

    @property
    def counts(self) -> bool:
        return self in {Weight.NEWER, Weight.NEWER_PERHAPS}

    @property
    def is_doubtful(self) -> bool:
        return self in {Weight.NEWER_PERHAPS, Weight.UNKNOWN}


@dataclass(frozen=True)
class Heard:
    """What a webhook about the state of a template says. Codes turn into sentences when shown (`sentence`)."""

    word: str
    reason: str = ""
    advice: str = ""
    until: datetime | None = None


def weigh(at: datetime | None, *, event_at: datetime | None, asked_at: datetime | None) -> Weight:
    """Compare a webhook's time with those of the newest one and of the last question.

    `at` and `event_at` are the carrier's clock, to the second; `asked_at` is ours.
    """
    if event_at is None and asked_at is None:
        return Weight.NEWER
    if at is None or at == event_at:
        return Weight.UNKNOWN
    if event_at is not None and at < event_at:
        return Weight.OLDER
    if asked_at is None or at > asked_at + CLOCKS_DIFFER:
        return Weight.NEWER
    if at < asked_at - CLOCKS_DIFFER:
        return Weight.OLDER
    return Weight.NEWER_PERHAPS if at > asked_at else Weight.UNKNOWN


def state_of(word: str, *, present: str = State.PENDING) -> str:
    """Our state for the carrier's word; a word we do not know (FLAGGED is only a warning) changes nothing."""
    return STATES.get(word.upper(), present)


def settled(state: str, *, category: str, accepted: str) -> str:
    """The state with the category weighed in: a template that became marketing waits until somebody agrees."""
    if state not in {State.APPROVED, State.RECATEGORISED}:
        return state
    is_agreed = category in {accepted, "UTILITY"}
    return State.APPROVED if is_agreed else State.RECATEGORISED


def heard(values: Mapping[str, Any], at: datetime | None) -> Heard:
    """Read a state webhook: the reason as a code of `SENTENCES` where there is one, else the carrier's own words."""
    word = _text(values.get("event")).upper()
    rejection, other = _part(values, "rejection_info"), _part(values, "other_info")
    title, code = _text(other.get("title")).upper(), _text(values.get("reason"))
    if STATES.get(word) == State.APPROVED:
        return Heard(word)
    own_words = _text(rejection.get("reason")) or _text(other.get("description"))
    reason = own_words or ("" if code.upper() == "NONE" else code)
    if title in SENTENCES and title != "UNPAUSE":
        reason = title
    elif not reason and word in SENTENCES:
        reason = word
    until = at + PAUSES[title] if at is not None and word == "PAUSED" and title in PAUSES else None
    return Heard(word, reason, _text(rejection.get("recommendation")), until or _disabled_on(values))


def sentence(reason: str) -> str:
    """A reason as people read it: our sentence for the carrier's code, its own words otherwise."""
    return str(SENTENCES.get(reason.upper(), reason))


def _disabled_on(values: Mapping[str, Any]) -> datetime | None:
    seconds = _part(values, "disable_info").get("disable_date")
    if isinstance(seconds, bool) or not str(seconds).isdigit() or len(str(seconds)) > 11:
        return None
    return datetime.fromtimestamp(int(str(seconds)), UTC)


def _part(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = values.get(key)
    return part if isinstance(part, dict) else {}


def _text(value: Any) -> str:
    return value[:1000] if isinstance(value, str) else ""
