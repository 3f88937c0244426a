"""Who calls, from where."""

from dataclasses import dataclass

from rest_framework.request import Request

from apps.core import addresses
from apps.people.authority import Authority


@dataclass(frozen=True)
class Caller:
    """`request.auth` of every request that was let in. A person in the browser has every scope, a key its own."""

    authority: Authority

    def has_scope(self, scope: str) -> bool:
        key = self.authority.key
        return key is None or scope in key.scopes


def caller_of(request: Request) -> Authority:
    """Whose wishes these are; views call it after their scope was checked."""
    caller = request.auth
    if not isinstance(caller, Caller):
        raise TypeError("a view without a caller: its scope was not checked")
    return caller.authority


def address_of(request: Request) -> str:
    """Where the request came from."""
    return addresses.address_of(request.META)
