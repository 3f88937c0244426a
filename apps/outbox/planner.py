"""How a message goes to this person now: free text, template, held with a reason, or not at all.

`decide` is pure. `plan` gathers its facts, at enqueue and again at the moment of sending: what was true in between counts
for nothing. Quiet hours, days off and the knock get their places in `decide`, budgets theirs in `claims`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import queries as contacts
from apps.contacts import window
from apps.core import clock
from apps.outbox import buttons, reasons, shaping
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers import queries as providers
from apps.providers.kinds import kinds, render
from apps.providers.models import Account, Approval, Translation
from apps.providers.types import Content, ReplyButton, Template, from_json, to_json

REPLY_LASTS = timedelta(minutes=10)
"""An answer within this time is caused by the person's own message and needs no consent."""

LOOK_AGAIN: dict[str, timedelta] = {
    reasons.NO_TEMPLATE: timedelta(minutes=1),
    reasons.TEMPLATE_PENDING: timedelta(minutes=1),
    reasons.TEMPLATE_PAUSED: timedelta(minutes=1),
    reasons.ACCOUNT_PAUSED: timedelta(seconds=10),
}
LOOK_AGAIN_OTHERWISE = timedelta(minutes=5)
_WAITS: dict[str, str] = {
    Approval.State.PENDING: reasons.TEMPLATE_PENDING,
    Approval.State.PAUSED: reasons.TEMPLATE_PAUSED,
}
NO_PAYLOAD = "-"
"""Given to a template's button that nobody bound to anything: Meta wants a payload, and a tap on it must mean nothing."""


class Verdict(StrEnum):
    FREE = "free"
    TEMPLATE = "template"
    HELD = "held"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Wording:
    """Our own text of a kind in one language: `body` with {{names}}, titles by action."""

    body: str
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Approved:
    """What the carrier says of that wording: `parameters` and `actions` in the order of the approved template."""

    state: str
    name: str = ""
    language: str = ""
    body: str = ""
    parameters: Sequence[str] = ()
    actions: Sequence[str] = ()


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
    is_account_active: bool = True
    is_window_open: bool = False
    given: Content | None = None
    """Ready content: it goes as it is, or not at all."""
    wording: Wording | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    faces: Sequence[Face] = ()
    approved: Approved | None = None


@dataclass(frozen=True)
class Plan:
    verdict: Verdict
    content: Content | None = None
    text: str = ""
    reason: str = ""

    @property
    def is_sendable(self) -> bool:
        return self.verdict in {Verdict.FREE, Verdict.TEMPLATE}


def decide(facts: Facts) -> Plan:
    """The plan for these facts. First whether at all, then whether to this person, then how."""
    if facts.expires_at is not None and facts.expires_at <= facts.now:
        return Plan(Verdict.EXPIRED, reason=reasons.EXPIRED)
    if not facts.is_reply:
        if facts.has_left:
            return Plan(Verdict.CANCELLED, reason=reasons.LEFT)
        refusal = _refusal(facts)
        if refusal:
            return Plan(Verdict.HELD, reason=refusal)
    if not facts.is_account_active:
        return Plan(Verdict.HELD, reason=reasons.ACCOUNT_PAUSED)
    return _free(facts) if facts.is_window_open else _template(facts)


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
    if facts.given is not None:
        content = shaping.fitted(facts.given, more=more)
    else:
        titles = facts.wording.titles if facts.wording else {}
        shown = [ReplyButton(face.payload, face.title or titles.get(face.action, face.action)) for face in facts.faces]
        body = render(facts.wording.body, facts.values) if facts.wording else str(facts.values.get("text", ""))
        content = shaping.interactive(body, shown, more=more)
    return Plan(Verdict.FREE, content, shaping.text_of(content))


def _template(facts: Facts) -> Plan:
    if facts.given is not None or facts.wording is None:
        return Plan(Verdict.HELD, reason=reasons.WINDOW_CLOSED)
    approved = facts.approved
    if approved is None or approved.state != Approval.State.APPROVED:
        return Plan(Verdict.HELD, reason=_WAITS.get(approved.state if approved else "", reasons.NO_TEMPLATE))
    payloads = {face.action: face.payload for face in facts.faces}
    if not set(payloads) <= set(approved.actions):
        return Plan(Verdict.HELD, reason=reasons.NO_TEMPLATE)  # it would arrive without a button that somebody needs
    values = shaping.parameters(approved.body, approved.parameters, facts.values)
    content = Template(
        name=approved.name, language=approved.language, parameters=values,
        payloads=tuple(payloads.get(action, NO_PAYLOAD) for action in approved.actions),
    )  # fmt: skip
    return Plan(Verdict.TEMPLATE, content, render(approved.body, values))


# --- gathering --------------------------------------------------------------------------------------------------------


def plan(message: OutboundMessage) -> Plan:
    """Gather the facts of a message as they are now, and decide."""
    with translation.override(message.language):
        facts = gather(message)
        found = decide(facts)
        # Whoever looks at a message that waits wants to read what it would say.
        return found if found.is_sendable else replace(found, text=_free(facts).text)


def gather(message: OutboundMessage) -> Facts:
    """The facts about one message now. Reads contacts' and providers' rows; writes nothing."""
    now, contact, account = clock.now(), message.contact, message.number.account
    known = contacts.delivery_facts(contact, message.number, message.klass, now)
    kind = kinds.get(message.kind)
    is_worded = not message.given and kind is not None and bool(kind.bodies)
    row = providers.wording(message.kind, message.language) if is_worded else None
    is_open = known.is_window_open and not _was_refused(message, known.closes_at)
    return Facts(
        now=now,
        is_reply=message.is_reply and now - message.created_at < REPLY_LASTS,
        expires_at=message.expires_at,
        has_left=contact.employee is not None and contact.employee.state == Employee.State.LEFT,
        is_linked=known.is_linked,
        is_reachable=not known.is_unreachable and bool(contact.phone or contacts.user_id_of(contact, message.number)),
        has_consent=known.consent,
        is_stopped=known.is_stopped,
        is_account_active=Account.objects.filter(pk=account.pk, state=Account.State.ACTIVE).exists(),
        is_window_open=is_open,
        given=from_json(message.given) if message.given else None,
        wording=Wording(row.body, row.buttons) if row else None,
        values=message.data,
        faces=_faces(message),
        approved=_approved(row, account) if row and not is_open else None,
    )


def _was_refused(message: OutboundMessage, closes_at: datetime | None) -> bool:
    """The carrier called the window closed and the person has not written since: its word beats our count."""
    refused = message.window_refused_at
    return refused is not None and (closes_at is None or closes_at - window.LENGTH <= refused)


def _faces(message: OutboundMessage) -> list[Face]:
    rows = message.minted_buttons.order_by("id")
    return [Face(row.action, buttons.payload(row), row.title) for row in rows]


def _approved(wording: Translation, account: Account) -> Approved | None:
    # Only the unapproved ones are looked at here: what they wait for is the reason that people read.
    row = providers.approval_for(wording, account) or wording.approvals.filter(account=account).first()
    if row is None:
        return None
    return Approved(
        state=row.state, name=row.name, language=row.remote_language, body=row.body or wording.body,
        parameters=row.parameters, actions=row.buttons,
    )  # fmt: skip


def write(message: OutboundMessage, plan: Plan, *, ready: OutboundMessage.State = OutboundMessage.State.QUEUED) -> None:
    """Put a plan into a row that is in our hands; the caller saves `PLANNED`. A sendable one gets the state `ready`."""
    now = clock.now()
    message.held_reason = plan.reason
    if plan.is_sendable and plan.content is not None:
        message.state, message.how = ready, OutboundMessage.How(plan.verdict.value)
        message.content, message.text = to_json(plan.content), plan.text
        if message.not_before > now and ready == OutboundMessage.State.QUEUED:
            message.not_before = now
        return
    message.state = OutboundMessage.State(plan.verdict.value)
    message.text = message.text or plan.text
    if plan.verdict == Verdict.HELD:
        look_again = now + LOOK_AGAIN.get(plan.reason, LOOK_AGAIN_OTHERWISE)
        message.not_before = min(look_again, message.expires_at) if message.expires_at else look_again
    else:
        message.error_text = reasons.sentence(plan.reason)


PLANNED = ["state", "how", "content", "text", "held_reason", "not_before", "error_text"]
