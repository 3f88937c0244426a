"""The one door for every webhook: verify on raw bytes, store, answer. Nothing else happens in the request."""

import logging
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from apps.inbox import queries, services
from apps.providers.base import SignatureError
from apps.providers.registry import provider_for
from apps.providers.types import RawRequest

log = logging.getLogger("recado.inbox")


@csrf_exempt
def receive(request: HttpRequest, kind: str, hook_key: str) -> HttpResponse:
    """GET: the carrier's handshake. POST: one delivery.

    200 stored (again or for the first time) · 403 not signed by whom we know · 404 no such address · 405 · 413 larger
    than INBOX_LARGEST_BODY bytes · 400 the body broke off · 503 could not be stored: please send it again.
    """
    if request.method not in {"GET", "POST"}:
        return HttpResponse("Send GET (handshake) or POST (events).", status=405, headers={"Allow": "GET, POST"})
    try:
        account = queries.account_at(kind=kind, hook_key=hook_key)
        if account is None:
            return _plain("No account listens at this address: copy it again from the account's page.", 404)
        raw = _raw(request)
        provider = provider_for(account)
        challenge = provider.handshake(raw) if raw.method == "GET" else None
        if raw.method == "GET":
            return _plain(challenge, 200) if challenge is not None else _plain("This is no handshake.", 400)
        provider.verify(raw)
        services.accept(account=account, request=raw, provider=provider)
    except SignatureError as error:
        log.warning("refused a webhook at %s/%s: %s", kind, hook_key, error)
        return _plain(str(error) or "The signature does not fit: check the app secret.", 403)
    except RequestDataTooBig:
        return _plain("The body is too large; nothing was stored.", 413)
    except UnreadablePostError:
        return _plain("The body broke off; nothing was stored.", 400)
    except DatabaseError:
        log.exception("a webhook could not be stored")
        return _plain("Could not be stored just now: please send it again.", 503)
    return HttpResponse(status=200)


def _raw(request: HttpRequest) -> RawRequest:
    length = request.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > settings.INBOX_LARGEST_BODY:
        raise RequestDataTooBig
    return RawRequest(
        method=request.method or "",
        url=f"{settings.BASE_URL}{request.get_full_path()}",
        query=dict(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
    )


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
