"""How a message goes to this person, given the facts: free text, template, held with a reason, or not at all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from apps.outbox import reasons
from apps.outbox.planning import shaping
from apps.outbox.planning.quiet import Rest, spares_nobody
from apps.providers.kinds import render
from apps.providers.models import Approval
from apps.providers.types import Content, ReplyButton, Template

_WAITS: dict[str, str] = {
    Approval.State.PENDING: reasons.TEMPLATE_PENDING,
    Approval.State.PAUSED: reasons.TEMPLATE_PAUSED,
    Approval.State.RECATEGORISED: reasons.TEMPLATE_CATEGORY,
}
NO_PAYLOAD = "-"
"""Given to a template's button that nobody bound to anything: Meta wants a payload, and a tap on it must mean nothing."""
ASKED_FOR = "asked_for__"
"""Stands among a message's values when the person tapped *Read* for it, with the moment."""
GOES_AHEAD = "goes_ahead__"
"""Stands among a message's values when the beginning of its long text was written as messages of their own."""


class Verdict(StrEnum):
    FREE = "free"
    TEMPLATE = "template"
    HELD = "held"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Approved:
    """What the carrier says of a wording: `parameters` and `actions` in the order of the approved template."""

    state: str
    name: str = ""
    language: str = ""
    body: str = ""
    parameters: Sequence[str] = ()
    actions: Sequence[str] = ()


@dataclass(frozen=True)
class Wording:
    """Our own text of a kind in one language: `body` with {{names}}, titles by action, the carrier's word on it."""

    body: str
    titles: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    approved: Approved | None = None


@dataclass(frozen=True)
class Face:
    """A minted button as it will be shown."""

    action: str
    payload: str
    title: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that the decision depends on, at one moment."""

    now: datetime
    is_reply: bool = False
    """Caused by the person's own message of the last ten minutes."""
    expires_at: datetime | None = None
    has_left: bool = False
    is_linked: bool = True
    is_reachable: bool = True
    has_consent: bool = True
    """Given to the class, or not needed by it."""
    is_stopped: bool = False
    """The person wrote STOP, and the class is not essential."""
    lane: str = ""
    klass: str = ""
    rest: Rest | None = None
    """Why the person is left alone now."""
    is_account_active: bool = True
    restricted_until: datetime | None = None
    """Until then the account may answer people, but open no conversation."""
    is_window_open: bool = False
    given: Content | None = None
    """Ready content: it goes as it is, or not at all."""
    wordings: Sequence[Wording] = ()
    """Every language that the kind is written in, the person's best one first; empty: it fits no template."""
    falls_back_to_knock: bool = False
    """What a template says that may not be used now, a knock announces."""
    may_knock: bool = False
    """A knock could be sent to this person now, and this message is worth one."""
    is_awaited: bool = True
    """For a knock: something waits behind it, and the person has not written meanwhile."""
    values: Mapping[str, object] = field(default_factory=dict)
    faces: Sequence[Face] = ()
    goes_ahead: bool = False
    """The beginning of a free text that is too long stands in messages of its own before this one."""


@dataclass(frozen=True)
class Plan:
    """`until`: the true moment at which `reason` ends by itself; None when nobody knows. `opens`: it starts a conversation
    outside the 24 hours. `language` is that of the text, which may be the next best to the person's. `whole` is the free
    text that `content` had to cut. `phone` is where it goes; empty: hidden, to the person's id."""

    verdict: Verdict
    content: Content | None = None
    text: str = ""
    reason: str = ""
    until: datetime | None = None
    opens: bool = False
    language: str = ""
    whole: str = ""
    phone: str = ""

    @property
    def is_sendable(self) -> bool:
        return self.verdict in {Verdict.FREE, Verdict.TEMPLATE}


def decide(facts: Facts) -> Plan:
    """The plan for these facts. First whether at all, then whether to this person, then how."""
    found = _decide(facts)
    # Whoever looks at a message that waits wants to read what it would say.
    return found if found.is_sendable else replace(found, text=_free(facts).text)


def _decide(facts: Facts) -> Plan:
    if facts.expires_at is not None and facts.expires_at <= facts.now:
        return Plan(Verdict.EXPIRED, reason=reasons.EXPIRED)
    if not facts.is_awaited:
        return Plan(Verdict.CANCELLED, reason=reasons.NOT_NEEDED)
    if not facts.is_reply:
        if facts.has_left:
            return Plan(Verdict.CANCELLED, reason=reasons.LEFT)
        refusal = _refusal(facts)
        if refusal:
            return Plan(Verdict.HELD, reason=refusal)
        if facts.rest is not None and not spares_nobody(facts.lane, facts.klass):
            return Plan(Verdict.HELD, reason=facts.rest.reason, until=facts.rest.until)
    if not facts.is_account_active:
        return Plan(Verdict.HELD, reason=reasons.ACCOUNT_PAUSED)
    if facts.is_window_open:
        return _free(facts)
    if facts.restricted_until is not None and facts.restricted_until > facts.now:
        return Plan(Verdict.HELD, reason=reasons.RESTRICTED, until=facts.restricted_until)
    return _template(facts)


def _refusal(facts: Facts) -> str:
    if not facts.is_linked:
        return reasons.NOT_LINKED
    if facts.is_stopped:
        return reasons.STOPPED
    if not facts.has_consent:
        return reasons.NO_CONSENT
    return "" if facts.is_reachable else reasons.UNREACHABLE


def _free(facts: Facts) -> Plan:
    more = _("Choose")
    wording = facts.wordings[0] if facts.wordings else None
    language = wording.language if wording else ""
    if facts.given is not None:
        content = shaping.fitted(facts.given, more=more)
        return Plan(Verdict.FREE, content, shaping.text_of(content), language=language)
    titles = wording.titles if wording else {}
    shown = [ReplyButton(face.payload, face.title or titles.get(face.action, face.action)) for face in facts.faces]
    body = render(wording.body, facts.values) if wording else str(facts.values.get("text", ""))
    content, whole = shaping.interactive(body, shown, more=more), ""
    if len(body) > shaping.room_of(content):
        if facts.goes_ahead:
            content = shaping.with_body(content, shaping.split(body, shaping.room_of(content))[-1])
        else:
            whole = body
    return Plan(Verdict.FREE, content, shaping.text_of(content), language=language, whole=whole)


def _template(facts: Facts) -> Plan:
    if facts.given is not None or not facts.wordings:
        return Plan(Verdict.HELD, reason=reasons.KNOCKED if facts.may_knock else reasons.WINDOW_CLOSED)
    for wording in facts.wordings:
        if wording.approved is not None and _is_usable(wording.approved, facts.faces):
            return _filled(wording.approved, wording.language, facts)
    if facts.falls_back_to_knock and facts.may_knock:
        return Plan(Verdict.HELD, reason=reasons.KNOCKED)
    # What the best of them waits for is the reason that people read.
    states = [wording.approved.state for wording in facts.wordings if wording.approved is not None]
    waits = [_WAITS[state] for state in states if state in _WAITS]
    return Plan(Verdict.HELD, reason=waits[0] if waits else reasons.NO_TEMPLATE)


def _is_usable(approved: Approved, faces: Sequence[Face]) -> bool:
    """Approved, and it does not arrive without a button that somebody needs."""
    return approved.state == Approval.State.APPROVED and {face.action for face in faces} <= set(approved.actions)


def _filled(approved: Approved, language: str, facts: Facts) -> Plan:
    payloads = {face.action: face.payload for face in facts.faces}
    values = shaping.parameters(approved.body, approved.parameters, facts.values)
    content = Template(
        name=approved.name, language=approved.language, parameters=values,
        payloads=tuple(payloads.get(action, NO_PAYLOAD) for action in approved.actions),
    )  # fmt: skip
    return Plan(Verdict.TEMPLATE, content, render(approved.body, values), opens=True, language=language)
