"""The Graph API's face: who may call, messages, media, numbers. Shapes as in Meta's Cloud API reference."""

import functools
import json
import logging
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from apps.sandbox import accepting, graph_setup, graph_templates, models, store
from apps.sandbox.delivery import handshake
from apps.sandbox.graph_errors import GraphError
from apps.sandbox.memory import memory
from apps.sandbox.oddities import Odd
from apps.sandbox.trouble import board

log = logging.getLogger(__name__)

NUMBER_FIELDS = {
    "id", "display_phone_number", "verified_name", "quality_rating", "throughput", "name_status",
    "code_verification_status", "whatsapp_business_manager_messaging_limit", "status", "platform_type", "health_status",
}  # fmt: skip
# Meta, "Media": 5 MB images, 16 MB audio and video, 100 MB documents.
_MEDIA_MAX = {"image": 5, "audio": 16, "video": 16}


def graph(view: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    """A Graph view: trouble first, then the token, then the view; whatever is refused is answered in Meta's words."""

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_send = request.path.endswith("/messages")
        try:
            board.strike()
            account = _account(request)
            odd = board.odd() if is_send else None
            if odd is not None and not odd.takes:
                return _oddly(request, odd, b"")
            answer = view(request, account, *args, **kwargs)
            if isinstance(answer, HttpResponseBase):
                return answer
            response: HttpResponse = JsonResponse(answer)
        except GraphError as error:
            if is_send:
                store.refuse(error, _json_or_none(request))
            response, odd = JsonResponse(error.body(), status=error.status), None
            if error.retry_after:
                response["Retry-After"] = str(error.retry_after)
        except (TypeError, AttributeError, KeyError, ValueError):
            log.warning("A request in a shape nobody expected: %s", request.path, exc_info=True)
            response = JsonResponse(GraphError(100, "A parameter has a type that is not expected.").body(), status=400)
            odd = None
        response["x-fb-trace-id"] = secrets.token_urlsafe(8)
        response["facebook-api-version"] = request.path.split("/")[2]
        if is_send and board.current.answer_late_ms:
            # Taken long before it is said: the statuses may be faster than this answer.
            time.sleep(board.current.answer_late_ms / 1000)
        return _oddly(request, odd, response.content) if odd is not None else response

    return inner


def _account(request: HttpRequest) -> models.Account:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    account = memory.account(token.strip()) if token.strip() else None
    if scheme.lower() not in {"bearer", "oauth"} or account is None:
        raise GraphError(190, "Error validating access token.", status=401)
    return account


def _oddly(request: HttpRequest, odd: Odd, right: bytes) -> HttpResponse:
    """A wrong answer, or none at all: then the connection is cut, and its sender cannot know."""
    wire = odd.answer(right)
    if wire is not None:
        return HttpResponse(wire[2], status=wire[0], content_type=wire[1])
    sock = request.META.get("gunicorn.socket")
    if isinstance(sock, socket.socket):
        sock.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=500)


def _json_or_none(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def json_of(request: HttpRequest) -> dict[str, Any]:
    body = _json_or_none(request)
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    return body


def _number(account: models.Account, phone_number_id: str) -> models.Number:
    number = memory.number(account, phone_number_id)
    if number is None:
        raise GraphError(100, f"Object with ID '{phone_number_id}' does not exist or cannot be loaded (subcode 33).")
    return number


@graph
def messages(request: HttpRequest, account: models.Account, phone_number_id: str) -> Any:
    """POST: send, or tell that a message was read."""
    number = _number(account, phone_number_id)
    _only(request, "POST")
    body = json_of(request)
    if "status" in body:
        accepting.read_by_business(number, body)
        return {"success": True}
    return accepting.accept(number, body)


@graph
def media(request: HttpRequest, account: models.Account, phone_number_id: str) -> Any:
    """POST multipart messaging_product, file, type: {id}."""
    number = _number(account, phone_number_id)
    _only(request, "POST")
    upload = request.FILES.get("file")
    if request.POST.get("messaging_product") != "whatsapp" or upload is None:
        raise GraphError(100, "messaging_product=whatsapp and file are required.")
    mime_type = request.POST.get("type") or upload.content_type or ""
    if "/" not in mime_type:
        raise GraphError(100, "Param file must have a MIME type.")
    longest = _MEDIA_MAX.get(mime_type.split("/")[0], 100) * 1024 * 1024
    if (upload.size or 0) > longest:
        raise GraphError(131009, f"The file is larger than {longest} bytes.")
    return {"id": store.put_media(number, upload.read(), mime_type, upload.name or "").media_id}


@graph
def media_file(request: HttpRequest, account: models.Account, media_id: str) -> Any:
    """GET: the bytes; like Meta's address, it wants the bearer token again."""
    found = models.Media.objects.filter(media_id=media_id, number__account=account).first()
    if found is None:
        return HttpResponse(status=404)
    content = bytes(found.content)
    wrong = board.media()
    if wrong == "gone":
        return HttpResponse(status=404)
    if wrong == "damaged":
        # Of the right length, so that only the digest tells.
        content = content[: len(content) // 2] + bytes(len(content) - len(content) // 2)
    return HttpResponse(content, content_type=found.mime_type)


@graph
def node(request: HttpRequest, account: models.Account, node_id: str) -> Any:
    """GET, POST, DELETE of one thing by its id: a number, a medium or a template."""
    number = account.numbers.filter(phone_number_id=node_id).first()
    if number is not None:
        _only(request, "GET")
        return number_fields(number, request.GET.get("fields", ""))
    found = models.Media.objects.filter(media_id=node_id, number__account=account).first()
    if found is not None:
        return _media_node(request, found)
    template = account.templates.filter(remote_id=node_id).first()
    if template is not None:
        return graph_templates.one(request, template, _json_or_none(request))
    if node_id == account.waba_id:
        return graph_setup.account_fields(account, request.GET.get("fields", ""))
    raise GraphError(
        100, f"Unsupported {request.method} request. Object with ID '{node_id}' does not exist.", subcode=33
    )


def _media_node(request: HttpRequest, found: models.Media) -> dict[str, Any]:
    _only(request, "GET", "DELETE")
    if request.method == "DELETE":
        found.delete()
        return {"success": True}
    version = request.path.split("/")[2]
    return {
        "messaging_product": "whatsapp",
        "url": request.build_absolute_uri(f"/graph/{version}/files/{found.media_id}"),
        "mime_type": found.mime_type,
        "sha256": found.sha256,
        "file_size": len(found.content),
        "id": found.media_id,
    }


def number_fields(number: models.Number, fields: str) -> dict[str, Any]:
    """The asked-for fields of a number (comma separated); the usual ones if none are named."""
    everything = {
        "id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "verified_name": number.verified_name,
        "quality_rating": number.quality_rating,
        "throughput": {"level": "STANDARD" if number.throughput <= 80 else "HIGH"},
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "whatsapp_business_manager_messaging_limit": number.messaging_limit,
        "status": "CONNECTED",
        "platform_type": "CLOUD_API",
        **graph_setup.number_facts(number),
    }
    wanted = [name for name in fields.split(",") if name]
    unknown = set(wanted) - NUMBER_FIELDS
    if unknown:
        raise GraphError(100, f"Tried accessing nonexisting field ({sorted(unknown)[0]}) on node type (PhoneNumber)")
    shown = wanted or ["verified_name", "code_verification_status", "display_phone_number", "quality_rating"]
    return {name: everything[name] for name in [*shown, "id"]}


@graph
def debug_token(request: HttpRequest, account: models.Account) -> Any:
    _only(request, "GET")
    return graph_setup.debug_token(request, account)


@graph
def phone_numbers(request: HttpRequest, account: models.Account, waba_id: str) -> Any:
    _own(account, waba_id)
    _only(request, "GET")
    return {"data": [number_fields(number, request.GET.get("fields", "")) for number in account.numbers.all()]}


@graph
def subscribed_apps(request: HttpRequest, account: models.Account, waba_id: str) -> Any:
    """GET, POST (with override_callback_uri and verify_token if wished), DELETE: who gets the account's webhooks."""
    _own(account, waba_id)
    _only(request, "GET", "POST", "DELETE")
    if request.method == "GET":
        app = {"whatsapp_business_api_data": {"id": "1", "name": "Recado", "link": "https://example.com/"}}
        if account.webhook_url:
            app["override_callback_uri"] = account.webhook_url  # type: ignore[assignment]
        return {"data": [app] if account.is_subscribed else []}
    account.is_subscribed = request.method == "POST"
    body = _json_or_none(request) or {}
    if request.method == "POST" and body.get("override_callback_uri"):
        account.webhook_url = str(body["override_callback_uri"])
        account.verify_token = str(body.get("verify_token", ""))
        trouble = handshake(account.webhook_url, account.verify_token, str(secrets.randbelow(10**9)))
        if trouble:
            raise GraphError(2200, trouble)
    account.save()
    return {"success": True}


@graph
def message_templates(request: HttpRequest, account: models.Account, waba_id: str) -> Any:
    _own(account, waba_id)
    _only(request, "GET", "POST", "DELETE")
    return graph_templates.many(request, account, _json_or_none(request))


def _own(account: models.Account, waba_id: str) -> None:
    if account.waba_id != waba_id:
        raise GraphError(100, f"Object with ID '{waba_id}' does not exist or the token may not see it.")


def _only(request: HttpRequest, *methods: str) -> None:
    if request.method not in methods:
        raise GraphError(100, f"Unsupported {request.method} request.", status=400)
