"""Reads about second factors: who needs one, who has one, and what this very session has shown."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from apps.people.models import User
from apps.people.signin import policy

TRUSTED = "signin_provider_factor"
"""Session key: the identity provider said that it asked for a second factor itself."""


def needs_factor(user: User) -> bool:
    wanted = settings.SECOND_FACTOR_ROLES
    if not wanted:
        return False
    roles = user.groups.values_list("name", flat=True) if not user.is_superuser else ()
    return policy.needs_factor(roles=roles, is_superuser=user.is_superuser, wanted=wanted)


def types_of(user: User) -> list[str]:
    """One entry per factor: totp, webauthn (any number), recovery_codes."""
    return list(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def has_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=policy.FACTORS).exists()


def shown(request: HttpRequest, user: Any = None) -> str:
    """The factor that this session has shown: totp, webauthn, recovery_codes, provider; "" for none. No query."""
    records = get_authentication_records(request, user or request.user)
    kinds = [str(record.get("type")) for record in records if record.get("method") == "mfa"]
    if kinds:
        return kinds[-1]
    return "provider" if settings.OIDC["is_second_factor"] and request.session.get(TRUSTED) else ""
