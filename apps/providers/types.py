"""One vocabulary for all carriers: what goes out, what comes in. Plain Python: dataclass in, dataclass out.

Everything here turns into JSON and back (`to_json`, `from_json`), since it is kept in rows between door and worker and
between planner and dispatcher.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any

from apps.providers.contents import (
    Buttons,
    Choices,
    ContactCard,
    ContactCards,
    Content,
    ListRow,
    LocationMessage,
    LocationRequest,
    MediaMessage,
    ReactionMessage,
    ReplyButton,
    Template,
    Text,
)

# What goes out stands in a file of its own and is part of this vocabulary.
__all__ = [
    "Buttons",
    "Choices",
    "ContactCard",
    "ContactCards",
    "Content",
    "ListRow",
    "LocationMessage",
    "LocationRequest",
    "MediaMessage",
    "ReactionMessage",
    "ReplyButton",
    "Template",
    "Text",
]

# --- out --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OutgoingMessage:
    """One send. `to` is +E.164 or empty, `user_id` the business-scoped id; `opaque` comes back in every status."""

    number_id: str
    to: str
    user_id: str
    content: Content
    opaque: str
    quoted_id: str = ""


@dataclass(frozen=True)
class SendResult:
    """The carrier took it: `remote_id` is the wamid. Accepted is not delivered."""

    remote_id: str
    wa_id: str = ""
    user_id: str = ""
    note: str = ""


# --- templates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TemplateDraft:
    """A template to be registered: `language` in the carrier's spelling, every variable of `body` with an example in
    `samples`, titles of quick-reply `buttons` in order. `header` and `footer` are one line each, without variables."""

    name: str
    language: str
    category: str
    body: str
    samples: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    header: str = ""
    footer: str = ""


@dataclass(frozen=True)
class RemoteTemplate:
    """A template as the carrier keeps it. `state` in the carrier's word; `is_usable` False when it has parts (a picture,
    a link, numbered variables) that a `Template` cannot fill. `correct_category`: what the carrier is about to make of
    its category."""

    remote_id: str
    name: str
    language: str
    category: str = ""
    state: str = ""
    reason: str = ""
    body: str = ""
    parameters: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    is_usable: bool = True
    header: str = ""
    footer: str = ""
    quality: str = ""
    correct_category: str = ""


@dataclass(frozen=True)
class NumberReport:
    """What the carrier says of one number."""

    remote_id: str
    phone: str = ""
    name: str = ""
    quality: str = ""


# --- in ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RawRequest:
    """A webhook request as it came. Header names are lower case."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Sender:
    """Who wrote. `phone` is +E.164 and may be empty (hidden by the person); then `user_id` is the only name."""

    phone: str = ""
    user_id: str = ""
    profile_name: str = ""


@dataclass(frozen=True)
class Media:
    """A file at the carrier. Fetch at once: inbound ids die after 7 days (Meta, media)."""

    kind: str
    remote_id: str
    mime_type: str = ""
    sha256: str = ""
    filename: str = ""
    caption: str = ""
    is_voice: bool = False


@dataclass(frozen=True)
class Place:
    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True)
class Tapped:
    """A tap: `payload` is what we put on the button. `source` is button, list or template."""

    payload: str
    title: str
    source: str


@dataclass(frozen=True)
class MessageReceived:
    """`kind`: text image video audio document sticker location contacts tap reaction flow order unsupported."""

    remote_id: str
    number_id: str
    sender: Sender
    at: datetime
    kind: str
    text: str = ""
    media: Media | None = None
    place: Place | None = None
    tapped: Tapped | None = None
    quoted_id: str = ""
    is_forwarded: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MessageEdited:
    number_id: str
    sender: Sender
    at: datetime
    original_id: str
    text: str = ""


@dataclass(frozen=True)
class MessageRevoked:
    number_id: str
    sender: Sender
    at: datetime
    original_id: str


@dataclass(frozen=True)
class StatusChanged:
    """`status`: sent delivered read played failed; others are kept as they came and ignored."""

    remote_id: str
    number_id: str
    status: str
    at: datetime
    opaque: str = ""
    phone: str = ""
    user_id: str = ""
    error_code: str = ""
    error_text: str = ""
    pricing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class IdentityChanged:
    """`change`: number (old and new phone), user_id (old and new), identity (the phone behind the number changed)."""

    number_id: str
    at: datetime
    change: str
    old_phone: str = ""
    new_phone: str = ""
    old_user_id: str = ""
    new_user_id: str = ""


@dataclass(frozen=True)
class PreferenceChanged:
    """The person switched marketing off or on in WhatsApp itself. `value`: stop or resume."""

    number_id: str
    sender: Sender
    at: datetime
    value: str


@dataclass(frozen=True)
class TemplateChanged:
    """`what`: state, quality, category or components; `values` in the carrier's words. `at`: when the carrier said so,
    to the second; None when it did not say."""

    remote_id: str
    name: str
    language: str
    what: str
    values: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True)
class AccountChanged:
    """Anything about the account, number, portfolio or flows that is not a message. `what` is the carrier's field."""

    what: str
    event: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unknown:
    """Something no adapter knows: kept and ignored."""

    what: str
    values: Mapping[str, Any] = field(default_factory=dict)


Event = (
    MessageReceived | MessageEdited | MessageRevoked | StatusChanged | IdentityChanged | PreferenceChanged
    | TemplateChanged | AccountChanged | Unknown
)  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """One event out of a webhook. `key` is the sender's id of it (unique per account), `person` orders events of one
    person (phone, else business-scoped id; empty when it concerns nobody)."""

    key: str
    person: str
    event: Event


@dataclass(frozen=True)
class Unreadable:
    """One piece of a batch that could not be parsed; the others are not lost for it."""

    key: str
    error: str
    raw: Any = None


# --- JSON -------------------------------------------------------------------------------------------------------------

_TYPES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        Text, Buttons, Choices, LocationRequest, Template, MediaMessage, LocationMessage, ContactCards, ReactionMessage,
        MessageReceived, MessageEdited, MessageRevoked, StatusChanged, IdentityChanged, PreferenceChanged,
        TemplateChanged, AccountChanged, Unknown,
    )
}  # fmt: skip
_NESTED: dict[str, type] = {"sender": Sender, "media": Media, "place": Place, "tapped": Tapped}
_LISTS: dict[tuple[str, str], type] = {
    ("Buttons", "buttons"): ReplyButton,
    ("Choices", "rows"): ListRow,
    ("ContactCards", "cards"): ContactCard,
}


_FIELDS: dict[type, tuple[str, ...]] = {cls: tuple(one.name for one in fields(cls)) for cls in _TYPES.values()}


def to_json(thing: Content | Event) -> dict[str, Any]:
    """A dict of plain JSON with the class's name under `type`. Mappings are shared with `thing`, not copied."""
    cls = type(thing)
    values = {name: _plain(getattr(thing, name)) for name in _FIELDS[cls]}
    return {"type": cls.__name__, **values}


def _plain(value: Any) -> Any:
    """`dataclasses.asdict` copies deeply, which costs more than all the rest of reading a status."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def from_json(values: Mapping[str, Any]) -> Any:
    """The reverse of `to_json`; keys that the class does not have are left out. Raises KeyError for an unknown type."""
    name = values["type"]
    cls = _TYPES[name]
    known = {one.name for one in fields(cls)}
    rest = {key: value for key, value in values.items() if key in known}
    for key, value in rest.items():
        if key in _NESTED and value is not None:
            rest[key] = _NESTED[key](**value)
        elif key == "at" and isinstance(value, str):
            rest[key] = datetime.fromisoformat(value)
        elif (name, key) in _LISTS:
            rest[key] = tuple(_LISTS[name, key](**_with_tuples(item)) for item in value)
        elif isinstance(value, list):
            rest[key] = tuple(value)
    return cls(**rest)


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
