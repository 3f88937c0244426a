"""The step between password and desk."""

from allauth.mfa.stages import AuthenticateStage as AllauthStage
from django.conf import settings
from django.http import HttpRequest

from apps.people.signin import factors


class AuthenticateStage(AllauthStage):
    """Asks for a factor whoever has one, but for people whose identity provider has asked already (and is trusted to)."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if settings.OIDC["is_second_factor"] and request.session.get(factors.TRUSTED):
            return False
        return bool(super()._should_handle(request))
