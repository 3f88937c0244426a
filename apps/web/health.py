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
    now = clock.now()
    useful = Link.objects.open(now)
    failed = useful.filter(mail_state=Link.Mail.FAILED).count()
    # By the moment at which it was due: a link may be old, and its e-mail asked for just now. Sent for so long is stuck.
    late = useful.filter(mail_state__in=[Link.Mail.WAITING, Link.Mail.SENDING], mail_at__lt=now - LATE).count()
    if not failed and not late:
        yield Finding("web.mails", title, Level.GREEN, _("None waits."))
        return
    seen = _("%(late)s wait for more than an hour, %(failed)s were not delivered.") % {"late": late, "failed": failed}
    mend = _(
        "Open “Web links”, filter by e-mail: each says why. Correct the address, or look whether the mail server answers."
    )
    yield Finding("web.mails", title, Level.AMBER, seen, mend)
