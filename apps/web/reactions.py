"""What happens below and concerns a page: somebody cannot be reached on WhatsApp, or tried in the chat what it may not do."""

from apps.approvals import kinds, queries
from apps.approvals.models import Request, StageRun
from apps.contacts import queries as contacts
from apps.core.errors import RecadoError
from apps.incidents import kinds as incident_kinds
from apps.incidents.models import Ticket
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.web import queries as web
from apps.web import services, telling
from apps.web.models import Link

ASKED = (kinds.ASKED.name, kinds.ASKED_DEPUTY.name)
NEWS = {
    kind.name
    for kind in (kinds.APPROVED, kinds.REJECTED, kinds.STUCK, incident_kinds.ANSWERED, incident_kinds.RESOLVED)
}


@on("seat.taken")
def ask_by_mail_whom_whatsapp_cannot_reach(entry: Entry) -> None:
    """A decider without a usable chat gets the link by e-mail, when there is an address."""
    employee = Employee.objects.filter(pk=entry.after.get("employee"), state=Employee.State.ACTIVE).first()
    request = Request.objects.filter(pk=entry.subject_id).first()
    if employee is None or request is None or not web.can_mail(employee) or _is_asked_on_whatsapp(employee, request):
        return
    if queries.open_seat(request, employee) is None:
        return
    key = f"asked:{entry.after.get('stage_run')}:{request.version}:{employee.pk}"
    link = services.make_decision_link(employee=employee, request=request, why=Link.Why.ASKED, key=key)
    _mail_once(link)


def _is_asked_on_whatsapp(employee: Employee, request: Request) -> bool:
    contact = contacts.contact_of(employee)
    if contact is None:
        return False
    asked = OutboundMessage.objects.filter(contact=contact, kind__in=ASKED, subject_type=Request._meta.label_lower,
                                           subject_id=str(request.pk)).order_by("-id").first()  # fmt: skip
    return asked is not None and not (asked.state == OutboundMessage.State.HELD and asked.held_reason in telling.SILENT)


@on("decision.refused")
def send_the_page_for_a_sum_too_large_for_the_chat(entry: Entry) -> None:
    """Somebody tapped in the chat what is decided on a page: here it is. A later tap gets a fresh one."""
    if entry.after.get("why") != "step_up" or entry.actor_kind != "employee":
        return
    employee = Employee.objects.filter(pk=entry.actor_id, state=Employee.State.ACTIVE).first()
    run = StageRun.objects.filter(pk=entry.after.get("stage_run")).first()
    request = Request.objects.filter(pk=run.request_id).first() if run is not None else None
    if employee is None or request is None or queries.open_seat(request, employee) is None:
        return
    telling.send_decision(employee=employee, request=request, cause=f"{request.pk}:{entry.pk}", tapped_at=entry.at)


@on("notice.not_sent")
def mail_news_that_whatsapp_cannot_bring(entry: Entry) -> None:
    """The outcome of one's own request or report, for somebody without an address on WhatsApp."""
    employee = Employee.objects.filter(pk=entry.subject_id).first()
    if employee is None or entry.after.get("kind") not in NEWS or not web.can_mail(employee):
        return
    models = {Request._meta.label_lower: Request, Ticket._meta.label_lower: Ticket}
    model = models.get(str(entry.after.get("about")))
    subject = model._default_manager.filter(pk=entry.after.get("id")).first() if model is not None else None
    if subject is None:
        return
    link = services.make_list_link(
        employee=employee, why=Link.Why.NEWS, title=str(subject), subject=subject, key=f"news:{entry.pk}"
    )
    _mail_once(link)


@on("employee.left")
def end_the_links_of_a_leaver(entry: Entry) -> None:
    """They did nothing from the moment of leaving on; now the list says so too."""
    left = Employee.objects.filter(pk=entry.subject_id).exclude(state=Employee.State.ACTIVE).first()
    for link in web.open_links(left) if left is not None else ():
        services.revoke_link(link=link)


def _mail_once(link: Link) -> None:
    if link.mail_state == Link.Mail.NONE and link.is_usable:
        try:
            services.mail_link(link=link)
        except RecadoError:  # the address went meanwhile: HR sees the link without its e-mail
            return
