"""What may be done to contacts: who stands behind one, whether it may decide, what it agreed to."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import claiming, inviting, linking, resolving
from apps.contacts import consent as rules
from apps.contacts.models import Consent, ConsentWording, Contact, Preference
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.providers.kinds import Klass

CHANGE = linking.CHANGE
INVITE = inviting.INVITE
DECIDE = claiming.DECIDE
WORD = "contacts.add_consentwording"

resolve_sender = resolving.resolve_sender
recognise = resolving.recognise
touch_window = resolving.touch_window
touch_windows = resolving.touch_windows
change_identity = resolving.change_identity
suspend = resolving.suspend
mark_reachable = resolving.mark_reachable

link = linking.link
unlink = linking.unlink
unlink_all = linking.unlink_all
invite = linking.invite
report_lost = linking.report_lost
reinstate = linking.reinstate

make_invitation = inviting.make_invitation
invite_many = inviting.invite_many
preview_many = inviting.preview_many
cancel_batch = inviting.cancel_batch
revoke_invitation = inviting.revoke_invitation
mail_again = inviting.mail_again
note_bounce = inviting.note_bounce

redeem = claiming.redeem
confirm_claim = claiming.confirm_claim
refuse_claim = claiming.refuse_claim


@transaction.atomic
def mark_unreachable(*, contact: Contact, reason: str = "") -> bool:
    """The carrier says that nobody can be reached there. False when it was known."""
    now = clock.now()
    changed = Contact.objects.filter(pk=contact.pk, unreachable_since=None).update(unreachable_since=now)
    if changed:
        contact.unreachable_since = now
        record("contact.lost_touch", subject=contact, after={"unreachable_since": now.isoformat(), "code": reason[:80]})
    return bool(changed)


# --- what they agreed to ----------------------------------------------------------------------------------------------


@transaction.atomic
def give_consent(
    *,
    contact: Contact,
    klass: str,
    wording: str,
    source: str,
    proof: str = "",
    version: int | None = None,
    by: HasActor,
) -> Consent:
    """A yes to one class of messages, with the wording (and its version), and its proof (a message id, a document)."""
    return _answer(contact, klass, True, wording, source, proof, by, version)


@transaction.atomic
def withdraw_consent(
    *,
    contact: Contact,
    klass: str,
    wording: str,
    source: str,
    proof: str = "",
    version: int | None = None,
    by: HasActor,
) -> Consent:
    """A no to one class of messages; earlier answers stay as history."""
    return _answer(contact, klass, False, wording, source, proof, by, version)


@transaction.atomic
def record_consents(
    *,
    contact: Contact,
    klasses: Iterable[str] = rules.ASKED_FOR,
    wording: str,
    source: str,
    proof: str = "",
    by: HasActor,
) -> list[Consent]:
    """One yes to several classes, as signed on paper or tapped in the chat. Raises NotPermittedError."""
    linking.require(by)
    return [
        give_consent(contact=contact, klass=klass, wording=wording, source=source, proof=proof, by=by)
        for klass in klasses
    ]


def _answer(
    contact: Contact,
    klass: str,
    is_given: bool,
    wording: str,
    source: str,
    proof: str,
    by: HasActor,
    version: int | None = None,
) -> Consent:
    row = Consent.objects.create(
        contact=contact, klass=klass, is_given=is_given, wording=wording, source=source[:40], proof=proof[:200],
        version=version,
    )  # fmt: skip
    name = "consent.given" if is_given else "consent.withdrawn"
    record(
        name,
        subject=contact,
        by=by,
        after={"klass": str(klass), "source": source, "proof": proof},
        body={"wording": wording},
    )
    return row


@transaction.atomic
def note_marketing_choice(*, contact: Contact, is_allowed: bool, proof: str) -> Consent | None:
    """The person switched our marketing off or on in WhatsApp itself: our announcements follow it.

    Switching it on again restores a yes that was there; it never makes one.
    """
    answers = list(Consent.objects.filter(contact=contact, klass=Klass.ANNOUNCEMENT).order_by("-id")[:2])
    newest = answers[0] if answers else None
    if is_allowed:
        was_ours = newest is not None and not newest.is_given and newest.source == "whatsapp" and len(answers) > 1
        if not was_ours or not answers[1].is_given:
            return None
    elif newest is not None and not newest.is_given:
        return None
    wording = "resume" if is_allowed else "stop"
    return _answer(contact, Klass.ANNOUNCEMENT, is_allowed, wording, "whatsapp", proof, contact)


@transaction.atomic
def stop(*, contact: Contact, wording: str, proof: str) -> Preference:
    """STOP: only the essential from now on. `wording` is what the person wrote, `proof` its message id."""
    return _set_stopped(contact, True, wording, proof)


@transaction.atomic
def start(*, contact: Contact, wording: str, proof: str) -> Preference:
    """START: what was agreed to before the STOP counts again; nothing new is agreed to."""
    return _set_stopped(contact, False, wording, proof)


def _set_stopped(contact: Contact, is_stopped: bool, wording: str, proof: str) -> Preference:
    preference, _created = Preference.objects.select_for_update().get_or_create(contact=contact)
    if preference.is_stopped == is_stopped:
        return preference
    preference.is_stopped = is_stopped
    preference.stopped_at = clock.now() if is_stopped else None
    preference.save(update_fields=["is_stopped", "stopped_at"])
    after: dict[str, Any] = {"is_stopped": is_stopped, "proof": proof[:255]}
    name = "preference.stopped" if is_stopped else "preference.started"
    record(
        name, subject=contact, by=contact, before={"is_stopped": not is_stopped}, after=after, body={"wording": wording}
    )
    return preference


# --- how we ask -------------------------------------------------------------------------------------------------------

WORDING_LONGEST = 700
"""Characters of a question: WhatsApp takes 1024 above buttons, and a line of welcome stands before it."""


@transaction.atomic
def write_wording(
    *, texts: Mapping[str, str], klasses: Iterable[str], by: HasActor, in_force_from: datetime | None = None
) -> ConsentWording:
    """The next version of the question that asks for consent. `texts` by language; `{company}` is the company's name.

    Earlier answers keep the text they were given to. Raises NotPermittedError, InvalidInputError naming what is wrong.
    """
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(WORD):
        raise NotPermittedError(_("You may not change how people are asked."))
    asked = [klass for klass in rules.ASKED_FOR if klass in set(klasses)]
    wrong = {
        language: _("Write between 1 and %(most)s characters.") % {"most": WORDING_LONGEST}
        for language, _name in settings.LANGUAGES
        if not 0 < len(texts.get(language, "").strip()) <= WORDING_LONGEST
    }
    if not asked:
        wrong["klasses"] = _("Choose what it asks about.")
    if wrong:
        raise InvalidInputError(
            _("The question needs a text in every language and something to ask about."), fields=wrong
        )
    newest = ConsentWording.objects.select_for_update().order_by("-version").first()
    row = ConsentWording.objects.create(
        version=newest.version + 1 if newest else 1, klasses=asked, in_force_from=in_force_from or clock.now(),
        texts={language: texts[language].strip() for language, _name in settings.LANGUAGES},
    )  # fmt: skip
    record("consentwording.written", subject=row, by=by, after={"version": row.version, "klasses": asked,
           "in_force_from": row.in_force_from.isoformat()}, body={"texts": row.texts})  # fmt: skip
    return row
