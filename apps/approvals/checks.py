"""What is wrong with a flow before anybody is asked: dead ends, conditions on fields that are not there."""

from django.utils.translation import gettext as _

from apps.approvals.models import Flow, Stage
from apps.core import clock
from apps.forms import queries as forms
from apps.people import queries as people
from apps.people.models import Employee


def problems(flow: Flow) -> list[str]:
    """Sentences, in the active language; empty when every request can be decided by somebody."""
    stages = list(flow.stages.select_related("person", "team").order_by("order", "id"))
    schema = forms.schema_of_form(flow.form)
    found: list[str] = []
    if not stages:
        found.append(_("There is no stage, so this flow is not offered to anybody."))
    elif all(stage.condition for stage in stages):
        found.append(
            _("Every stage has a condition: a request that meets none is approved without anybody's decision.")
        )
    missing = [key for key in (flow.amount_field, flow.summary_field) if key and schema.field(key) is None]
    found += [_("The form has no field “%(key)s”.") % {"key": key} for key in missing]
    if flow.page_above is not None and not flow.amount_field:
        found.append(_("A limit for the chat needs the amount field: without it no request is above it."))
    amount = schema.field(flow.amount_field) if flow.amount_field else None
    if amount is not None and amount.kind != "money":
        found.append(_("The field “%(key)s” is not an amount of money.") % {"key": flow.amount_field})
    if amount is not None and amount.is_sensitive:
        found.append(_("The field “%(key)s” is sensitive, so no request has an amount and none is above a limit.") % {
            "key": flow.amount_field})  # fmt: skip
    for number, stage in enumerate(stages, start=1):
        sentences = [*_of(stage), *_quorum(stage)]
        found += [_("Stage %(number)s: %(what)s") % {"number": number, "what": sentence} for sentence in sentences]
        key = str((stage.condition or {}).get("field") or "")
        if key and schema.field(key) is None:
            found.append(_("Stage %(number)s: the form has no field “%(key)s”, so the stage is never needed.") % {
                "number": number, "key": key})  # fmt: skip
    return found


def _of(stage: Stage) -> list[str]:
    match stage.approver:
        case Stage.Approver.PERSON if stage.person is not None and not stage.person.is_active:
            return [_("%(name)s has left; their manager is asked instead.") % {"name": stage.person}]
        case Stage.Approver.TEAM_LEAD if not _named(stage):
            return [_("the team %(team)s has no lead, so nobody can decide.") % {"team": stage.team}]
        case Stage.Approver.TEAM if not _named(stage):
            return [_("the team %(team)s has no members, so nobody can decide.") % {"team": stage.team}]
        case Stage.Approver.JOB if not _named(stage):
            return [_("nobody is in the position “%(job)s”, so nobody can decide.") % {"job": stage.job}]
        case Stage.Approver.COST_CENTRE if not people.has_cost_centre_owner():
            return [_("no cost centre has an owner, so nobody can decide.")]
    return []


def _named(stage: Stage) -> list[Employee]:
    """Whom a stage names whoever asks; empty for the manager and the cost centre, which depend on that."""
    today = clock.now().date()
    match stage.approver:
        case Stage.Approver.TEAM_LEAD:
            return people.leads_of(stage.team, today) if stage.team else []
        case Stage.Approver.TEAM:
            return people.members_of(stage.team, today) if stage.team else []
        case Stage.Approver.JOB:
            return people.in_position(stage.job)
    return []


_SINGLE = {Stage.Approver.MANAGER, Stage.Approver.MANAGERS_MANAGER, Stage.Approver.PERSON, Stage.Approver.COST_CENTRE}


def _quorum(stage: Stage) -> list[str]:
    if stage.rule != Stage.Rule.QUORUM:
        return []
    able = 1 if stage.approver in _SINGLE else len(_named(stage))
    if able >= (stage.quorum or 1):
        return []
    return [_("%(wanted)s have to agree, but only %(able)s can be asked.") % {"wanted": stage.quorum, "able": able}]
