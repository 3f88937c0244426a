"""A tap on a bound button: lock its row, check the person, the version, the deadline and the single use, then ask the domain."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.conversations.models import Message
from apps.conversations.targets import Reply, Speaker, Tap, targets
from apps.core import clock
from apps.core.errors import RecadoError
from apps.journal.services import record
from apps.outbox import buttons
from apps.outbox import services as outbox


def is_button(payload: str) -> bool:
    return payload.startswith("b1.")


def take(payload: str, speaker: Speaker, message: Message) -> Reply:
    """Decide on one tap inside the caller's transaction; returns what to tell the person.

    A forged, foreign or dead button changes nothing, and its presser learns nothing that was not theirs to know.
    """
    button = buttons.locked(payload)
    if button is None:
        record("tap.refused", by=speaker.employee, after={"why": "forged"}, body={"wamid": message.remote_id})
        return Reply(text=_("This button is not one of ours, so nothing was done. Write *menu* to start something."))
    if button.contact_id != speaker.contact.pk or button.employee_id not in {None, speaker.employee.pk}:
        record("tap.refused", subject=button, by=speaker.employee, after={"why": "other person"})
        return Reply(text=_("This button was meant for somebody else, so nothing was done."))
    target = targets.get(button.target)
    if target is None:
        return Reply(text=_("This button leads nowhere any more. Nothing was done."))
    if target.decides and speaker.contact.is_shared:
        record("tap.refused", subject=button, by=speaker.employee, after={"why": "shared handset"})
        return Reply(text=_("This is a shared phone: decisions need your own phone or the portal. Nothing was done."))
    tap = Tap(button=button, speaker=speaker, message=message)
    try:
        with transaction.atomic():
            if button.used_at is not None or button.expires_at <= clock.now():
                return target.explain(tap)
            reply, is_used = target.tap(tap)
            if is_used:
                outbox.use_button(button=button)
            return reply
    except RecadoError as error:
        return Reply(text=str(error))
