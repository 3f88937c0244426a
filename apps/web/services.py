"""Makes links, ends them, and has them mailed. What their pages do stands in `filling` and `deciding`."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.approvals import services as approvals_services
from apps.approvals.models import Request
from apps.contacts.models import Contact
from apps.core import clock
from apps.core.errors import InvalidInputError, MoveNotAllowedError, NotPermittedError
from apps.core.tasks import nudge
from apps.forms import queries as forms
from apps.forms.models import FormVersion
from apps.forms.schema import in_language
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record
from apps.outbox import buttons
from apps.people import letters
from apps.people import queries as people
from apps.people.models import Employee, User
from apps.web import mailing, queries, tasks
from apps.web.models import Link

MAKE = "web.make_link"
FILE = "web.file_for_others"


def require(*, by: HasActor, permission: str, employee: Employee) -> None:
    """Raises NotPermittedError for a sign-in without `permission`, or without this employee in its scope. The house may."""
    if not isinstance(by, User):
        return
    if not by.has_perm(permission) or not people.visible_employees(by).filter(pk=employee.pk).exists():
        raise NotPermittedError(_("You may not do this for this person."))


@transaction.atomic
def make_form_link(*, employee: Employee, choice: str, by: HasActor, why: str = Link.Why.MADE) -> Link:
    """A link to fill in one form, `choice` being "target:key" as `queries.offers` names it.

    Raises NotPermittedError, InvalidInputError for a leaver or a form that is not offered (any more).
    """
    require(by=by, permission=FILE if why == Link.Why.BEHALF else MAKE, employee=employee)
    name, _colon, argument = choice.partition(":")
    target = queries.form_target(name)
    if target is None or not argument.isprintable():
        raise InvalidInputError(_("Choose what the link is for."))
    version = target.version(argument)
    return _make(employee, Link.Purpose.FORM, by, why, target=name, data={"argument": argument}, form_version=version)


@transaction.atomic
def make_list_link(*, employee: Employee, by: HasActor = SYSTEM, why: str = Link.Why.MADE, title: str = "",
                   subject: models.Model | None = None, key: str = "", filed_by: User | None = None) -> Link:  # fmt: skip
    """A link to "my requests"; it may be opened again until its time is over. The same `key` is the same link.

    `filed_by` is who has filed what it tells of: the house makes it, in their name.
    """
    require(by=by, permission=MAKE, employee=employee)
    return _make(
        employee, Link.Purpose.MINE, filed_by or by, why, target="web.mine", title=title, subject=subject, key=key
    )


@transaction.atomic
def make_decision_link(
    *, employee: Employee, request: Request, by: HasActor = SYSTEM, why: str = Link.Why.MADE, key: str = "",
    contact: Contact | None = None, lasts: timedelta | None = None,
) -> Link:  # fmt: skip
    """A link to decide on `request` as it stands, for somebody who is asked now. `contact`: the address it is sent to.

    Raises NotPermittedError for whoever asked for it, filed it, or may not see it; InvalidInputError when the person is
    not asked (any more).
    """
    require(by=by, permission=MAKE, employee=employee)
    _check_is_not_theirs(request, by)
    seat = approvals.open_seat(request, employee)
    if seat is None:
        raise InvalidInputError(_("%(name)s is not asked to decide on %(request)s.") % {
            "name": employee, "request": request.code})  # fmt: skip
    link = _make(
        employee, Link.Purpose.DECIDE, by, why, target="web.decide", title=request.code, subject=request,
        version=request.version, data={"stage_run": seat.stage_run_id}, key=key, lasts=lasts,
    )  # fmt: skip
    if contact is not None and link.button.contact_id is None:
        link.button.contact = contact
        link.button.save(update_fields=["contact"])
    return link


def _check_is_not_theirs(request: Request, by: HasActor) -> None:
    """Raises NotPermittedError for a sign-in that may not see the request, asked for it or filed it."""
    if not isinstance(by, User):
        return
    if not approvals.visible_to(by).filter(pk=request.pk).exists():
        raise NotPermittedError(_("You may not do this for this person."))
    if approvals.is_own(by, request):
        raise NotPermittedError(_("Whoever asked for something, or filed it, makes no link to decide on it."))


@transaction.atomic
def send_decision_by_mail(*, employee: Employee, request: Request, by: HasActor) -> Link:
    """A link to decide leaves by e-mail and is shown to nobody else: whoever saw it could decide.

    Raises as `make_decision_link`, and InvalidInputError when no e-mail reaches the person.
    """
    link = make_decision_link(employee=employee, request=request, by=by)
    return mail_link(link=link, by=by)


def _make(
    employee: Employee, purpose: str, by: HasActor, why: str, *, target: str, title: str = "",
    form_version: FormVersion | None = None, key: str = "", lasts: timedelta | None = None, **bound: Any,
) -> Link:  # fmt: skip
    known = Link.objects.select_related("button", "employee").filter(key=key).first() if key else None
    if known is not None:
        return known
    row = Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
    if not row.is_active:
        raise InvalidInputError(_("%(name)s has left: a link for them would open nothing.") % {"name": row})
    if form_version is not None:
        title = in_language(forms.schema_of(form_version).name, row.language) or form_version.form.key
    button = buttons.mint_web(
        employee=row, target=target, expires_in=lasts or timedelta(days=settings.WEB_LINK_DAYS), **bound
    )
    link = Link.objects.create(
        button=button, employee=row, purpose=purpose, why=why, title=title[:120], form_version=form_version,
        made_by=by if isinstance(by, User) else None, key=key or None,
    )  # fmt: skip
    record("link.made", subject=link, by=by, after={
        "employee": row.pk, "purpose": str(purpose), "why": str(why), "about": button.subject_id,
        "expires_at": button.expires_at.isoformat()})  # fmt: skip
    return link


@transaction.atomic
def revoke_link(*, link: Link, by: HasActor = SYSTEM) -> Link:
    """The address opens nothing any more. Raises NotPermittedError, MoveNotAllowedError when it did nothing before already."""
    require(by=by, permission=MAKE, employee=link.employee)
    row = locked(link)
    if not row.is_usable:
        raise MoveNotAllowedError(_("This link opens nothing any more: it was used or revoked, or its time is over."))
    row.revoked_at = clock.now()
    if row.mail_state == Link.Mail.WAITING:
        row.mail_state = Link.Mail.NONE
    row.save(update_fields=["revoked_at", "mail_state"])
    record("link.revoked", subject=row, by=by, after={"employee": row.employee_id})
    return row


@transaction.atomic
def mail_link(*, link: Link, by: HasActor = SYSTEM) -> Link:
    """Send the address by e-mail (once more). Raises NotPermittedError, InvalidInputError when nothing can be sent.

    A link to decide is sent by nobody who asked for the request or filed it.
    """
    require(by=by, permission=MAKE, employee=link.employee)
    row = locked(link)
    request = queries.request_of(row)
    if request is not None:
        _check_is_not_theirs(request, by)
    if not row.is_usable or row.why == Link.Why.BEHALF:
        raise InvalidInputError(_("This link opens nothing any more. Make a new one."))
    if not queries.can_mail(row.employee):
        raise InvalidInputError(_("%(name)s has no e-mail address, or no mail server is set up. Hand the link over in "
                                  "another way.") % {"name": row.employee})  # fmt: skip
    letters.ask(row, post=mailing.LINKS, by=by, after={"employee": row.employee_id})
    nudge(tasks.mail)
    return row


def locked(link: Link) -> Link:
    """The link again, with what its pages read, its rows locked until the transaction ends.

    The person first: whoever marks them as left holds that row, and then ends their links.
    """
    Employee.objects.select_for_update(no_key=True).get(pk=link.employee_id)
    buttons.lock(link.button)
    rows = Link.objects.select_related("button__contact", "employee", "form_version__form", "made_by")
    return rows.select_for_update(of=("self",)).get(pk=link.pk)


# --- what the pages of "my requests" do -------------------------------------------------------------------------------


@transaction.atomic
def withdraw(*, link: Link, request: Request) -> Request:
    """The person behind the link takes a request back. Raises NotPermittedError, MoveNotAllowedError as approvals does."""
    refused = queries.obstacle(link)
    if refused:
        raise NotPermittedError(refused)
    row = approvals_services.withdraw(request=request, by=link.employee)
    record("link.acted", subject=link, by=link.employee, after={"did": "withdraw", "about": row.pk})
    return row
