"""The page of pretend phones, and what it loads."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from apps.sandbox import models, samples, transcript
from apps.sandbox.control import clock_facts
from apps.sandbox.events import bus
from apps.sandbox.jsonhttp import ApiError, api
from apps.sandbox.oddities import ODDITIES
from apps.sandbox.trouble import board

LANGUAGES = {"en": "English", "pt": "Português", "es": "Español"}
_PEOPLE_MAX = 500
"""A drill has thousands of people, which no page can show."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class SafeHeaders:
    """A strict content policy on everything: what pretend people send can never run."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response


@cache
def words(language: str) -> dict[str, str]:
    path = Path(__file__).resolve().parent / "words" / f"{language}.json"
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded if language == "en" else {**words("en"), **loaded}


def language_of(request: HttpRequest) -> str:
    """?lang=, else the browser's first language that we have, else English."""
    wanted = [request.GET.get("lang", ""), *request.headers.get("Accept-Language", "").split(",")]
    for one in wanted:
        short = one.strip()[:2].lower()
        if short in LANGUAGES:
            return short
    return "en"


def index(request: HttpRequest) -> HttpResponse:
    language = language_of(request)
    facts = {
        "words": words(language),
        "language": language,
        "pictures": samples.PICTURES,
        "oddities": list(ODDITIES),
        "places": {key: place[2] for key, place in samples.PLACES.items()},
    }
    shown = {"facts": facts, "words": words(language), "language": language, "languages": LANGUAGES}
    return render(request, "sandbox/page.html", shown)


@api("GET")
def state(request: HttpRequest) -> Any:
    """Everything the page needs at once: {phones, numbers, clock, trouble, pending}."""
    numbers = models.Number.objects.select_related("account").order_by("pk")
    return {
        "phones": transcript.phones(models.Phone.objects.order_by("pk")[:_PEOPLE_MAX]),
        "numbers": [transcript.number(number) for number in numbers],
        "clock": clock_facts(),
        "trouble": board.read(),
        "pending": models.Template.objects.filter(status="PENDING").count(),
        "owed": models.Webhook.objects.filter(state="queued").count(),
    }


@api("GET")
def events(request: HttpRequest) -> Any:
    """Server-sent events: {kind: message|chat|typing|people|clock|trouble|templates|webhook|reset, ...}."""
    if not bus.has_room():
        raise ApiError("Too many pages are open.", "Close one of them and load this one again.", 503)
    seen = request.headers.get("Last-Event-ID", "")
    response = StreamingHttpResponse(
        bus.stream(int(seen) if seen.isdigit() else None), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response
