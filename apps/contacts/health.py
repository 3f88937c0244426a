"""Invitations: do their e-mails leave, and does anybody look at codes from other phones."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.contacts.models import Claim, Invitation
from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.people import letters

PATIENCE = timedelta(days=2)


@check("contacts.1 invitations by e-mail")
def mails() -> Iterator[Finding]:
    open_ones = Invitation.objects.filter(state=Invitation.State.OPEN, expires_at__gt=clock.now())
    mend = _(
        "Open “Invitations”, filter by e-mail: each says why. Correct the address, or look whether the mail server answers."
    )
    yield from letters.findings(open_ones, code="contacts.mails", title=_("Invitations by e-mail"), mend=mend)


@check("contacts.2 claims")
def claims() -> Iterator[Finding]:
    title = _("Codes from another phone")
    waiting = Claim.objects.filter(state=Claim.State.WAITING, created_at__lt=clock.now() - PATIENCE).count()
    if not waiting:
        yield Finding("contacts.claims", title, Level.GREEN, _("None waits for long."))
        return
    seen = ngettext("%(count)s person has waited for HR’s word for more than two days.",
                    "%(count)s people have waited for HR’s word for more than two days.", waiting)  # fmt: skip
    mend = _("Ask HR to open “Claims to confirm”, compare the numbers, and confirm or refuse.")
    yield Finding("contacts.claims", title, Level.AMBER, seen % {"count": waiting}, mend)
