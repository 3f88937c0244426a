"""What a carrier can tell about an account that is being set up. Plain Python: adapters implement it.

Every method makes one or two calls and raises TryLater, Refused or Misconfigured, like the rest of an adapter.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TokenReport:
    """What the carrier says of our access token. `expires_at` None: never. `app_id` is the app that it was made for."""

    is_valid: bool
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    app_id: str = ""
    app_name: str = ""
    reason: str = ""


@dataclass(frozen=True)
class AccountReport:
    """What the carrier says of the account itself; words are the carrier's. `answered_at`: its clock, None when unsaid."""

    name: str = ""
    review: str = ""
    verification: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Limit:
    """How many different people may be written to first within 24 hours; None: as many as one likes."""

    people: int | None


@dataclass(frozen=True)
class Trouble:
    """One reason why a number sends less than it could, in the carrier's words. `entity` is number, account or business."""

    entity: str
    text: str
    advice: str = ""


@dataclass(frozen=True)
class NumberHealth:
    """One number; words are the carrier's. `can_send`: AVAILABLE, LIMITED, BLOCKED or empty.

    `limit` is the whole portfolio's, None when unsaid; `per_second` messages, in and out, 0 when unsaid.
    """

    remote_id: str
    phone: str = ""
    name: str = ""
    quality: str = ""
    name_status: str = ""
    verification: str = ""
    per_second: int = 0
    limit: Limit | None = None
    can_send: str = ""
    troubles: Sequence[Trouble] = ()


@dataclass(frozen=True)
class Registered:
    """A number that the carrier lists under the account, whether we know it or not. `status` in the carrier's word."""

    remote_id: str
    phone: str = ""
    status: str = ""


@dataclass(frozen=True)
class Subscription:
    """An app that gets the account's webhooks. `callback` is set when this account has an address of its own."""

    app_id: str
    app_name: str = ""
    callback: str = ""


@dataclass(frozen=True)
class AccountNews:
    """What a notice about an account, a number or the portfolio means to us. `code` is stable and ours.

    `severity`: info is only kept; warning and critical are shown to operators until one of them has seen it. `breaks`:
    nothing goes through any more. `phone` (digits) names the number that `per_second`, `quality` and `name_status` are
    about. `restricted_until`: until then conversations may not be opened. `words`: the carrier's own, for the screen.
    """

    code: str
    severity: str = "info"
    breaks: bool = False
    limit: Limit | None = None
    phone: str = ""
    per_second: int = 0
    name_status: str = ""
    restricted_until: datetime | None = None
    words: str = ""


class CarrierSetup(ABC):
    """The questions of the checklist."""

    needed_scopes: frozenset[str] = frozenset()
    """Permissions that a token must have; empty when the carrier knows none."""

    @abstractmethod
    def token(self) -> TokenReport:
        """About our access token. A refusal of the question itself raises; an invalid token is an answer."""

    @abstractmethod
    def account(self) -> AccountReport:
        """Proves that the token may read the account."""

    @abstractmethod
    def numbers(self) -> list[Registered]:
        """All numbers of the account."""

    @abstractmethod
    def number(self, number_id: str) -> NumberHealth:
        """The health of one number."""

    @abstractmethod
    def subscriptions(self) -> list[Subscription]:
        """The apps that get the account's webhooks."""

    @abstractmethod
    def subscribe(self, callback: str, verify_token: str) -> None:
        """Send this account's webhooks to `callback`; the carrier tests the address at once and Refused says why not."""
