"""What would happen if this person asked for this now, or on another day: who is asked, for whom, how, and until when.

Reads only. Every stage is shown as if it were reached at the given moment, with the absences, teams and calendars of that
day; it is the same rule that seats people, not a copy of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation

from apps.approvals import kinds, policy, queries
from apps.approvals.models import Flow, Stage
from apps.contacts import queries as contacts
from apps.contacts.models import Contact
from apps.forms import conditions, show
from apps.forms import queries as forms
from apps.forms.preview import condition_in_words
from apps.outbox import reasons
from apps.outbox.planning.deciding import Plan
from apps.outbox.planning.preview import foresee
from apps.people import queries as people
from apps.people.models import Employee

TRIED_CODE = "R-0"


@dataclass(frozen=True)
class Asked:
    """One decider: `plan` is how the question would go to them (None: they have no WhatsApp, and decide in the portal),
    `language` its name; `reminded` and `passed_up` when, and `above` to whom, if they do not answer."""

    employee: Employee
    deputy_for: Employee | None
    language: str
    plan: Plan | None
    reminded: Sequence[datetime] = ()
    passed_up: datetime | None = None
    above: Employee | None = None

    @property
    def reason(self) -> str:
        """Why it would wait, in words; empty when it leaves at once."""
        return reasons.label(self.plan.reason) if self.plan is not None and not self.plan.is_sendable else ""


@dataclass(frozen=True)
class Foreseen:
    """One stage. `beside`: the name of the one before that it is decided together with. `condition` in words; `is_stuck`: nobody could decide it; `named` is whom the flow names for it."""

    name: str
    beside: str
    is_needed: bool
    condition: str
    rule: str
    named: Sequence[Employee]
    asked: Sequence[Asked]

    @property
    def is_stuck(self) -> bool:
        return self.is_needed and not self.asked


def simulate(
    *, flow: Flow, requester: Employee, answers: Mapping[str, Any], at: datetime, language: str
) -> list[Foreseen]:
    """The stages in order; `answers` by field key, as forms keep them. `language` is the reader's.

    A stage with a condition on a field that is not in `answers` is not needed, as in a real request.
    """
    schema = forms.schema_of_form(flow.form)
    found: list[Foreseen] = []
    for stage in flow.stages.select_related("person", "team").order_by("order", "id"):
        is_needed = conditions.holds(stage.condition, answers)
        named = queries.named(stage, requester, at) if is_needed else []
        seats = _seats(stage, named, requester, at) if is_needed else []
        found.append(Foreseen(
            name=queries.stage_name(stage, language), beside=found[-1].name if stage.is_beside and found else "", is_needed=is_needed,
            condition=condition_in_words(stage.condition, schema, language), rule=rule_in_words(stage), named=named,
            asked=[_asked(seat, flow, stage, requester, answers, at) for seat in seats],
        ))  # fmt: skip
    return found


def _seats(stage: Stage, named: Sequence[Employee], requester: Employee, at: datetime) -> list[policy.Chosen]:
    own = frozenset({requester.pk})
    return policy.seat_plan(stage.rule, queries.chosen(named, own, at), own_ids=own, wanted=stage.wanted) or []


def rule_in_words(stage: Stage) -> str:
    """ "3 of them", or the rule as the flow's page calls it."""
    if stage.rule == Stage.Rule.QUORUM:
        return translation.gettext("%(wanted)s of them must agree") % {"wanted": stage.wanted}
    return str(stage.get_rule_display())


def _asked(seat: policy.Chosen, flow: Flow, stage: Stage, requester: Employee, answers: Mapping[str, Any],
           at: datetime) -> Asked:  # fmt: skip
    employee = Employee.objects.select_related("manager").get(pk=seat.decider_id or 0)
    base = Employee.objects.get(pk=seat.base_id) if seat.base_id != seat.decider_id else None
    contact = contacts.contact_of(employee)
    spoken = contact.spoken_language if contact is not None else employee.language
    patience, after = stage.patience, people.working_hours_after(employee, at)
    manager = employee.manager if patience.unanswered else None
    above = people.stand_in(manager, at, exclude=frozenset({requester.pk}))[0] if manager is not None else None
    last = after(patience.unanswered) if patience.unanswered and above is not None else None
    return Asked(
        employee=employee, deputy_for=base, language=str(dict(settings.LANGUAGES).get(spoken, spoken)),
        plan=_plan(contact, flow, stage, requester, answers, base, at) if contact is not None else None,
        reminded=[moment for moment in map(after, patience.reminders) if last is None or moment < last],
        passed_up=last, above=above,
    )  # fmt: skip


def _plan(contact: Contact, flow: Flow, stage: Stage, requester: Employee, answers: Mapping[str, Any],
          base: Employee | None, at: datetime) -> Plan:  # fmt: skip
    language = contact.spoken_language
    kind = kinds.ASKED if base is None else kinds.ASKED_DEPUTY
    data = {
        "request": TRIED_CODE, "flow": queries.flow_name(flow, language), "what": what(flow, answers, language),
        "name": requester.name, "stage": queries.stage_name(stage, language), "absent": base.name if base else "",
    }  # fmt: skip
    return foresee(kind=kind.name, contact=contact, at=at, data=data, actions=("approve", "reject"))


def what(flow: Flow, answers: Mapping[str, Any], language: str) -> str:
    """The matter in one line, as a request with these answers would have it."""
    schema = forms.schema_of_form(flow.form)
    keys = [key for key in (flow.summary_field, flow.amount_field) if key and answers.get(key) not in (None, "")]
    fields = [spec for key in keys if (spec := schema.field(key)) is not None and not spec.is_sensitive]
    return " · ".join(show.answer(spec, answers[spec.key], language) for spec in fields) or queries.flow_name(
        flow, language
    )
