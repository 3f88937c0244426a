"""The form under a conversation: what was posted becomes a draft, and how it went becomes a sentence."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _

from apps.conversations import answering, queries, reading, thread
from apps.conversations.answering import Draft, Upload
from apps.conversations.models import Conversation, Message
from apps.core import clock
from apps.core.errors import InvalidInputError, NotPermittedError
from apps.outbox import reasons
from apps.outbox.models import OutboundMessage
from apps.people.models import User
from apps.providers.types import LocationMessage

FILE_LARGEST = 100 * 1024 * 1024  # bytes read into memory at most; each kind has its own limit below that
State = OutboundMessage.State


def page(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """What the template shows beside the thread."""
    may_answer = request.user.has_perm(queries.REPLY)
    standing = answering.standing(conversation) if may_answer else None
    return {
        "thread": thread.lines(conversation),
        "person": str(conversation.contact),
        "may_answer": may_answer,
        "standing": standing,
        "window": _window(standing) if standing else "",
        "token": secrets.token_urlsafe(12),
        "emoji": answering.EMOJI,
        "draft": _quoted(request, conversation),
        "addresses": {verb: _address(verb, conversation) for verb in ("answer", "react", "seen")},
    }


def answer(request: HttpRequest, conversation: Conversation) -> str:
    """Take the posted form; returns how it goes. Raises RecadoError."""
    sent = answering.answer(conversation=conversation, draft=_draft(request), by=_user(request))
    return told(sent)


def react(request: HttpRequest, conversation: Conversation) -> str:
    """Put the posted emoji on a message. Raises RecadoError."""
    message = _message(conversation, request.POST.get("message", ""))
    if message is None:
        raise InvalidInputError(_("That message is gone. Load the page again."))
    row = answering.react(
        conversation=conversation, message=message, emoji=request.POST.get("emoji", ""),
        token=request.POST.get("token", ""), by=_user(request),
    )  # fmt: skip
    return told([row])


def seen(request: HttpRequest, conversation: Conversation) -> bool:
    """The page stands open, or somebody writes in it. Raises NotPermittedError."""
    return reading.opened(conversation=conversation, by=_user(request), is_typing=request.POST.get("typing") == "1")


def told(sent: Sequence[OutboundMessage]) -> str:
    """How these messages go, in a sentence."""
    held = next((row for row in sent if row.state == State.HELD), None)
    stopped = next((row for row in sent if row.state in {State.CANCELLED, State.FAILED, State.EXPIRED}), None)
    if stopped is not None:
        return _("It was kept, but not sent: %(why)s") % {
            "why": stopped.error_text or reasons.sentence(stopped.held_reason)
        }
    if held is not None:
        return _("It is kept and waits: %(why)s") % {"why": reasons.sentence(held.held_reason)}
    return _("It is on its way. The ticks beside it say how far it got.")


def _quoted(request: HttpRequest, conversation: Conversation) -> dict[str, str]:
    """`?quote=<message>`: what the link *Quote* asks for where no script runs."""
    message = _message(conversation, request.GET.get("quote", ""))
    return {"quoting": message.remote_id, "quoted": message.text or message.kind} if message is not None else {}


def _message(conversation: Conversation, wanted: str) -> Message | None:
    """The message of this conversation with this key; None for any other text, however long."""
    return conversation.messages.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 19 else None


def _window(now: answering.Standing) -> str:
    if now.is_open and now.closes_at is not None:
        return _("You can write until %(time)s (%(left)s): WhatsApp takes any message for 24 hours after the person's last one.") % {
            "time": formats.time_format(timezone.localtime(now.closes_at), "TIME_FORMAT"),
            "left": timeuntil(now.closes_at, clock.now(), depth=1)}  # fmt: skip
    if now.closes_at is not None:
        since = formats.date_format(timezone.localtime(now.closes_at), "SHORT_DATETIME_FORMAT")
        first = _("The 24 hours after the person's last message ended at %(since)s.") % {"since": since}
    else:
        first = _("The person has never written to this number.")
    return first + " " + _("WhatsApp delivers no free message now. What you write is kept: the person gets a short notice that you "
                           "wrote, and your message as soon as they tap it or write to us.")  # fmt: skip


def _draft(request: HttpRequest) -> Draft:
    posted, chosen = request.POST, request.FILES.get("file")
    upload = None
    if chosen is not None:
        if (chosen.size or 0) > FILE_LARGEST:
            raise InvalidInputError(_("The file is larger than 100 MB. Choose a smaller one."), code="file_too_large")
        upload = Upload(content=chosen.read(), name=chosen.name or "")
    return Draft(
        token=posted.get("token", ""), text=posted.get("text", ""), upload=upload, place=_place(posted),
        quoting=posted.get("quoting", ""),
    )  # fmt: skip


def _place(posted: Any) -> LocationMessage | None:
    written = [posted.get(name, "").strip().replace(",", ".") for name in ("latitude", "longitude")]
    if not any(written):
        return None
    try:
        latitude, longitude = map(float, written)
    except ValueError:
        raise InvalidInputError(_("A place needs latitude and longitude as numbers, like -23.5614 and -46.6558."),
                                code="place") from None  # fmt: skip
    name, address = (posted.get(field, "").strip()[:200] for field in ("place", "address"))
    return LocationMessage(latitude, longitude, name, address)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise NotPermittedError
    return request.user


def _address(verb: str, conversation: Conversation) -> str:
    return reverse(f"admin:conversations_conversation_{verb}", args=[conversation.pk])
