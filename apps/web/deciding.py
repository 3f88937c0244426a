"""A decision on a page: the frozen request is shown, the verdict asked twice, and counted once under the link's lock."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.approvals import services as approvals_services
from apps.approvals.models import Decision, Request, StageRun
from apps.core.errors import InvalidInputError, NotPermittedError, RecadoError
from apps.journal.services import record
from apps.outbox import buttons
from apps.people import queries as people
from apps.web import queries, services
from apps.web.models import Link

VIA = "link"


@dataclass
class Page:
    """`step`: look (read and choose), confirm (asked once more), done, or refused with `sentence`."""

    link: Link
    request: Request
    step: str
    sentence: str = ""
    verdict: str = ""
    reason: str = ""
    error: str = ""
    deputy_for: str = ""


def look(link: Link) -> Page | None:
    """The page as it is opened; None when the request is gone. Nothing is written by looking at it."""
    request = queries.request_of(link)
    if request is None:
        return None
    if link.is_used:
        return done(link, request)
    run = _run(link, request)
    try:
        if run is None:
            raise NotPermittedError(_("This was not asked of you."))
        approvals_services.check_may_decide(
            stage_run=run, by=link.employee, version_seen=link.button.subject_version, via=VIA
        )
    except RecadoError as error:
        return Page(link, request, "refused", str(error))
    seat = approvals.open_seat(request, link.employee)
    return Page(link, request, "look", deputy_for=seat.deputy_for.name if seat and seat.deputy_for else "")


def done(link: Link, request: Request) -> Page:
    """What was decided from this link, and when."""
    decision = Decision.objects.filter(proof=_proof(link), seat__employee=link.employee).first()
    if decision is None:
        return Page(link, request, "refused", approvals.standing(request, link.employee))
    when = people.clock_time(decision.at, link.employee)
    if decision.verdict == Decision.Verdict.APPROVE:
        said = _("You approved %(request)s at %(time)s.")
    else:
        said = _("You rejected %(request)s at %(time)s.")
    return Page(link, request, "done", said % {"request": request.code, "time": when}, verdict=decision.verdict,
                reason=decision.reason)  # fmt: skip


def choose(link: Link, posted: Any) -> Page | None:
    """A verdict was chosen: ask once more, or say what is missing. Nothing is written."""
    page = look(link)
    if page is None or page.step != "look":
        return page
    page.verdict, page.reason = str(posted.get("verdict", "")), str(posted.get("reason", "")).strip()[:500]
    if page.verdict not in Decision.Verdict.values:
        page.verdict, page.error = "", _("Choose to approve or to reject.")
    elif page.verdict == Decision.Verdict.REJECT and not page.reason:
        page.error = _("Please say why: the person who asked reads your reason.")
    else:
        page.step = "confirm"
    return page


@transaction.atomic
def decide(*, link: Link, verdict: str, reason: str) -> Page | None:
    """Count the confirmed verdict; a second press finds it done. A refusal is kept in the journal, and leaves the link."""
    link = services.locked(link)
    request = queries.request_of(link)
    if request is None:
        return None
    if link.is_used:
        return done(link, request)
    refused = queries.obstacle(link)
    run = _run(link, request)
    if refused or run is None or not link.is_usable:
        return Page(link, request, "refused", refused or _("This was not asked of you."))
    try:
        with transaction.atomic():
            approvals_services.decide(
                stage_run=run, by=link.employee, verdict=verdict, version_seen=link.button.subject_version, via=VIA,
                reason=reason[:500], proof=_proof(link),
            )  # fmt: skip
            buttons.use(link.button)
            record("link.used", subject=link, by=link.employee, after={
                "employee": link.employee_id, "about": request.pk, "verdict": verdict, "made_by": link.made_by_id})  # fmt: skip
    except InvalidInputError as error:
        page = look(link)  # what was typed is looked at first: whether there is anything to decide is not known yet
        if page is not None and page.step == "look":
            page.verdict, page.reason, page.error = verdict, reason, str(error)
        return page
    except RecadoError as error:
        approvals_services.note_refusal(stage_run=run, by=link.employee, error=error, proof=_proof(link))
        return Page(link, request, "refused", str(error))
    request.refresh_from_db()
    return done(link, request)


def _run(link: Link, request: Request) -> StageRun | None:
    runs = StageRun.objects.select_related("request__requester")
    return runs.filter(pk=link.button.data.get("stage_run"), request=request).first()


def _proof(link: Link) -> str:
    return f"link:{link.pk}"
