"""Two ways in, a key or a session, and the one check that every route declares its scope for."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.api import pacing
from apps.api.callers import Caller, address_of
from apps.core.pacing import seconds_left
from apps.people import issuing
from apps.people.authority import Authority
from apps.people.models import User

LONGEST_HEADER = 200


class ByKey(authentication.BaseAuthentication):
    """`Authorization: Bearer rcd_…`."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        kind, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer":
            raise exceptions.AuthenticationFailed(_("Send an API key: “Authorization: Bearer rcd_…”."))
        try:
            authority = issuing.recognise(token.strip()[:LONGEST_HEADER], address=address_of(request))
        except issuing.BadKeyError as error:
            if pacing.has_guessed(address_of(request)):
                raise exceptions.Throttled(wait=seconds_left()) from error
            raise exceptions.AuthenticationFailed(str(error)) from error
        return authority.user, Caller(authority)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="recado"'


class BySession(authentication.SessionAuthentication):
    """A person who is signed in to the desk; every change needs the page's CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        found = super().authenticate(request)
        if found is None or not isinstance(found[0], User):
            return None
        return found[0], Caller(Authority(found[0]))


class HasScope(BasePermission):
    """A key opens what it was made for. A view without a declared scope opens for nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = request.auth
        if not isinstance(caller, Caller):
            raise exceptions.NotAuthenticated(_("Sign in, or send an API key: “Authorization: Bearer rcd_…”."))
        if request.method not in {"HEAD", "OPTIONS"} and not hasattr(view, str(request.method).lower()):
            return True  # nothing there to open: answered as 405
        scope = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        if request.method == "OPTIONS":
            return True
        if scope is None or not caller.has_scope(scope):
            raise exceptions.PermissionDenied(
                _("This key was not made for this: it lacks the scope “%(scope)s”.") % {"scope": scope}
            )
        return True
