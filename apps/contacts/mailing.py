"""Invitations by e-mail: claimed by lease, sent outside any transaction, tried again while the trouble may pass.

A worker that dies between sending and saving sends the same mail again: the same code under the same Message-ID, which mail
programs show once. What comes back later goes to the sender's mailbox; HR notes it on the invitation.
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

from apps.contacts import codes
from apps.contacts.models import Invitation
from apps.core import clock
from apps.core.errors import RecadoError
from apps.journal.services import record
from apps.providers import queries as providers

log = logging.getLogger("recado.contacts")

LEASE = timedelta(minutes=5)
TRIES = 5
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
AT_MOST = 200
"""E-mails of one run of the task: the next run goes on."""

Mail = Invitation.Mail


def send_waiting() -> int:
    """Send what is due; returns how many were tried."""
    tried = 0
    while tried < AT_MOST and (invitation := _claim()) is not None:
        tried += 1
        try:
            _message(invitation).send()
        except smtplib.SMTPRecipientsRefused as error:
            _failed(invitation, _("The mail server refuses the address."), error, is_final=True)
        except (smtplib.SMTPException, OSError, RecadoError, ValueError) as error:
            _failed(invitation, _("The mail server did not take it."), error, is_final=isinstance(error, ValueError))
        else:
            _sent(invitation)
    return tried


def _claim() -> Invitation | None:
    """The next that is due, leased: a worker that dies gives it back after the lease. Codes that are dead stay here."""
    now = clock.now()
    due = Invitation.objects.filter(mail_state__in=[Mail.WAITING, Mail.SENDING], mail_at__lte=now).order_by(
        "mail_at", "pk"
    )
    for row in due.select_related("employee")[:20]:
        if not row.is_usable or not row.employee.is_active or not row.employee.email:
            Invitation.objects.filter(pk=row.pk).update(mail_state=Mail.NONE, mail_at=None)
            continue
        mine = Invitation.objects.filter(pk=row.pk, mail_state=row.mail_state, mail_at=row.mail_at)
        if mine.update(mail_state=Mail.SENDING, mail_at=now + LEASE, mail_tries=F("mail_tries") + 1):
            row.mail_tries += 1
            return row
    return None


def _message(invitation: Invitation) -> EmailMultiAlternatives:
    """The mail in the person's language, as text and as HTML. Raises Misconfigured when no number can be written to."""
    number = providers.default_number()
    code = codes.derive(invitation.nonce)
    with translation.override(invitation.employee.language):
        facts = {
            "name": invitation.employee.name.split(" ")[0], "company": settings.COMPANY_NAME, "code": codes.shown(code),
            "link": codes.link(number.phone, code), "phone": number.phone, "until": invitation.expires_at,
        }  # fmt: skip
        subject = _("%(company)s on WhatsApp: your invitation") % {"company": settings.COMPANY_NAME}
        text = render_to_string("contacts/invitation.txt", facts)
        html = render_to_string("contacts/invitation.html", facts)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    headers = {
        "Message-ID": f"<invitation.{invitation.pk}.{codes.digest(invitation.nonce)[:16]}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    to = formataddr((invitation.employee.name.replace("\r", " ").replace("\n", " "), invitation.employee.email))
    message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[to], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _sent(invitation: Invitation) -> None:
    with transaction.atomic():
        mine = Invitation.objects.filter(pk=invitation.pk, mail_state=Mail.SENDING)
        if mine.update(mail_state=Mail.SENT, mail_at=clock.now(), mail_error=""):
            record("invitation.mailed", subject=invitation, after={"tries": invitation.mail_tries})


def _failed(invitation: Invitation, sentence: str, error: Exception, *, is_final: bool) -> None:
    log.warning("invitation %s was not mailed: %r", invitation.pk, error)
    is_over = is_final or invitation.mail_tries >= TRIES
    state = Mail.FAILED if is_over else Mail.WAITING
    wait = BACKOFF[min(invitation.mail_tries, len(BACKOFF)) - 1]
    with transaction.atomic():
        mine = Invitation.objects.filter(pk=invitation.pk, mail_state=Mail.SENDING)
        changed = mine.update(mail_state=state, mail_at=clock.now() + wait, mail_error=f"{sentence} ({error})"[:1000])
        if changed and is_over:
            record("invitation.mail_failed", subject=invitation, after={"tries": invitation.mail_tries},
                   body={"error": repr(error)[:1000]})  # fmt: skip
