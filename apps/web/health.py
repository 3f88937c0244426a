"""Links by e-mail: do they leave?"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.web.models import Link

LATE = timedelta(hours=1)


@check("web.1 links by e-mail")
def mails() -> Iterator[Finding]:
    title = _("Web links by e-mail")
    useful = Link.objects.filter(revoked_at=None, button__used_at=None, button__expires_at__gt=clock.now())
    failed = useful.filter(mail_state=Link.Mail.FAILED).count()
    late = useful.filter(mail_state=Link.Mail.WAITING, created_at__lt=clock.now() - LATE).count()
    if not failed and not late:
        yield Finding("web.mails", title, Level.GREEN, _("None waits."))
        return
    seen = _("%(late)s wait for more than an hour, %(failed)s were not delivered.") % {"late": late, "failed": failed}
    mend = _(
        "Open “Web links”, filter by e-mail: each says why. Correct the address, or look whether the mail server answers."
    )
    yield Finding("web.mails", title, Level.AMBER, seen, mend)
