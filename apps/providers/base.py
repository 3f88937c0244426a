"""What every carrier's adapter gives. Plain Python, no Django: settings come as a dataclass, answers go as one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from apps.core.errors import RecadoError
from apps.providers.types import (
    NumberReport,
    OutgoingMessage,
    Parsed,
    RawRequest,
    RemoteTemplate,
    SendResult,
    TemplateDraft,
    Unreadable,
)


class SignatureError(RecadoError):
    """The webhook is not signed by whom we know: 403, nothing stored."""

    code = "bad_signature"


class MalformedError(RecadoError):
    """The signed body cannot be read at all: kept as unreadable."""

    code = "malformed"


class Reaction(StrEnum):
    """What to do about a failed send; from a table per carrier."""

    RETRY = "retry"
    SLOW_NUMBER = "slow_number"
    SLOW_PERSON = "slow_person"
    HOLD = "hold"
    WINDOW_CLOSED = "window_closed"
    RECIPIENT = "recipient"
    MESSAGE = "message"
    ACCOUNT = "account"
    UNSURE = "unsure"


class SendFailed(RecadoError):  # noqa: N818 - an outcome with a reaction
    """A send that was refused or whose outcome is unknown. `reaction` says what to do, `after` (seconds) when."""

    def __init__(
        self, sentence: str, *, reaction: Reaction, code: str, detail: str = "", after: float | None = None
    ) -> None:
        super().__init__(sentence, code=code, detail=detail)
        self.reaction = reaction
        self.after = after


@dataclass(frozen=True)
class Credentials:
    """What an adapter needs of an account, decrypted. `secrets` sign webhooks: the present one and, while rotating, the last."""

    base_url: str
    remote_id: str
    access_token: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    verify_token: str = field(repr=False)


@dataclass(frozen=True)
class FetchedMedia:
    content: bytes
    mime_type: str


class WhatsAppProvider(ABC):
    """One carrier. Instances are cheap, kept per account, and shared between threads."""

    kind: ClassVar[str]
    label: ClassVar[str]
    kept_headers: ClassVar[frozenset[str]] = frozenset()
    """Lower-case names of the webhook headers worth keeping in the Receipt."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials

    @abstractmethod
    def handshake(self, request: RawRequest) -> str | None:
        """The text to answer a subscription test with; None when the request is no handshake. Raises SignatureError."""

    @abstractmethod
    def verify(self, request: RawRequest) -> None:
        """Raises SignatureError unless the raw body was signed with one of our secrets."""

    @abstractmethod
    def dedup_key(self, request: RawRequest) -> str:
        """One key for one delivery, equal when the sender repeats it; at most 200 characters."""

    @abstractmethod
    def parse(self, body: bytes) -> list[Parsed | Unreadable]:
        """All events of one body. One bad event never loses the others. Raises MalformedError when it is no envelope."""

    @abstractmethod
    def send(self, message: OutgoingMessage) -> SendResult:
        """Send once. Raises SendFailed with the reaction; reaction UNSURE when nobody knows what happened."""

    @abstractmethod
    def fetch_media(self, remote_id: str) -> FetchedMedia:
        """The bytes of an inbound media. Raises TryLater, Refused (gone, too large) or Misconfigured."""

    @abstractmethod
    def upload_media(self, number_id: str, content: bytes, mime_type: str, filename: str) -> str:
        """The carrier's id for a file of ours. Raises as `fetch_media`."""

    @abstractmethod
    def failure(self, code: str, detail: str = "") -> SendFailed:
        """The reaction and the sentence for an error code of this carrier: a late `failed` status carries only a code."""

    @abstractmethod
    def report(self, number_id: str) -> NumberReport:
        """What the carrier says of a number of ours: proves token, address and number. Raises as `fetch_media`."""

    @abstractmethod
    def list_templates(self) -> list[RemoteTemplate]:
        """All templates of the account, all pages. Raises as `fetch_media`."""

    @abstractmethod
    def create_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Register a template for review. Raises as `fetch_media`; Refused names what the carrier dislikes."""

    @abstractmethod
    def edit_template(self, remote_id: str, draft: TemplateDraft) -> RemoteTemplate:
        """Hand a template in again with another text. Raises as `create_template`."""

    def template_language(self, language: str) -> str:
        """Our language code as the carrier spells it, like pt_BR for pt-br."""
        base, _, region = language.partition("-")
        return f"{base}_{region.upper()}" if region else base
