"""What an invitation is handed over with: the address that opens the chat, as text and as a QR code drawn in the page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import qrcode
import qrcode.constants
from django.conf import settings
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from apps.contacts import codes, making
from apps.contacts.models import Invitation
from apps.core.errors import NotPermittedError
from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.providers import queries as providers


@dataclass(frozen=True)
class Slip:
    """One person's part of a printed page, to be read in `language`."""

    name: str
    company: str
    language: str
    code: str
    link: str
    phone: str
    until: datetime
    qr: SafeString


def link_of(invitation: Invitation) -> str:
    """The wa.me address with the code typed already. Raises Misconfigured when no number can be written to."""
    return codes.link(providers.default_number().phone, codes.derive(invitation.nonce))


def qr(text: str) -> SafeString:
    """An inline SVG, in the colour of the text around it."""
    drawn = qrcode.make(text, image_factory=SvgPathImage, error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
    return mark_safe(drawn.to_string(encoding="unicode"))  # noqa: S308 - made of squares, not of the text


@transaction.atomic
def slips(*, invitations: Iterable[Invitation], by: HasActor) -> list[Slip]:
    """The slips of those codes that still open something. Raises NotPermittedError, Misconfigured; printing is recorded."""
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(making.INVITE):
        raise NotPermittedError(_("You may not see the codes of invitations."))
    return list(_slips(invitations, by))


def _slips(invitations: Iterable[Invitation], by: HasActor) -> Iterator[Slip]:
    phone = providers.default_number().phone
    for invitation in invitations:
        if not invitation.is_usable or not invitation.employee.is_active:
            continue
        record("invitation.printed", subject=invitation, by=by)
        code = codes.derive(invitation.nonce)
        address = codes.link(phone, code)
        yield Slip(
            name=invitation.employee.name, company=settings.COMPANY_NAME, language=invitation.employee.language,
            code=codes.shown(code), link=address, phone=phone, until=invitation.expires_at, qr=qr(address),
        )  # fmt: skip
