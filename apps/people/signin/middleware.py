"""What every request of a signed-in person passes."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from apps.people import queries
from apps.people.models import User
from apps.people.signin import factors, sessions

Respond = Callable[[HttpRequest], HttpResponse]

# Pages that lead to a factor, or away. Everything else waits for one.
OPEN = frozenset({
    "account_login", "account_logout", "account_inactive", "account_reauthenticate", "mfa_authenticate", "mfa_index",
    "mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn", "mfa_view_recovery_codes", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "signin_home", "set_language", "demo_codes", "livez", "readyz", "hook",
})  # fmt: skip
ADMIN_OPEN = frozenset({"login", "logout"})


class LastSeenMiddleware:
    """Keeps the list of one's sessions true."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _has_session(request) and isinstance(request.user, User):
            sessions.saw(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Nobody whose role needs a second factor reaches a page before this session has shown one. One place, every page."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not _has_session(request):
            return None
        user = request.user
        if not isinstance(user, User) or _is_open(request) or factors.shown(request) or not factors.needs_factor(user):
            return None
        if request.headers.get("Accept", "").startswith("application/json") or request.path_info.startswith("/api/"):
            return JsonResponse({"code": "second_factor_required", "title": _("Set up a second factor first."), "status": 403},
                                status=403, content_type="application/problem+json")  # fmt: skip
        target = _way_to_a_factor(user)
        keep = {"next": request.get_full_path()} if request.method == "GET" else {}
        return HttpResponseRedirect(f"{reverse(target)}?{urlencode(keep)}".rstrip("?"))


class OwnClockMiddleware:
    """Every time on a page stands on the clock of whoever reads it; on the house's for a sign-in of nobody.

    Programs read instants with their offset: the routes of the API stay as they are.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _has_session(request) or request.path_info.startswith(("/api/", "/scim/")):
            return self.get_response(request)
        if not isinstance(request.user, User):
            return self.get_response(request)
        with timezone.override(queries.zone_for(getattr(request.user, "employee", None))):
            return self.get_response(request)


def _has_session(request: HttpRequest) -> bool:
    """Webhooks and scripts have no cookie: nothing is looked up for them."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _is_open(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    return match.url_name in (ADMIN_OPEN if match.namespace == "admin" else OPEN)


def _way_to_a_factor(user: User) -> str:
    types = factors.types_of(user)
    if "totp" in types:
        return "mfa_reauthenticate"
    return "mfa_reauthenticate_webauthn" if "webauthn" in types else "signin_home"
