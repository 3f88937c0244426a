"""What must be mended before people sign in."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from apps.people.roles import ROLES
from apps.people.signin import oidc
from apps.people.signin.policy import SUPERUSER

NEEDED = ("issuer", "client_id", "client_secret")


@register(Tags.security)
def provider_is_whole(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Single sign-on is named whole, or not at all."""
    given = settings.OIDC
    missing = [f"OIDC_{name.upper()}" for name in NEEDED if not given[name]]
    is_wanted = any(given.values())
    found: list[CheckMessage] = []
    if is_wanted and missing:
        found.append(Error(f"Single sign-on is half set up: {', '.join(missing)} is missing.",
                           hint="Set it, or remove every OIDC_ variable.", id="recado.E010"))  # fmt: skip
    elif is_wanted and not oidc.is_fit(given["issuer"]):
        found.append(Error("OIDC_ISSUER is not an https address.", hint="Plain http is taken from this machine only.",
                           id="recado.E011"))  # fmt: skip
    return found


@register(Tags.security)
def roles_are_known(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A misspelt role would need no second factor, and nobody would notice."""
    unknown = sorted(set(settings.SECOND_FACTOR_ROLES) - {SUPERUSER, *ROLES})
    if not unknown:
        return []
    return [checks.Warning(f"SECOND_FACTOR_ROLES names roles that the house does not make: {', '.join(unknown)}.",
                    hint=f"Known: {SUPERUSER}, {', '.join(ROLES)}. A group of your own is fine.", id="recado.W010")]  # fmt: skip


@register(Tags.security, deploy=True)
def privileged_roles_need_a_factor(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    needed = {SUPERUSER, "HR", "Operator", "Auditor"} - set(settings.SECOND_FACTOR_ROLES)
    if not needed:
        return []
    return [checks.Warning(f"These sign in with a password alone: {', '.join(sorted(needed))}.",
                    hint="Add them to SECOND_FACTOR_ROLES, or leave it unset.", id="recado.W011")]  # fmt: skip
