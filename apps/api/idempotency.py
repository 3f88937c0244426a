"""A request that may be sent twice is done once.

The claim is committed at once, so that a repeat which comes meanwhile is told to wait; the answer is stored in the commit
of what the request did. A process killed in between leaves a claim and no effect: after `LEASE` the next repeat takes over.
What was refused changed nothing and is not remembered.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.callers import caller_of
from apps.api.models import Answer
from apps.api.parsing import read_whole
from apps.api.problems import ProblemError
from apps.core import clock
from apps.people.models import User

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
METHODS = {"POST", "PUT", "PATCH", "DELETE"}
KEPT_HEADERS = ("Location", "ETag")
LONGEST_KEY = 255
LEASE = timedelta(seconds=60)
KEEP = timedelta(hours=24)
CHUNK = 1000


@dataclass(frozen=True)
class Claim:
    """The right to do this request now."""

    answer_id: int
    claim: str

    def keep(self, response: Response) -> None:
        """Store the answer in the present transaction. Raises ProblemError (409) when the claim was lost meanwhile."""
        content = "" if response.data is None else JSONRenderer().render(response.data).decode()
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        mine = Answer.objects.filter(pk=self.answer_id, claim=self.claim, status=None)
        if not mine.update(status=response.status_code, content=content, headers=headers):
            raise _busy()

    def release(self) -> None:
        """Nothing was done: a repeat may try again at once."""
        Answer.objects.filter(pk=self.answer_id, claim=self.claim, status=None).delete()


def begin(request: Request) -> Claim | HttpResponse | None:
    """None: no key was sent. A claim: do it. A response: it was done before, and this is what was said.

    Raises ProblemError: 400 for an unusable key, 409 while the same request is being done, 422 for a key that was used
    for another request.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not key.strip() or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ProblemError(400, "bad_idempotency_key",
                           _("An Idempotency-Key is 1 to %(most)s plain characters.") % {"most": LONGEST_KEY})  # fmt: skip
    owner, wanted = caller_of(request).user, _hash(request)
    for _try in range(3):  # the row may go between our failing to insert it and our reading it
        claim = _insert(owner, key, wanted)
        if claim is not None:
            return claim
        row = Answer.objects.filter(owner=owner, key=key).first()
        if row is None:
            continue
        if row.created_at <= clock.now() - KEEP:
            Answer.objects.filter(pk=row.pk, created_at=row.created_at).delete()
            continue
        if row.request_hash != wanted:
            raise ProblemError(422, "idempotency_key_reused",
                               _("This Idempotency-Key came with another request before. Nothing was changed; use a new key."))  # fmt: skip
        return _replay(row) if row.status is not None else _take_over(row)
    raise _busy()


def clean() -> int:
    """Remove what is older than a day; in chunks. Returns how many."""
    removed = 0
    while True:
        old = Answer.objects.filter(created_at__lte=clock.now() - KEEP).order_by("pk").values_list("pk", flat=True)
        ids = list(old[:CHUNK])
        if not ids:
            return removed
        removed += Answer.objects.filter(pk__in=ids).delete()[0]


def _hash(request: Request) -> str:
    body = read_whole(request)
    line = f"{request.method} {request.get_full_path()} {request.content_type}\n".encode()
    return hashlib.sha256(line + body).hexdigest()


def _insert(owner: User, key: str, wanted: str) -> Claim | None:
    claim = uuid.uuid4().hex
    try:
        with transaction.atomic():
            row = Answer.objects.create(owner=owner, key=key, request_hash=wanted, claim=claim, claimed_at=clock.now(),
                                        created_at=clock.now())  # fmt: skip
    except IntegrityError:
        return None
    return Claim(row.pk, claim)


def _take_over(row: Answer) -> Claim:
    """Whoever held the claim has been gone for too long. Of several that come now, one gets it."""
    now, claim = clock.now(), uuid.uuid4().hex
    free = Answer.objects.filter(pk=row.pk, claim=row.claim, status=None, claimed_at__lte=now - LEASE)
    if not free.update(claim=claim, claimed_at=now):
        raise _busy()
    return Claim(row.pk, claim)


def _replay(row: Answer) -> HttpResponse:
    headers = {**row.headers, REPLAYED: "true"}
    return HttpResponse(row.content.encode(), status=row.status, content_type="application/json", headers=headers)


def _busy() -> ProblemError:
    return ProblemError(409, "being_done", _("The same request is being done just now. Ask again in a second."),
                        headers={"Retry-After": "1"})  # fmt: skip
