"""What the chat may start here: request something, approve, reject with a reason, "my requests"."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.approvals import queries, services, telling
from apps.approvals.models import Decision, Flow, Request, StageRun
from apps.conversations.models import Message
from apps.conversations.targets import (
    Choice,
    Completed,
    FormTarget,
    Opening,
    Reply,
    Speaker,
    Tap,
    Target,
    register,
)
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError, RecadoError
from apps.core.texts import key_in
from apps.forms import services as forms
from apps.forms.models import FormVersion, Submission
from apps.outbox import services as outbox
from apps.outbox.models import Button

REASON_QUESTION = {
    "en": "Why not? The person who asked reads your reason.",
    "pt-br": "Por que não? Quem pediu vai ler o seu motivo.",
    "es": "¿Por qué no? La persona que lo pidió leerá tu motivo.",
}


@register
class RequestSomething(FormTarget):
    """A menu row: choose a flow, fill in its form, and the request is on its way."""

    name = "approvals.request"
    label = gettext_lazy("Ask for an approval")
    subject_type = "approvals.request"
    code_prefix = "R"

    def offered(self, argument: str, language: str) -> Sequence[Choice]:
        if argument:
            return ()
        return [Choice(key=flow.key, title=queries.flow_name(flow, language)[:24]) for flow in queries.offered_flows()]

    def version(self, argument: str) -> FormVersion:
        flow = Flow.objects.select_related("form").filter(key=argument, is_active=True).first()
        if flow is None:
            raise InvalidInputError(_("This cannot be requested at present. Please ask HR."))
        return forms.freeze(form=flow.form)

    def file(self, *, argument: str, submission: Submission) -> Request:
        """The requester hears the code by `request.submitted`, which carries the request as its subject."""
        flow = Flow.objects.filter(key=argument).first()
        if flow is None:
            raise InvalidInputError(_("This cannot be requested at present. Please ask HR."))
        return services.submit(flow=flow, submission=submission, by=submission.by)

    def follow_up(self, speaker: Speaker, subject_id: str, message: Message) -> Reply | None:
        """Words never decide: whoever has to do with the request hears how it stands and where the buttons are."""
        request = Request.objects.select_related("requester").filter(pk=key_in(subject_id)).first()
        if request is None or message.kind == "reaction":
            return None
        me = speaker.employee
        was_asked = request.stage_runs.filter(seats__employee=me).exists()
        if request.requester_id != me.pk and not was_asked:
            return None
        lines = [f"*{request.code}* {queries.what(request, speaker.language)}", queries.standing(request, me)]
        if queries.open_seat(request, me) is not None:
            telling.receipts(request, me, message.pk)  # they have just written, so a photo can be shown
            lines.append(_("A decision counts only by the buttons under the question, so nothing was decided."))
        return Reply(text="\n".join(lines), subject=request)


class _DecisionButton(Target):
    """What both buttons share: they know their stage, and explain themselves by it."""

    decides = True

    def explain(self, tap: Tap) -> Reply:
        run = _run_of(tap.button)
        if run is None:
            return Reply(text=_("This request is gone."))
        try:
            services.check_may_decide(
                stage_run=run, by=tap.speaker.employee, version_seen=tap.button.subject_version, via=""
            )
        except RecadoError as error:
            return Reply(text=f"{run.request.code}: {error}", subject=run.request)
        text = _(
            "This button is too old to be trusted. Please decide in the portal, or ask HR to have you asked again."
        )
        return Reply(text=f"{run.request.code}: {text}", subject=run.request)

    def refuse(self, tap: Tap, run: StageRun, error: RecadoError) -> tuple[Reply, bool]:
        """Say why, keep it in the journal; the button dies when nothing can come of it any more."""
        services.note_refusal(stage_run=run, by=tap.speaker.employee, error=error, proof=tap.message.remote_id)
        is_used = isinstance(error, MoveNotAllowedError)
        return Reply(text=f"{run.request.code}: {error}", subject=run.request), is_used


def _run_of(button: Button) -> StageRun | None:
    runs = StageRun.objects.select_related("request__requester")
    return runs.filter(pk=button.data.get("stage_run"), request_id=button.subject_id).first()


@register
class Approve(_DecisionButton):
    """One tap decides."""

    name = "approvals.approve"
    label = gettext_lazy("Approve a request")

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        named = StageRun(pk=tap.button.data.get("stage_run"), request_id=int(tap.button.subject_id or 0))
        try:
            with transaction.atomic():
                decision = services.decide(
                    stage_run=named, by=tap.speaker.employee, verdict=Decision.Verdict.APPROVE, via="button",
                    version_seen=tap.button.subject_version, proof=tap.message.remote_id,
                )  # fmt: skip
        except RecadoError as error:
            run = _run_of(tap.button)
            if run is None:
                raise
            return self.refuse(tap, run, error)
        request = decision.seat.stage_run.request
        text = _("You approved %(request)s. %(name)s has been told.")
        return Reply(text=text % {"request": request.code, "name": request.requester.name}, subject=request), True


@register
class Reject(_DecisionButton):
    """Asks for the reason first: nothing is decided, and the button stays good, until it has come."""

    name = "approvals.reject"
    label = gettext_lazy("Reject a request")

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        run = _run_of(tap.button)
        if run is None:
            raise InvalidInputError(_("This request is gone."))
        try:
            services.check_may_decide(stage_run=run, by=tap.speaker.employee, version_seen=tap.button.subject_version)
        except RecadoError as error:
            return self.refuse(tap, run, error)
        question = {"key": "reason", "kind": "text", "question": REASON_QUESTION, "limits": {"max_length": 500}}
        schema = {"name": {"en": run.request.code}, "fields": [question], "is_checked": False}
        argument = f"{run.pk}:{tap.button.subject_version}:{tap.button.pk}"
        return Reply(opens=Opening(target=RejectReason.name, argument=argument, schema=schema)), False


@register
class RejectReason(Target):
    """The answer to "why not?": this is the moment of the rejection, and everything is checked again."""

    name = "approvals.reject_reason"
    label = gettext_lazy("Reason of a rejection")

    def complete(self, completed: Completed) -> Reply:
        run_id, version, button_id = completed.argument.split(":")
        run = StageRun.objects.select_related("request__requester").filter(pk=run_id).first()
        if run is None:
            raise InvalidInputError(_("This request is gone."))
        if completed.speaker.contact.is_shared:
            raise NotPermittedError(_("This is a shared phone: decisions need your own phone or the portal."))
        proof = completed.message.remote_id if completed.message else ""
        try:
            with transaction.atomic():
                services.decide(
                    stage_run=run, by=completed.speaker.employee, verdict=Decision.Verdict.REJECT, via="button",
                    version_seen=int(version), proof=proof, reason=str(completed.answers.get("reason") or ""),
                )  # fmt: skip
        except RecadoError as error:
            services.note_refusal(stage_run=run, by=completed.speaker.employee, error=error, proof=proof)
            return Reply(text=f"{run.request.code}: {error}", subject=run.request)
        button = Button.objects.filter(pk=button_id, used_at=None).first()
        if button is not None:
            outbox.use_button(button=outbox.lock_button(button))
        text = _("You rejected %(request)s. %(name)s has been told why.")
        return Reply(text=text % {"request": run.request.code, "name": run.request.requester.name}, subject=run.request)


@register
class Mine(Target):
    """A menu row: the speaker's last requests and how each stands."""

    name = "approvals.mine"
    label = gettext_lazy("My requests")

    def start(self, speaker: Speaker, argument: str) -> Reply:
        requests = queries.requested_by(speaker.employee)
        if not requests:
            return Reply(text=_("You have not asked for anything yet. Write *menu* to start."))
        lines = [
            f"*{request.code}* {queries.what(request, speaker.language)}\n{queries.standing(request, speaker.employee)}"
            for request in requests
        ]
        return Reply(text="\n\n".join(lines))
