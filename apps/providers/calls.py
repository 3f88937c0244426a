"""An account's allowance of calls per hour. Whoever counts them lives above and registers here, in its `calls.py`."""

from collections.abc import Callable

from apps.core.registry import Registry
from apps.providers.models import Account

spenders: Registry[Callable[[Account], None]] = Registry("counter of calls", module="calls")
"""Each is told before a call about the account, its numbers or templates, and raises TryLater when none is left."""


def spend(account: Account) -> None:
    """Count one call that is about to be made. Raises TryLater: the allowance of this hour is used up."""
    for _name, spender in spenders:
        spender(account)
