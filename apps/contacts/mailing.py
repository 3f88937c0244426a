"""Invitations by e-mail: the same code under the same Message-ID, however often it is sent. How they leave: people.letters.

What comes back later goes to the sender's mailbox; HR notes it on the invitation.
"""

from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from apps.contacts import codes
from apps.contacts.models import Invitation
from apps.people.letters import Letter, Post
from apps.providers import queries as providers


def _rows() -> QuerySet[Invitation]:
    return Invitation.objects.select_related("employee")


def _write(invitation: Invitation) -> Letter:
    """Raises Misconfigured when no number can be written to."""
    with translation.override(settings.LANGUAGE_CODE):  # what is wrong there is read at the desk
        number = providers.default_number()
    code = codes.derive(invitation.nonce)
    facts = {
        "code": codes.shown(code), "link": codes.link(number.phone, code), "phone": number.phone,
        "until": invitation.expires_at,
    }  # fmt: skip
    subject = _("%(company)s on WhatsApp: your invitation") % {"company": settings.COMPANY_NAME}
    return Letter(subject, facts, codes.digest(invitation.nonce)[:16])


INVITATIONS = Post(name="invitation", rows=_rows, template="contacts/invitation", write=_write)
