"""How a message goes to this person now: free text, template, held with a reason, or not at all.

`decide` is pure (`deciding`). `plan_many` gathers the facts of many messages (`gathering`), at enqueue and again at the
moment of sending: what was true in between counts for nothing. Budgets have their place in `claims`.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.utils import translation

from apps.core import clock
from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.outbox.planning import gathering
from apps.outbox.planning.deciding import Approved, Face, Facts, Plan, Verdict, Wording, decide
from apps.outbox.planning.gathering import Faces, Gathered
from apps.providers.types import to_json

__all__ = ["PLANNED", "Approved", "Face", "Facts", "Plan", "Verdict", "Wording", "decide", "plan", "plan_many", "write"]

log = logging.getLogger("recado.outbox")

LOOK_AGAIN: dict[str, timedelta] = {
    reasons.NO_TEMPLATE: timedelta(minutes=1),
    reasons.TEMPLATE_PENDING: timedelta(minutes=1),
    reasons.TEMPLATE_PAUSED: timedelta(minutes=1),
    reasons.TEMPLATE_CATEGORY: timedelta(minutes=1),
    reasons.ACCOUNT_PAUSED: timedelta(seconds=10),
    reasons.KNOCKED: timedelta(hours=1),  # the person's tap, and a template's approval, come by reaction
}
LOOK_AGAIN_OTHERWISE = timedelta(minutes=5)


def plan(message: OutboundMessage) -> Plan:
    """Gather the facts of a message as they are now, and decide."""
    return plan_many([message])[0]


def plan_many(messages: Sequence[OutboundMessage], *, faces: Faces | None = None) -> list[Plan]:
    """A plan for each, in their order, in a constant number of queries. Writes nothing.

    The messages need not be saved. A message that cannot be planned, since somebody spoilt its rows, is held; it stops
    none of the others. `faces` are the buttons of all of them by key, when the caller is about to mint them.
    """
    if not messages:
        return []
    gathered = gathering.gather(messages, clock.now(), faces)
    return [_planned(gathered, place, message) for place, message in enumerate(messages)]


def _planned(gathered: Gathered, place: int, message: OutboundMessage) -> Plan:
    try:
        with translation.override(message.language):
            return replace(decide(gathered.facts(place, message)), phone=gathered.known[place].phone)
    except Exception:
        log.exception("message %s (%s) could not be planned", message.pk, message.key)
        return Plan(Verdict.HELD, reason=reasons.UNPLANNABLE)


def write(message: OutboundMessage, plan: Plan, *, ready: OutboundMessage.State = OutboundMessage.State.QUEUED) -> None:
    """Put a plan into a row that is in our hands; the caller saves `PLANNED`. A sendable one gets the state `ready`."""
    now = clock.now()
    message.held_reason, message.opens = plan.reason, plan.opens
    if plan.is_sendable and plan.content is not None:
        message.state, message.how = ready, OutboundMessage.How(plan.verdict.value)
        message.content, message.text = to_json(plan.content), plan.text
        if message.not_before > now and ready == OutboundMessage.State.QUEUED:
            message.not_before = now
        return
    message.state = OutboundMessage.State(plan.verdict.value)
    message.text = message.text or plan.text
    if plan.verdict == Verdict.HELD:
        look_again = plan.until or now + LOOK_AGAIN.get(plan.reason, LOOK_AGAIN_OTHERWISE)
        if plan.reason == reasons.KNOCKED and ready == OutboundMessage.State.SENDING:
            look_again = now  # who sends does not knock: the next sweep does
        message.not_before = min(look_again, message.expires_at) if message.expires_at else look_again
    else:
        message.error_text = reasons.sentence(plan.reason)


PLANNED = ["state", "how", "content", "text", "held_reason", "not_before", "error_text", "opens"]
