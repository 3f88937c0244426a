"""What can be said in one message, the same for all carriers. Plain Python; turned into JSON and back by `types`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReplyButton:
    """`id` at most 200 characters (Meta's list rows; buttons would take 256), `title` at most 20."""

    id: str
    title: str


@dataclass(frozen=True)
class ListRow:
    """`title` at most 24 characters, `description` at most 72."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Text:
    body: str


@dataclass(frozen=True)
class Buttons:
    """1 to 3 buttons under a body of at most 1024 characters."""

    body: str
    buttons: tuple[ReplyButton, ...]


@dataclass(frozen=True)
class Choices:
    """A list of at most 10 rows behind one button of at most 20 characters; body at most 1024."""

    body: str
    button: str
    rows: tuple[ListRow, ...]


@dataclass(frozen=True)
class LocationRequest:
    body: str


@dataclass(frozen=True)
class Template:
    """An approved template: named body parameters, and one payload per quick-reply button in order."""

    name: str
    language: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    payloads: tuple[str, ...] = ()


@dataclass(frozen=True)
class MediaMessage:
    """A file of ours. `kind` is image, video, audio, document or sticker; `file_id` our File row; `remote_id` once
    uploaded. Audio and stickers take no caption, only documents a `filename`."""

    kind: str
    file_id: int
    caption: str = ""
    filename: str = ""
    remote_id: str = ""


@dataclass(frozen=True)
class LocationMessage:
    """A place to look at: degrees, and a name and an address when known."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True)
class ContactCard:
    """Somebody's card: a name and at least one phone, as people write it."""

    name: str
    phones: tuple[str, ...]
    company: str = ""


@dataclass(frozen=True)
class ContactCards:
    """1 to 5 cards (Meta's OpenAPI v23.0)."""

    cards: tuple[ContactCard, ...]


@dataclass(frozen=True)
class ReactionMessage:
    """One emoji on the message `message_id` (a wamid of either side); empty takes it back."""

    message_id: str
    emoji: str


Content = (
    Text | Buttons | Choices | LocationRequest | Template | MediaMessage | LocationMessage | ContactCards
    | ReactionMessage
)  # fmt: skip
