"""Pages of one's own sign-in that allauth has not, or has otherwise. Thin: services and allauth decide."""

from typing import Any

from allauth.account.views import LoginView, PasswordChangeView, PasswordResetView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.people.models import User
from apps.people.signin import factors, oidc, services, sessions


def _person(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required stands before every caller
    return user


def login(request: HttpRequest) -> HttpResponseBase:
    context = {
        "provider_name": (settings.OIDC["name"] or "SSO") if oidc.is_set_up() else "",
        "is_provider_required": settings.OIDC["is_required"],
    }
    return LoginView.as_view(extra_context=context)(request)


def forgotten(request: HttpRequest) -> HttpResponseBase:
    return PasswordResetView.as_view(extra_context={"is_mail_set_up": bool(settings.EMAIL_IS_SET_UP)})(request)


@login_required
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Everything about one's own sign-in on one page."""
    user = _person(request)
    kept = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((one.wrap() for one in kept if one.type == "recovery_codes"), None)
    is_missing = factors.needs_factor(user) and not factors.has_factor(user)
    context = {
        "totp": next((one for one in kept if one.type == "totp"), None),
        "passkeys": [one for one in kept if one.type == "webauthn"],
        "codes_left": len(codes.get_unused_codes()) if codes else None,
        "is_missing": is_missing,
        "is_needed": factors.needs_factor(user),
        "places": len(sessions.places(user, request.session.session_key)),
        "is_linked": SocialAccount.objects.filter(user=user).exists(),
        "provider": settings.OIDC["name"],
    }
    return render(request, "signin/home.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def where(request: HttpRequest) -> HttpResponse:
    """Where am I signed in; a POST ends one other session (`session`) or all others."""
    user = _person(request)
    if request.method == "POST":
        ended = services.end_session(
            user=user, session=request.POST.get("session", ""), keep=request.session.session_key
        )
        messages.success(request, _("Signed out there.") if ended else _("There was nothing left to sign out."))
        return redirect("usersessions_list")
    return render(request, "signin/sessions.html", {"places": sessions.places(user, request.session.session_key)})


@login_required
def change_password(request: HttpRequest) -> HttpResponseBase:
    if not _person(request).has_usable_password():
        messages.info(request, _("Your sign-in has no password: you come in through %(name)s.") % {"name": settings.OIDC["name"] or "SSO"})  # fmt: skip
        return redirect("signin_home")
    return PasswordChangeView.as_view()(request)


class RemovePasskey(RemoveWebAuthnView):
    """allauth asks nobody before the last key goes; our roles do."""

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return HttpResponseRedirect(self.get_success_url())
        return super().form_valid(form)
