"""What every page of a link has in common: who asks, how often, in which language, and headers that give nothing away."""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core.addresses import address_of
from apps.core.zones import zone_of
from apps.web import pacing, queries
from apps.web.models import Link

# No script at all, nothing from elsewhere, forms only to ourselves, in nobody's frame.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",  # the address is the key: no other site may read it
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_UNREADABLE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, MultiPartParserError, UnreadablePostError)
LONGEST_LENGTH = 15
"""Digits: more than any length that a browser sends."""
View = Callable[..., HttpResponseBase]


def guarded(view: View) -> View:
    """A view of one link. Whatever is no link of ours, or none any more, gets one and the same page.

    Without a CSRF token: no cookie says who somebody is here, only the address does, which another site cannot know. (With
    `no-referrer` a browser sends `Origin: null`, which Django's check would refuse.)
    """

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @functools.wraps(view)
    def run(request: HttpRequest, token: str, **named: Any) -> HttpResponseBase:
        answer = _answer(view, request, token, named)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return run


def _answer(
    view: Callable[..., HttpResponseBase], request: HttpRequest, token: str, named: dict[str, Any]
) -> HttpResponseBase:
    address = address_of(request.META)
    if pacing.has_guessed(address) or pacing.is_too_much(address, pacing.PER_ADDRESS):
        return shown(request, "web/busy.html", {"seconds": pacing.seconds_left()}, status=429)
    link = queries.by_token(token)
    if link is None:
        pacing.note_guess(address)
        with translation.override(language_of(request, None)):
            return shown(request, "web/gone.html", status=404)
    with translation.override(language_of(request, link)), timezone.override(zone_of(link.employee.time_zone)):
        if request.method == "POST" and pacing.is_too_much(f"link:{link.pk}", pacing.POSTS_PER_LINK):
            return shown(request, "web/busy.html", {"seconds": pacing.seconds_left()}, status=429)
        if _is_too_large(request):
            return _unreadable(request, link)
        try:
            answer = view(request, link, **named)
        except _UNREADABLE:
            return _unreadable(request, link)
        except Http404:
            return shown(request, "web/gone.html", status=404)
        if isinstance(answer, TemplateResponse):
            answer.render()  # in this language
        return answer


def _is_too_large(request: HttpRequest) -> bool:
    """Before a byte of the body is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return (
        not length.isdecimal() or len(length) > LONGEST_LENGTH or int(length) > settings.WEB_LARGEST_BODY_MB * 1024**2
    )


def _unreadable(request: HttpRequest, link: Link) -> HttpResponse:
    context = {"megabytes": settings.WEB_LARGEST_BODY_MB, "link": link}
    return shown(request, "web/too_large.html", context, status=413)


def language_of(request: HttpRequest, link: Link | None) -> str:
    """The one chosen on the page, else the person's, else the browser's."""
    wanted = request.GET.get("lang", "")
    if wanted in dict(settings.LANGUAGES):
        return wanted
    return link.employee.language if link is not None else translation.get_language_from_request(request)


def shown(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page in the active language, written out at once."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    languages = [{"code": code, "name": name, "is_current": code == language} for code, name in settings.LANGUAGES]
    facts = {"company": settings.COMPANY_NAME, "languages": languages, "language": language, **(context or {})}
    answer = TemplateResponse(request, template, facts, status=status)
    answer.headers["Content-Language"] = language
    return answer.render()
