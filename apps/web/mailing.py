"""Links by e-mail: claimed by lease, sent outside any transaction, tried again while the trouble may pass.

The mail names what it is about by its short code only: no answer, no amount, no reason of anybody stands in it.
"""

import logging
import smtplib
from datetime import timedelta
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.errors import RecadoError
from apps.journal.services import record
from apps.web import queries
from apps.web.models import Link

log = logging.getLogger("recado.web")

LEASE = timedelta(minutes=5)
TRIES = 5
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
AT_MOST = 200
"""E-mails of one run of the task: the next run goes on."""

Mail = Link.Mail


def send_waiting() -> int:
    """Send what is due; returns how many were tried."""
    tried = 0
    while tried < AT_MOST and (link := _claim()) is not None:
        tried += 1
        try:
            _message(link).send()
        except smtplib.SMTPRecipientsRefused as error:
            _failed(link, _("The mail server refuses the address."), error, is_final=True)
        except (smtplib.SMTPException, OSError, RecadoError, ValueError) as error:
            _failed(link, _("The mail server did not take it."), error, is_final=isinstance(error, ValueError))
        else:
            _sent(link)
    return tried


def _claim() -> Link | None:
    """The next that is due, leased. Links that open nothing any more stay here."""
    now = clock.now()
    due = Link.objects.filter(mail_state__in=[Mail.WAITING, Mail.SENDING], mail_at__lte=now).order_by("mail_at", "pk")
    for row in due.select_related("employee", "button", "made_by")[:20]:
        if not row.is_usable or not row.employee.is_active or not row.employee.email:
            Link.objects.filter(pk=row.pk).update(mail_state=Mail.NONE, mail_at=None)
            continue
        mine = Link.objects.filter(pk=row.pk, mail_state=row.mail_state, mail_at=row.mail_at)
        if mine.update(mail_state=Mail.SENDING, mail_at=now + LEASE, mail_tries=F("mail_tries") + 1):
            row.mail_tries += 1
            return row
    return None


def _message(link: Link) -> EmailMultiAlternatives:
    """The mail in the person's language, as text and as HTML."""
    with translation.override(link.employee.language):
        subject, line = _said(link)
        facts = {
            "name": link.employee.name.split(" ")[0], "company": settings.COMPANY_NAME, "line": line,
            "link": queries.address(link), "until": link.button.expires_at, "acts": link.purpose != Link.Purpose.MINE,
        }  # fmt: skip
        text = render_to_string("web/mail.txt", facts)
        html = render_to_string("web/mail.html", facts)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    headers = {"Message-ID": f"<link.{link.pk}.{link.button.nonce[:8]}@{domain}>", "Auto-Submitted": "auto-generated"}
    to = formataddr((link.employee.name.replace("\r", " ").replace("\n", " "), link.employee.email))
    message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


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


def _sent(link: Link) -> None:
    with transaction.atomic():
        mine = Link.objects.filter(pk=link.pk, mail_state=Mail.SENDING)
        if mine.update(mail_state=Mail.SENT, mail_at=clock.now(), mail_error=""):
            record("link.mailed", subject=link, after={"tries": link.mail_tries})


def _failed(link: Link, sentence: str, error: Exception, *, is_final: bool) -> None:
    log.warning("link %s was not mailed: %s", link.pk, type(error).__name__)
    is_over = is_final or link.mail_tries >= TRIES
    state = Mail.FAILED if is_over else Mail.WAITING
    wait = BACKOFF[min(link.mail_tries, len(BACKOFF)) - 1]
    with transaction.atomic():
        mine = Link.objects.filter(pk=link.pk, mail_state=Mail.SENDING)
        changed = mine.update(mail_state=state, mail_at=clock.now() + wait, mail_error=f"{sentence} ({error})"[:1000])
        if changed and is_over:
            record(
                "link.mail_failed", subject=link, after={"tries": link.mail_tries}, body={"error": repr(error)[:1000]}
            )
