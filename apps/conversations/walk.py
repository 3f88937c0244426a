"""One inbound message against one question: what it means and where the draft goes. Changes the draft, saves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.conversations import prompts, words
from apps.conversations.draft import Draft, is_files
from apps.core.errors import InvalidInputError
from apps.files.models import File
from apps.forms import chat, parse
from apps.forms.schema import FieldSpec
from apps.providers.types import MessageReceived

MEDIA = frozenset({"image", "document", "video", "audio", "sticker"})


@dataclass(frozen=True)
class Wait:
    """Ask the present step; `notice` above it. Silent: an album is still coming in, a timer will ask."""

    notice: str = ""
    offset: int = 0
    is_settled: bool = False
    is_silent: bool = False


@dataclass(frozen=True)
class Finished:
    """Nothing is left to ask, or the person gave up."""

    is_cancelled: bool = False


Outcome = Wait | Finished


class Walk:
    """The person's language must be active; `today` is their day."""

    def __init__(self, dialogue_id: int, draft: Draft, language: str, today: date) -> None:
        self.dialogue_id, self.draft, self.language, self.today = dialogue_id, draft, language, today

    def take(self, event: MessageReceived, files: Sequence[File]) -> Outcome:
        """What one message does."""
        if event.tapped is not None:
            return self._tapped(event.tapped.payload)
        if event.kind in MEDIA or files:
            return self._files(event, files)
        if event.place is not None:
            return self._place(event)
        if event.kind == "text":
            return self._typed(event.text)
        return Wait(_("I cannot use this kind of message here."))

    def settle(self) -> Wait | None:
        """The album is in. None: nothing came that was not told already."""
        arrived, extra = self.draft.forget_album()
        if not arrived and not extra:
            return None
        notices = []
        field = self.draft.present
        if arrived and not is_files(field):
            notices.append(ngettext("%(count)s file added.", "%(count)s files added.", arrived) % {"count": arrived})
        if extra:
            notices.append(ngettext("%(count)s file found no room in this form and is not part of it.",
                                    "%(count)s files found no room in this form and are not part of it.", extra)
                           % {"count": extra})  # fmt: skip
        received = len(self.draft.received(field)) if field is not None and is_files(field) else 0
        return Wait(" ".join(notices), is_settled=received > 0)

    # --- taps and words -----------------------------------------------------------------------------------------------

    def _tapped(self, payload: str) -> Outcome:
        found = prompts.pressed(payload)
        if found is None or found.dialogue_id != self.dialogue_id or found.step != self.draft.step:
            return Wait(_("That was an earlier question, nothing was changed. This is where we are:"))
        if found.option.startswith("!"):
            return self._control(found.option)
        return self._answer(found.option)

    def _typed(self, text: str) -> Outcome:
        name = words.control(text, self.draft.present)
        if name:
            return self._control(name)
        if self.draft.present is None:
            return Wait(_("Please tap *Send*, or *Back* to change something."))
        return self._answer(text)

    def _control(self, name: str) -> Outcome:
        field = self.draft.present
        if name == chat.CANCEL:
            return Finished(is_cancelled=True)
        if name == chat.BACK:
            previous = self.draft.previous()
            self.draft.step = previous or self.draft.step
            return Wait("" if previous else _("This is the first question."))
        if field is None:
            return Finished() if name == chat.SEND else Wait()
        if name == chat.TODAY and field.kind == "date":
            return self._answer("today")
        if name.startswith(chat.MORE) and field.kind == "choice":
            offset = name.removeprefix(chat.MORE)
            return Wait(offset=int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 5 else 0)
        if name in (chat.SKIP, chat.DONE) and is_files(field) and self.draft.received(field):
            self.draft.finish_files(field)
            return self._go_on()
        if name in (chat.SKIP, chat.DONE):
            return self._skip(field)
        return Wait(_("That was an earlier question, nothing was changed. This is where we are:"))

    def _skip(self, field: FieldSpec) -> Outcome:
        if field.is_required:
            return Wait(_("An answer is needed here."))
        self.draft.put(field, None)
        return self._go_on()

    # --- answers ------------------------------------------------------------------------------------------------------

    def _answer(self, raw: Any) -> Outcome:
        field = self.draft.present
        if field is None:
            return Wait()
        try:
            value = parse.answer(field, raw, self.language, today=self.today)
        except InvalidInputError as error:
            return Wait(str(error))
        self.draft.put(field, value)
        return self._go_on()

    def _go_on(self, notice: str = "") -> Outcome:
        following = self.draft.following()
        if following is None:
            return Finished()
        self.draft.step = following
        return Wait(notice)

    def _place(self, event: MessageReceived) -> Outcome:
        place = event.place
        raw = (
            {"latitude": place.latitude, "longitude": place.longitude, "name": place.name, "address": place.address}
            if place
            else {}
        )
        field = self.draft.present
        if field is not None and field.kind == "location":
            return self._answer(raw)
        waiting = self.draft.awaiting_place()
        if waiting is None:
            return Wait(_("A location is not asked for here."))
        try:
            self.draft.put(waiting, parse.answer(waiting, raw, self.language, today=self.today))
        except InvalidInputError as error:
            return Wait(str(error))
        return Wait(_("I have kept your location."))

    def _files(self, event: MessageReceived, files: Sequence[File]) -> Outcome:
        if event.kind in {"audio", "video", "sticker"}:
            return Wait(_("I cannot use voice messages, videos and stickers here. Please write, or send a photo."))
        if not files:
            return Wait(_("That file could not be fetched. Please send it again."))
        asked = self.draft.present
        is_picture = event.kind == "image" or all(file.is_picture for file in files)
        if asked is not None and asked.kind == "photo" and not is_picture:
            return Wait(_("Please send a photo."))
        taken_by = self.draft.add_files([file.pk for file in files], is_picture=is_picture)
        caption = parse.clean(event.text or (event.media.caption if event.media else ""))
        if asked is not None and asked.kind == "text" and caption:
            return self._answer(caption)
        is_full = taken_by is not None and len(self.draft.received(taken_by)) >= taken_by.max_files
        if taken_by is not None and taken_by is asked and is_full:
            self.draft.finish_files(taken_by)
            return self._go_on()
        return Wait(is_silent=True)
