"""The control API of the phones: make them, speak through them, read what they hold."""

import time
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.core import clock
from apps.sandbox import models, samples, speaking, store, transcript
from apps.sandbox.events import bus
from apps.sandbox.jsonhttp import ApiError, api, body_of
from apps.sandbox.trouble import board

_WAIT_MAX = 25.0
_PAGE_MAX = 500


def phone_of(number: str) -> models.Phone:
    wanted = number if number.startswith("+") else f"+{number}"
    phone = models.Phone.objects.filter(number=wanted).first()
    if phone is None:
        raise ApiError(f"There is no phone {wanted}.", f"Make it with PUT /api/phones/{wanted}.", 404)
    return phone


def number_of(phone_number_id: Any) -> models.Number:
    """The business number meant; with none named, the only one there is."""
    rows = models.Number.objects.select_related("account").order_by("pk")
    if phone_number_id:
        rows = rows.filter(phone_number_id=str(phone_number_id))
    found = list(rows[:2])
    if len(found) == 1:
        return found[0]
    known = ", ".join(models.Number.objects.values_list("phone_number_id", flat=True)) or "none yet"
    raise ApiError(f"Which business number? {phone_number_id!r} is not one.", f"Numbers here: {known}.", 404)


@api("GET", "PUT")
def many(request: HttpRequest) -> Any:
    """PUT {phones: [{number, name, language?}], open?: <phone number id>}: thousands at once, perhaps having just written.

    GET shows at most 500.
    """
    if request.method == "PUT":
        wanted = body_of(request)
        line = number_of(wanted["open"]) if wanted.get("open") else None
        return {"phones": store.put_phones(wanted["phones"], line)}
    return {"phones": transcript.phones(models.Phone.objects.order_by("pk")[:_PAGE_MAX])}


@api("GET", "PUT", "DELETE")
def one(request: HttpRequest, phone: str) -> Any:
    if request.method == "PUT":
        return transcript.phone(store.put_phone(phone if phone.startswith("+") else f"+{phone}", body_of(request)))
    found = phone_of(phone)
    if request.method == "DELETE":
        found.delete()
        bus.publish("people")
        return {"deleted": phone}
    return transcript.phone(found)


@api("POST")
def send(request: HttpRequest, phone: str) -> Any:
    """Body: {number, type, ...}; see speaking.say. Answer {wamid}."""
    spec = body_of(request)
    return {"wamid": speaking.say(phone_of(phone), number_of(spec.get("number")), spec)}


@api("POST")
def forward(request: HttpRequest, phone: str) -> Any:
    """Body: {number, message_id}: this phone sends on a message that any phone holds."""
    spec = body_of(request)
    bubble = models.Bubble.objects.filter(wamid=str(spec["message_id"])).first()
    if bubble is None:
        raise ApiError("message_id names no message.", "Take a wamid from a transcript.", 404)
    return {"wamid": speaking.forward(bubble, phone_of(phone), number_of(spec.get("number")))}


@api("GET")
def messages(request: HttpRequest, phone: str) -> Any:
    """?number=&after=<seq>&wait=<seconds up to 25>&tail=<n>: what the phone holds, oldest first."""
    holder = phone_of(phone)
    after = _number_in(request, "after", 0)
    wait = min(_WAIT_MAX, _number_in(request, "wait", 0))
    tail = int(_number_in(request, "tail", 0))
    rows = models.Bubble.objects.filter(chat__phone=holder, pk__gt=after).order_by("pk")
    if request.GET.get("number"):
        rows = rows.filter(chat__number=number_of(request.GET["number"]))
    deadline = time.monotonic() + wait
    seen = bus.last
    while not rows.exists() and time.monotonic() < deadline and not bus.stopping:
        seen = bus.wait(seen, deadline - time.monotonic())
    found = reversed(rows.order_by("-pk")[:tail]) if tail else rows[:_PAGE_MAX]
    return {"phone": holder.number, "messages": [transcript.message(bubble) for bubble in found]}


def _number_in(request: HttpRequest, name: str, default: float) -> float:
    try:
        return float(request.GET.get(name) or default)
    except ValueError:
        raise ApiError(f"{name} is not a number.", "Leave it out or give a number.") from None


@api("POST")
def read(request: HttpRequest) -> Any:
    """Body: {phone, number?}: the person has looked; statuses `read` go out."""
    spec = body_of(request)
    number = number_of(spec["number"]) if spec.get("number") else None
    return {"read": store.read_all(phone_of(str(spec["phone"])), number)}


@api("POST")
def block(request: HttpRequest, phone: str) -> Any:
    """Body: {number, blocked: true|false}."""
    spec = body_of(request)
    chat = store.chat_of(phone_of(phone), number_of(spec.get("number")))
    chat.is_blocked = bool(spec["blocked"])
    chat.save(update_fields=["is_blocked"])
    bus.publish("people")
    return {"blocked": chat.is_blocked}


@api("POST")
def limit(request: HttpRequest, phone: str) -> Any:
    """Body: {seconds}: until then, on the demo's clock, sends to this person are answered 131056. 0 ends it."""
    found, seconds = phone_of(phone), body_of(request)["seconds"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ApiError("seconds must be a number.", "0 lets messages through again.")
    people = {**board.current.people, found.number: clock.now().timestamp() + seconds}
    if not seconds:
        del people[found.number]
    board.change({"people": people})
    bus.publish("trouble")
    return {"limited_until": people.get(found.number)}


def media(request: HttpRequest, media_id: str) -> HttpResponse:
    """The page's own way to a picture, without a token."""
    found = models.Media.objects.filter(media_id=media_id).first()
    if found is None:
        return HttpResponse(status=404)
    response = HttpResponse(bytes(found.content), content_type=found.mime_type)
    # Whatever somebody uploaded must not run as a page of the toy.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
    response["Content-Disposition"] = "inline" if found.mime_type.startswith("image/") else "attachment"
    response["Cache-Control"] = "private, max-age=86400"
    return response


def sample(request: HttpRequest, name: str) -> HttpResponse:
    if name not in samples.PICTURES:
        return HttpResponse(status=404)
    response = HttpResponse(samples.picture(name), content_type="image/png")
    response["Cache-Control"] = "private, max-age=86400"
    return response
