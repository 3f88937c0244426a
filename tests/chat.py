"""A person's side of the chat, in-process: signed webhooks in at the door, OutboundMessage rows read as answers.

The real path but for the carrier's HTTP: nothing is sent. Whole stories over HTTP are in tests/flows.
"""

from typing import Any

from apps.contacts.models import Contact
from apps.inbox import parsing, processing
from apps.outbox import buttons
from apps.outbox.models import OutboundMessage
from apps.people.models import Employee
from apps.providers.models import Number
from apps.providers.types import Buttons, Choices, Template, Text, from_json
from tests import webhooks


def work() -> None:
    """What the workers do when nudged."""
    parsing.parse_waiting()
    processing.take_up()


class Chat:
    """One phone. `say`, `tap` and `send` return the texts that came back for it."""

    def __init__(self, number: Number, contact: Contact) -> None:
        self.number, self.contact = number, contact
        self.phone = contact.phone

    @classmethod
    def of(cls, number: Number, employee: Employee) -> "Chat":
        return cls(number, employee.contacts.get())

    def say(self, body: str, **values: Any) -> list[str]:
        return self.send(webhooks.text(self.phone, body, **values))

    def tap(self, title: str, *, of: Contact | None = None, **values: Any) -> list[str]:
        """Tap the newest button or row with this title; `of`: on somebody else's phone's message (forwarded)."""
        return self.send(self.press(title, of=of, **values))

    def press(self, title: str, *, of: Contact | None = None, **values: Any) -> dict[str, Any]:
        """The webhook message of such a tap, not yet delivered."""
        for row in OutboundMessage.objects.filter(contact=of or self.contact).order_by("-id"):
            for payload, name, kind in options(row):
                if name == title:
                    build = webhooks.list_reply if kind == "list" else webhooks.button_reply
                    return build(self.phone, payload, title, **values)
        raise AssertionError(f"Nobody offers “{title}”. Offered: {self.offered()}")

    def send(self, *messages: dict[str, Any]) -> list[str]:
        """Deliver messages in one webhook; returns the texts that this phone got for it."""
        before = OutboundMessage.objects.order_by("-id").values_list("id", flat=True).first() or 0
        answer = webhooks.post(self.number.account, webhooks.inbound(self.number, *messages))
        assert answer.status_code == 200, answer.content
        work()
        return self.heard(after=before)

    def heard(self, *, after: int = 0) -> list[str]:
        """Texts for this phone, oldest first."""
        rows = OutboundMessage.objects.filter(contact=self.contact, pk__gt=after).order_by("id")
        return list(rows.values_list("text", flat=True))

    def offered(self) -> list[str]:
        """Titles of the newest message that offers any."""
        for row in OutboundMessage.objects.filter(contact=self.contact).order_by("-id"):
            if found := [title for _payload, title, _kind in options(row)]:
                return found
        return []


def options(row: OutboundMessage) -> list[tuple[str, str, str]]:
    """(payload, title, button|list|template) of what a message offers."""
    content = from_json(row.content) if row.content else Text("")
    # A queued row names its buttons; their payloads are put in when it is planned again to leave.
    minted = [buttons.payload(button) for button in row.minted_buttons.order_by("id")]
    if isinstance(content, Buttons):
        ids = minted or [button.id for button in content.buttons]
        return [(payload, button.title, "button") for payload, button in zip(ids, content.buttons, strict=True)]
    if isinstance(content, Choices):
        ids = minted or [item.id for item in content.rows]
        return [(payload, item.title, "list") for payload, item in zip(ids, content.rows, strict=True)]
    if isinstance(content, Template):
        return [(payload, "", "template") for payload in minted or content.payloads]
    return []
