"""Keep what came in, and run it again on request."""

import json

from django.db import transaction

from apps.inbox import replaying, storing
from apps.inbox.doorbell import bell
from apps.inbox.doorkeeper import Caller
from apps.inbox.sharing import SharedCommit
from apps.providers.types import RawRequest

replay_event = replaying.replay_event
replay_receipt = replaying.replay_receipt

_shared = SharedCommit(storing.insert)


def accept(*, caller: Caller, request: RawRequest) -> bool:
    """Store one verified delivery; a repeated one only counts. False: the account is not what `caller` says any more.

    The unique constraint is the only judge: a look first would lose the race of two deliveries in the same second.
    Raises DatabaseError when it could not be stored. Outside a transaction it is committed when this returns.
    """
    headers = {name: request.headers[name] for name in caller.provider.kept_headers if name in request.headers}
    delivery = storing.Delivery(
        account_id=caller.account_id,
        hook_key=caller.hook_key,
        seal=caller.seal,
        key=caller.provider.dedup_key(request),
        body=request.body,
        query="&".join(f"{name}={value}" for name, value in request.query.items()),
        headers=json.dumps(headers),
    )
    if transaction.get_connection().in_atomic_block:
        times = sum(storing.insert([delivery]).values())  # a commit of the caller's, not of ours
    else:
        times = _shared.store(delivery)
    if times == 1:
        transaction.on_commit(bell.ring)
    return times > 0
