"""Pages by cursor: after this row, or before it. Rows that come or go meanwhile neither repeat nor hide others."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.problems import ProblemError
from apps.core.encryption import signature

M = TypeVar("M", bound=Model)

USUAL, MOST = 50, 200
_PURPOSE = "api cursor"


def page(request: Request, rows: QuerySet[M], show: Callable[[M], Any]) -> Response:
    """One page of `rows` in the order they were made: `results`, `next`, `previous` (addresses or null).

    Raises ProblemError (400) for a cursor that was not handed out for this address, or a limit out of 1..200.
    """
    limit = _limit(request.query_params.get("limit"))
    cursor = request.query_params.get("cursor")
    direction, pk = _read(cursor, request.path) if cursor is not None else ("after", 0)
    if direction == "after":
        found = list(rows.filter(pk__gt=pk).order_by("pk")[: limit + 1])
        has_next, shown = len(found) > limit, found[:limit]
        has_previous = cursor is not None and rows.filter(pk__lte=pk).exists()
    else:
        found = list(rows.filter(pk__lt=pk).order_by("-pk")[: limit + 1])
        has_previous, shown = len(found) > limit, found[:limit][::-1]
        has_next = rows.filter(pk__gte=pk).exists()
    first, last = (shown[0].pk, shown[-1].pk) if shown else (pk + 1 if direction == "after" else pk, pk)
    if not shown and direction == "before":
        last = pk - 1
    return Response({
        "next": _link(request, "after", last) if has_next else None,
        "previous": _link(request, "before", first) if has_previous else None,
        "results": [show(row) for row in shown],
    })  # fmt: skip


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST:
        return int(text)
    sentence = _("A number from 1 to %(most)s.") % {"most": MOST}
    raise ProblemError(400, "invalid_input", _("The limit cannot be used."), fields={"limit": sentence})


def _link(request: Request, direction: str, pk: int) -> str:
    query = request.query_params.copy()
    query["cursor"] = _write(direction, pk, request.path)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _write(direction: str, pk: int, path: str) -> str:
    text = json.dumps([direction, pk])
    signed = f"{signature(_PURPOSE, f'{path} {text}')}{text}"
    return base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def _read(cursor: str, path: str) -> tuple[str, int]:
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        mark, text = signed[:22], signed[22:]
        if not hmac.compare_digest(mark.encode(), signature(_PURPOSE, f"{path} {text}").encode()):
            raise ValueError
        direction, pk = json.loads(text)
    except (ValueError, binascii.Error) as error:
        sentence = _("Use the “next” or “previous” address of an answer as it is, or begin without a cursor.")
        raise ProblemError(400, "bad_cursor", _("This cursor cannot be used."), fields={"cursor": sentence}) from error
    return str(direction), int(pk)
