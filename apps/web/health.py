"""Links by e-mail: do they leave?"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.findings import Finding, check
from apps.people import letters
from apps.web.models import Link


@check("web.1 links by e-mail")
def mails() -> Iterator[Finding]:
    mend = _(
        "Open “Web links”, filter by e-mail: each says why. Correct the address, or look whether the mail server answers."
    )
    open_ones = Link.objects.open(clock.now())
    yield from letters.findings(open_ones, code="web.mails", title=_("Web links by e-mail"), mend=mend)
