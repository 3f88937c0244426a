"""What a link says by e-mail. How it leaves: people.letters.

The mail names what it is about by its short code only: no answer, no amount, no reason of anybody stands in it.
"""

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.people.letters import Letter, Post
from apps.web import queries
from apps.web.models import Link


def _rows() -> QuerySet[Link]:
    return Link.objects.select_related("employee", "button", "made_by")


def _write(link: Link) -> Letter:
    subject, line = _said(link)
    facts = {
        "line": line, "link": queries.address(link), "until": link.button.expires_at,
        "acts": link.purpose != Link.Purpose.MINE,
    }  # fmt: skip
    return Letter(subject, facts, link.button.nonce[:8])


def _said(link: Link) -> tuple[str, str]:
    """(subject, first line) of a mail, in the active language."""
    words = {
        "company": settings.COMPANY_NAME,
        "title": link.title,
        "by": link.made_by.as_actor().label if link.made_by else "",
    }
    if link.purpose == Link.Purpose.DECIDE:
        request = queries.request_of(link)
        words["name"] = request.requester.name if request else ""
        return (_("%(company)s: your decision on %(title)s") % words,
                _("%(name)s asks for your decision on %(title)s. Look at it and decide on this page:") % words)  # fmt: skip
    if link.why == Link.Why.FILED:
        return (_("%(company)s: %(title)s was filed for you") % words,
                _("%(by)s has filed %(title)s for you. This page shows it; if it is wrong, please speak to HR:") % words)  # fmt: skip
    if link.why == Link.Why.NEWS:
        return (_("%(company)s: news about %(title)s") % words,
                _("There is news about %(title)s. This page shows how it stands:") % words)  # fmt: skip
    if link.purpose == Link.Purpose.FORM:
        return (_("%(company)s: %(title)s") % words, _("Fill in “%(title)s” on this page:") % words)
    return (
        _("%(company)s: your requests") % words,
        _("This page shows what you asked for and reported, and how it stands:"),
    )


LINKS = Post(name="link", rows=_rows, template="web/mail", write=_write)
