"""Letters: e-mails that rows ask for. Claimed by lease, sent outside any transaction, tried again while the trouble may pass.

A worker that dies between sending and saving sends the same mail again, under the same Message-ID, which mail programs show
once. What comes back later goes to the sender's mailbox.
"""

import logging
import smtplib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import clock
from apps.core.errors import InvalidInputError, RecadoError
from apps.core.findings import Finding, Level
from apps.journal.actors import HasActor
from apps.journal.services import record

log = logging.getLogger("recado.people")

LEASE = timedelta(minutes=5)
TRIES = 5
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
AT_MOST = 200
"""E-mails of one run of the task: the next run goes on."""
LATE = timedelta(hours=1)


class Mailed(models.Model):
    """A row that an e-mail to its `employee` may be about. `is_usable`: the mail would still be of use."""

    class Mail(models.TextChoices):
        NONE = "", gettext_lazy("no e-mail")
        WAITING = "waiting", gettext_lazy("waits to be sent")
        SENDING = "sending", gettext_lazy("being sent")
        SENT = "sent", gettext_lazy("taken by the mail server")
        FAILED = "failed", gettext_lazy("not delivered")

    mail_state = models.CharField(
        gettext_lazy("e-mail"), max_length=12, choices=Mail.choices, default=Mail.NONE, blank=True
    )
    mail_error = models.TextField(gettext_lazy("why the e-mail did not go"), blank=True)
    mail_tries = models.PositiveSmallIntegerField(gettext_lazy("tries"), default=0)
    mail_at = models.DateTimeField(gettext_lazy("e-mail: sent, or next try"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_usable(self) -> bool:
        raise NotImplementedError

    @property
    def is_mail_on_its_way(self) -> bool:
        return self.mail_state in {self.Mail.WAITING, self.Mail.SENDING}


Mail = Mailed.Mail


@dataclass(frozen=True)
class Letter:
    """What one mail says, in the active language. `tag` names it for ever: the same mail sent twice has the same."""

    subject: str
    facts: Mapping[str, Any]
    tag: str


@dataclass(frozen=True)
class Post:
    """One sort of letters. `name` begins its entries in the journal ("invitation.mailed"); `rows` are all rows that may ask
    for one, with what `write` reads; `template` gives its text (.txt) and its page (.html), without the ending.

    `write` is called in the language of the person. What it raises as RecadoError may pass: it is tried again.
    """

    name: str
    rows: Callable[[], QuerySet[Any]]
    template: str
    write: Callable[[Any], Letter]


def ask(row: Mailed, *, post: Post, by: HasActor, after: Mapping[str, Any]) -> None:
    """Let a locked row wait for its e-mail (once more); the caller nudges. Raises InvalidInputError when it waits already."""
    if row.is_mail_on_its_way:
        raise InvalidInputError(_("The e-mail is on its way already."))
    row.mail_state, row.mail_error, row.mail_tries, row.mail_at = Mail.WAITING, "", 0, clock.now()
    row.save(update_fields=["mail_state", "mail_error", "mail_tries", "mail_at"])
    record(f"{post.name}.mail_asked", subject=row, by=by, after=dict(after))


def send_waiting(post: Post) -> int:
    """Send what is due; returns how many were tried."""
    tried = 0
    while tried < AT_MOST and (row := claim(post)) is not None:
        tried += 1
        try:
            _message(row, post).send()
        except smtplib.SMTPRecipientsRefused as error:
            _failed(row, post, _("The mail server refuses the address."), error, is_final=True)
        except (smtplib.SMTPException, OSError, RecadoError, ValueError) as error:
            _failed(row, post, _("The mail server did not take it."), error, is_final=isinstance(error, ValueError))
        else:
            _sent(row, post)
    return tried


def claim(post: Post) -> Any:
    """The next row that is due, leased: a worker that dies gives it back after the lease. None: none is due.

    What is of no use any more stays here, and so does what nobody would get.
    """
    now = clock.now()
    due = post.rows().filter(mail_state__in=[Mail.WAITING, Mail.SENDING], mail_at__lte=now).order_by("mail_at", "pk")
    for row in due[:20]:
        mine = post.rows().filter(pk=row.pk, mail_state=row.mail_state, mail_at=row.mail_at)
        if not row.is_usable or not row.employee.is_active or not row.employee.email:
            mine.update(mail_state=Mail.NONE, mail_at=None)
        elif mine.update(mail_state=Mail.SENDING, mail_at=now + LEASE, mail_tries=F("mail_tries") + 1):
            row.mail_tries += 1
            return row
    return None


def _message(row: Any, post: Post) -> EmailMultiAlternatives:
    """The mail in the person's language, as text and as HTML."""
    person = row.employee
    with translation.override(person.language):
        letter = post.write(row)
        facts = {"name": person.name.split(" ")[0], "company": settings.COMPANY_NAME, **letter.facts}
        text = render_to_string(f"{post.template}.txt", facts)
        html = render_to_string(f"{post.template}.html", facts)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    headers = {"Message-ID": f"<{post.name}.{row.pk}.{letter.tag}@{domain}>", "Auto-Submitted": "auto-generated"}
    to = formataddr((person.name.replace("\r", " ").replace("\n", " "), person.email))
    message = EmailMultiAlternatives(" ".join(letter.subject.split()), text, to=[to], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _sent(row: Any, post: Post) -> None:
    with transaction.atomic():
        mine = post.rows().filter(pk=row.pk, mail_state=Mail.SENDING)
        if mine.update(mail_state=Mail.SENT, mail_at=clock.now(), mail_error=""):
            record(f"{post.name}.mailed", subject=row, after={"tries": row.mail_tries})


def _failed(row: Any, post: Post, sentence: str, error: Exception, *, is_final: bool) -> None:
    log.warning("%s %s was not mailed: %s", post.name, row.pk, type(error).__name__)
    is_over = is_final or row.mail_tries >= TRIES
    state = Mail.FAILED if is_over else Mail.WAITING
    wait = BACKOFF[min(row.mail_tries, len(BACKOFF)) - 1]
    with transaction.atomic():
        mine = post.rows().filter(pk=row.pk, mail_state=Mail.SENDING)
        changed = mine.update(mail_state=state, mail_at=clock.now() + wait, mail_error=f"{sentence} ({error})"[:1000])
        if changed and is_over:
            record(
                f"{post.name}.mail_failed", subject=row, after={"tries": row.mail_tries},
                body={"error": repr(error)[:1000]},
            )  # fmt: skip


def findings(rows: QuerySet[Any], *, code: str, title: str | Promise, mend: str) -> Iterator[Finding]:
    """Whether the letters of these rows, those that are still of use, leave. `mend` says where to look and what to do."""
    failed = rows.filter(mail_state=Mail.FAILED).count()
    # By the moment at which it was due: a row may be old, and its e-mail asked for just now. Sent for so long is stuck.
    late = rows.filter(mail_state__in=[Mail.WAITING, Mail.SENDING], mail_at__lt=clock.now() - LATE).count()
    if not failed and not late:
        yield Finding(code, str(title), Level.GREEN, _("None waits."))
        return
    seen = _("%(late)s wait for more than an hour, %(failed)s were not delivered.") % {"late": late, "failed": failed}
    yield Finding(code, str(title), Level.AMBER, seen, mend)
