"""What HR may do to many invitations at once. Inviting many has a page of its own, since it asks how."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import services
from apps.contacts.machine import INVITATION
from apps.contacts.models import Invitation
from apps.people.bulk.deeds import Deed, Given, register
from apps.people.models import User


def _cannot_revoke(rows: Sequence[Invitation], _by: User) -> Mapping[int, str]:
    wrong = (row for row in rows if row.state not in INVITATION["revoke"].sources)
    return {row.pk: _("Its code is “%(state)s”.") % {"state": row.get_state_display()} for row in wrong}


def _revoke(row: Any, by: User, _given: Given) -> None:
    services.revoke_invitation(invitation=row, by=by)


def _cannot_mail(rows: Sequence[Invitation], _by: User) -> Mapping[int, str]:
    reasons = {}
    for row in rows:
        if not row.is_usable:
            reasons[row.pk] = _("Its code opens nothing any more.")
        elif row.is_mail_on_its_way:
            reasons[row.pk] = _("Its e-mail is on its way already.")
        elif not row.employee.email:
            reasons[row.pk] = _("The employee has no e-mail address.")
    return reasons


def _mail(row: Any, by: User, _given: Given) -> None:
    services.mail_again(invitation=row, by=by)


register("contacts.revoke", Deed(
    "contacts.invitation", gettext_lazy("Revoke"), services.INVITE, _cannot_revoke, _revoke,
    related=("employee",), consequence=gettext_lazy("These codes open nothing any more, on whatever paper they stand. Who is connected stays connected."),
    warning=gettext_lazy("This cannot be undone: whoever still needs a code is invited anew."),
))  # fmt: skip
register("contacts.mail_again", Deed(
    "contacts.invitation", gettext_lazy("Send by e-mail"), services.INVITE, _cannot_mail, _mail,
    related=("employee",), consequence=gettext_lazy("The same codes go to the e-mail addresses of HR’s record."),
))  # fmt: skip
