"""Reads about links: who may see them, which row stands behind a token, what may be offered."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.approvals.models import Request
from apps.contacts.models import Contact
from apps.conversations.targets import FormTarget, targets
from apps.core import clock
from apps.files import queries as files
from apps.files.models import File
from apps.outbox import buttons
from apps.people import queries as people
from apps.people.models import Employee
from apps.web.models import Link

DEEPEST = 4
"""Levels of a menu that are offered as one list."""


def visible_to(user: Any) -> QuerySet[Link]:
    """The links of the employees one may see."""
    if people.sees_everybody(user):
        return Link.objects.all()
    return Link.objects.filter(employee__in=people.visible_employees(user))


def by_token(token: str) -> Link | None:
    """The link behind an address that still opens something; None for all others, which must look alike."""
    button = buttons.find_web(token)
    if button is None:
        return None
    rows = Link.objects.select_related("button__contact", "employee", "form_version__form", "made_by")
    link = rows.filter(button=button).exclude(why=Link.Why.BEHALF).first()
    return link if link is not None and not link.is_over else None


def address(link: Link) -> str:
    """The whole address, for the person alone."""
    return f"{settings.BASE_URL}{path(link)}"


def path(link: Link) -> str:
    """The address within the house."""
    return reverse("web:page", args=[buttons.token(link.button)])


def obstacle(link: Link) -> str:
    """Why this person may do nothing here now, and what to do; empty when they may."""
    if not link.employee.is_active:
        return _("This page was for somebody who worked here. Nothing can be sent from it any more. "
                 "If that is wrong, please speak to HR.")  # fmt: skip
    contact = link.button.contact
    if contact is None:
        return ""
    if contact.state != Contact.State.ACTIVE or contact.employee_id != link.employee_id:
        return _("This link was sent to a phone that has to be proved again first, so it does nothing. "
                 "Please speak to HR: they can link your phone anew, or send you a link by e-mail.")  # fmt: skip
    return ""


# --- forms that may be filled in --------------------------------------------------------------------------------------


def form_target(name: str) -> FormTarget | None:
    """The target of a form by its name; None for what does not begin with a form."""
    target = targets.get(name)
    return target if isinstance(target, FormTarget) else None


def offers(language: str) -> list[tuple[str, str]]:
    """("target:key", "Report a problem › Facilities") of everything that begins with a form, in menu order."""
    found: list[tuple[str, str]] = []
    for name, target in targets:
        if isinstance(target, FormTarget):
            _walk(target, name, "", str(target.label), language, found, DEEPEST)
    return found


def _walk(target: FormTarget, name: str, argument: str, path: str, language: str, found: list[tuple[str, str]],
          levels: int) -> None:  # fmt: skip
    for choice in target.offered(argument, language):
        here = f"{path} › {choice.title}"
        below = len(found)
        if levels > 1 and choice.key != argument:
            _walk(target, name, choice.key, here, language, found, levels - 1)
        if len(found) == below:
            found.append((f"{name}:{choice.key}", here))


def decisions_waiting_for(employee: Employee, *, user: Any) -> list[Request]:
    """Requests that this person may decide now and `user` may see, oldest first."""
    rows = approvals.waiting_for(employee).exclude(requester=employee) & approvals.visible_to(user)
    return list(rows.select_related("requester", "flow").order_by("id")[:50])


# --- files ------------------------------------------------------------------------------------------------------------


def request_of(link: Link) -> Request | None:
    """The request that a link to decide is about."""
    if link.purpose != Link.Purpose.DECIDE or not link.button.subject_id.isdigit():
        return None
    rows = Request.objects.select_related("requester", "flow", "submission__version")
    return rows.filter(pk=link.button.subject_id).first()


def file_to_show(link: Link, pk: int) -> File | None:
    """A file of the request, for whoever may decide it from this link now; None for every other."""
    request = request_of(link)
    if request is None or not link.is_usable or obstacle(link) or approvals.open_seat(request, link.employee) is None:
        return None
    return files.files_of(request).filter(pk=pk).first()


# --- mail -------------------------------------------------------------------------------------------------------------


def can_mail(employee: Employee) -> bool:
    """Whether the house can write an e-mail to this person."""
    return bool(settings.EMAIL_IS_SET_UP and employee.email and employee.is_active)


def open_links(employee: Employee) -> QuerySet[Link]:
    """Links that still do something for this person."""
    return Link.objects.filter(employee=employee).open(clock.now()).select_related("button")
