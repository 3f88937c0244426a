"""Who may come in: accounts by their address, remembered so that a delivery costs no look at their rows.

What is remembered can be out of date, and is never believed: the insert of a delivery (`services.accept`) insists that the
account still has the very secrets it was verified with, and stores nothing otherwise. So a rotated, added or withdrawn
secret, a new account and a new address count from the moment they are committed, in every process.
"""

from dataclasses import dataclass, field

from django.db.models import TextField, Value
from django.db.models.functions import Cast, Concat

from apps.providers import queries as providers
from apps.providers.base import SignatureError, WhatsAppProvider
from apps.providers.models import Account
from apps.providers.registry import provider_for
from apps.providers.types import RawRequest

MOST = 256
"""Accounts remembered by a process. A company has a handful; what is not remembered is read again each time."""


@dataclass(frozen=True)
class Caller:
    """An account as it was when it was read. `seal`: its secrets as their columns hold them, encrypted."""

    account_id: int
    hook_key: str
    seal: str = field(repr=False)
    provider: WhatsAppProvider = field(repr=False)

    def is_known(self, request: RawRequest) -> bool:
        """Whether these secrets fit the request."""
        try:
            self.provider.verify(request)
        except SignatureError:
            return False
        return True


_remembered: dict[tuple[str, str], Caller] = {}


def remembered(kind: str, hook_key: str) -> Caller | None:
    """The account at this address as it was last seen; None when nobody asked for it yet."""
    return _remembered.get((kind, hook_key))


def read(kind: str, hook_key: str) -> Caller | None:
    """The account at this address as its row stands now; None when there is none."""
    sealed = Concat(
        Cast("app_secret", TextField()), Value("|"), Cast("previous_app_secret", TextField()), output_field=TextField()
    )
    account = providers.account_at(kind=kind, hook_key=hook_key, accounts=Account.objects.annotate(seal=sealed))
    if account is None:
        _remembered.pop((kind, hook_key), None)
        return None
    seen = Caller(account.pk, hook_key, account.seal, provider_for(account))  # type: ignore[attr-defined]
    if len(_remembered) < MOST or (kind, hook_key) in _remembered:
        _remembered[kind, hook_key] = seen
    return seen
