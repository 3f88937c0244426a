"""A person at a phone, for tests: what they send goes the way inbox sends it, what we said is read from the outbox."""

from typing import Any

from apps.conversations import dialogue, services
from apps.conversations.models import Dialogue, Message
from apps.conversations.targets import Completed, Opening, Speaker
from apps.core import clock
from apps.files import services as files
from apps.files.models import File
from apps.outbox.models import OutboundMessage
from apps.providers.types import MessageReceived, Place, Sender, Tapped, from_json
from tests.factories import make_employee, make_speaker, unique


class Phone:
    """One employee's side of the chat."""

    def __init__(self, language: str = "en", **values: Any) -> None:
        self.employee = make_employee(language=language, **values)
        self.speaker: Speaker = make_speaker(self.employee)
        self.conversation = self.speaker.conversation
        self.completed: Completed | None = None
        self.last: tuple[Message, MessageReceived, list[File]] | None = None

    # --- what they do -------------------------------------------------------------------------------------------------

    def open(self, schema: Any, **values: Any) -> Dialogue:
        message, _event, _files = self.record(text="menu")
        opening = Opening(target=values.pop("target", "test.target"), schema=schema, **values)
        return dialogue.open_dialogue(speaker=self.speaker, opening=opening, caused_by=message)

    def text(self, text: str) -> Completed | None:
        return self._send(kind="text", text=text)

    def tap(self, option: str) -> Completed | None:
        """Tap the option of the newest prompt that ends so ("!done", "yes"), or a whole payload."""
        payload = (
            option if option.startswith(("d.", "m.")) else next(p for p in self.payloads() if p.endswith(f".{option}"))
        )
        return self._send(kind="tap", tapped=Tapped(payload, "", "button"))

    def photo(self, caption: str = "") -> Completed | None:
        content = b"\xff\xd8\xff\xe0" + str(unique()).encode()
        return self._send(kind="image", text=caption, photos=[files.store(content=content, name="photo.jpg")])

    def place(self, latitude: float = -23.55, longitude: float = -46.63) -> Completed | None:
        return self._send(kind="location", place=Place(latitude, longitude))

    def record(self, *, kind: str = "text", text: str = "", photos: list[File] | None = None,
               **parts: Any) -> tuple[Message, MessageReceived, list[File]]:  # fmt: skip
        event = MessageReceived(
            remote_id=f"wamid.{unique():020}", number_id=self.conversation.number.remote_id,
            sender=Sender(phone=self.speaker.contact.phone), at=clock.now(), kind=kind, text=text, **parts,
        )  # fmt: skip
        message, _new = services.record_inbound(
            number=self.conversation.number, contact=self.speaker.contact, event=event, files=photos or []
        )
        return message, event, photos or []

    def _send(self, **values: Any) -> Completed | None:
        self.last = self.record(**values)
        return self.replay()

    def replay(self) -> Completed | None:
        """Let the last message be taken up (again)."""
        assert self.last is not None
        message, event, photos = self.last
        current = dialogue.current(self.conversation)
        if current is None:
            payload = event.tapped.payload if event.tapped else ""
            dialogue.answer_stale(payload=payload, speaker=self.speaker, caused_by=message)
            return None
        done = dialogue.answer(dialogue=current, speaker=self.speaker, message=message, event=event, files=photos)
        self.completed = done or self.completed
        return done

    # --- what they see ------------------------------------------------------------------------------------------------

    @property
    def outbox(self) -> list[OutboundMessage]:
        return list(OutboundMessage.objects.filter(contact=self.speaker.contact).order_by("id"))

    @property
    def content(self) -> Any:
        """The newest message as content."""
        return from_json(self.outbox[-1].content)

    @property
    def said(self) -> str:
        return str(self.content.body)

    def payloads(self) -> list[str]:
        content = self.content
        return [item.id for item in (*getattr(content, "buttons", ()), *getattr(content, "rows", ()))]

    @property
    def dialogue(self) -> Dialogue:
        """The newest dialogue, in whatever state."""
        return Dialogue.objects.filter(conversation=self.conversation).latest("id")
