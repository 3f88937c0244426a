"""Whom an identity of the provider is: an open sign-in that we know already, or nobody. Nobody is ever created."""

import functools
import logging
from http import HTTPStatus
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.people.models import User
from apps.people.signin import factors, oidc

log = logging.getLogger(__name__)

UNVERIFIED = _(
    "Your provider does not say that your e-mail address is verified, so it proves nothing here. Ask who runs it."
)
UNKNOWN = _("Nobody here has the e-mail address that your provider gave. Ask an operator to write it on your sign-in.")
SEVERAL = _(
    "More than one sign-in has this e-mail address, so it is not clear who you are. Ask an operator to mend it."
)
ADMINISTRATOR = _(
    "An administrator’s sign-in is not linked by e-mail. Sign in with your password and your second factor."
)
TAKEN = _("This sign-in is linked to another identity of your provider. Ask an operator.")


class SocialAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        return [oidc.app()] if oidc.is_set_up() else []

    def get_provider(self, request: HttpRequest, provider: str, client_id: Any = None) -> oidc.StrictProvider:
        """Raises SocialApp.DoesNotExist for any but ours."""
        if provider not in {oidc.PROVIDER, oidc.StrictProvider.id} or not oidc.is_set_up():
            raise SocialApp.DoesNotExist
        return oidc.StrictProvider(request, app=oidc.app())

    def list_providers(self, request: HttpRequest) -> list[Any]:
        return [oidc.StrictProvider(request, app=one) for one in self.list_apps(request)]

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        return False  # `pre_social_login` matches, and does more than look

    def get_requests_session(self) -> requests.Session:
        """Short, and going nowhere but where the discovery document pointed."""
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        session.request = functools.partial(session.request, timeout=10, allow_redirects=False)  # type: ignore[method-assign]
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Link the identity to whom it is, or end here with a page that says why not."""
        if not sociallogin.is_existing:
            why = link(sociallogin, sociallogin.person)
            if why is not None:
                raise ImmediateHttpResponse(
                    render(request, "socialaccount/no_match.html", {"why": why, "provider": settings.OIDC["name"]},
                           status=HTTPStatus.FORBIDDEN)
                )  # fmt: skip
        request.session.pop(factors.TRUSTED, None)
        if oidc.asked_for_a_factor(sociallogin.claims):
            request.session[factors.TRUSTED] = True

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None,
                                extra_context: Any = None) -> None:  # fmt: skip
        """The log gets the kind of trouble, never what the provider sent."""
        log.warning("single sign-on failed: %s %s", error, exception if exception is None else type(exception).__name__)


def link(sociallogin: SocialLogin, person: dict[str, Any]) -> str | Promise | None:
    """Link to the one open sign-in with this verified address; None when done, else the sentence that says why not."""
    email = person.get("email")
    if person.get("email_verified") is not True or not isinstance(email, str) or not email or not email.isprintable():
        return UNVERIFIED
    found = list(User.objects.filter(email__iexact=email, is_active=True)[:2])
    if not found:
        return UNKNOWN
    if len(found) > 1:
        return SEVERAL
    (user,) = found
    if user.is_superuser:
        return ADMINISTRATOR
    account = sociallogin.account
    try:
        with transaction.atomic():
            if SocialAccount.objects.filter(user=user, provider=account.provider).exists():
                return TAKEN
            account.user = user
            account.save()
    except IntegrityError:  # the same identity came in twice at the same moment
        return TAKEN
    sociallogin.user = user
    return None
