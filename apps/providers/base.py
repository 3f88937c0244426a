"""What every carrier's adapter gives. Plain Python, no Django: settings come as a dataclass, answers go as one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from apps.core.errors import LostAnswerError, RecadoError, Refused, TryLater
from apps.core.http import Answer, HttpRequest
from apps.providers.setup import AccountNews, CarrierSetup
from apps.providers.types import (
    AccountChanged,
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
    """`is_intact` False: twice the bytes were others than the carrier's own digest names."""

    content: bytes
    mime_type: str
    is_intact: bool = True


@dataclass(frozen=True)
class MediaLimit:
    """What one kind of file may be: MIME types by content, and bytes."""

    types: frozenset[str]
    largest: int


class WhatsAppProvider(ABC):
    """One carrier. Instances are cheap, kept per account, and shared between threads."""

    kind: ClassVar[str]
    label: ClassVar[str]
    template_codes: ClassVar[frozenset[str]] = frozenset()
    """Error codes of a send that say something about the template itself: it is asked about then."""
    kept_headers: ClassVar[frozenset[str]] = frozenset()
    """Lower-case names of the webhook headers worth keeping in the Receipt."""
    sends: ClassVar[frozenset[type]] = frozenset()
    """The content classes of `types` that it can carry; anything else is refused when it is written, not when it is sent."""
    media_limits: ClassVar[Mapping[str, MediaLimit]] = {}
    """By kind of MediaMessage, in the order in which a file is tried."""
    keeps_uploads: ClassVar[timedelta] = timedelta(0)
    """How long an uploaded file can be sent again by its id."""
    marks_read: ClassVar[bool] = False
    """Whether `mark_read` does anything."""

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
    def prepare(self, message: OutgoingMessage) -> HttpRequest:
        """The request that sends this message, ready to leave; many of them may be in the air at once. Talks to nobody."""

    @abstractmethod
    def conclude(self, answer: Answer | TryLater | LostAnswerError) -> SendResult:
        """What became of a prepared request, from its answer or the error that came instead.

        Raises SendFailed with the reaction; reaction UNSURE when nobody knows what happened.
        """

    @abstractmethod
    def send(self, message: OutgoingMessage) -> SendResult:
        """Prepare, send alone and conclude. Raises as `conclude`."""

    @abstractmethod
    def fetch_media(self, remote_id: str, sha256: str = "") -> FetchedMedia:
        """The bytes of an inbound media, held against the digest of its webhook and of its look-up (hex or base64).

        Raises TryLater, Refused (gone, too large) or Misconfigured.
        """

    @abstractmethod
    def upload_media(self, number_id: str, content: bytes, mime_type: str, filename: str) -> str:
        """The carrier's id for a file of ours, good for `keeps_uploads`. Raises as `fetch_media`; Refused for a type or
        size that the carrier does not take."""

    def mark_read(self, number_id: str, remote_id: str, *, is_typing: bool = False) -> None:
        """Show the person that their message (and those before it) was read, and that somebody is writing.

        Raises as `fetch_media`; Refused by a carrier that has no such thing (`marks_read`).
        """
        raise Refused(f"{self.label} shows no read marks.", code="no_read_marks")

    @abstractmethod
    def failure(self, code: str, detail: str = "") -> SendFailed:
        """The reaction and the sentence for an error code of this carrier: a late `failed` status carries only a code."""

    @abstractmethod
    def report(self, number_id: str) -> NumberReport:
        """What the carrier says of a number of ours: proves token, address and number. Raises as `fetch_media`."""

    @abstractmethod
    def template_pages(self, before_call: Callable[[], object] = lambda: None) -> Iterator[list[RemoteTemplate]]:
        """All templates of the account, a page per step. `before_call` is called before each request, and may raise.
        Raises as `fetch_media`."""

    def list_templates(self) -> list[RemoteTemplate]:
        """All pages together; a template that a changing list shows twice is there once, as it was seen last."""
        return list({one.remote_id: one for page in self.template_pages() for one in page}.values())

    @abstractmethod
    def fetch_template(self, remote_id: str, name: str) -> RemoteTemplate | None:
        """One template as it is now; None: it is certainly not there any more. Raises as `fetch_media`."""

    @abstractmethod
    def create_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Register a template for review. Raises as `fetch_media`; Refused names what the carrier dislikes."""

    @abstractmethod
    def edit_template(self, remote_id: str, draft: TemplateDraft) -> RemoteTemplate:
        """Hand a template in again with another text; without a category it keeps its own. Raises as `create_template`."""

    def setup(self) -> CarrierSetup | None:
        """The questions of the checklist; None when this carrier answers none of them."""
        return None

    def news(self, event: AccountChanged) -> AccountNews:
        """What a notice of this carrier means to us."""
        return AccountNews("unknown", words=event.what)

    def template_language(self, language: str) -> str:
        """Our language code as the carrier spells it, like pt_BR for pt-br."""
        base, _, region = language.partition("-")
        return f"{base}_{region.upper()}" if region else base
