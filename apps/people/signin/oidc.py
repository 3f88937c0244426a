"""Single sign-on with one OpenID Connect provider, named by the environment.

allauth speaks the protocol; here it is told to trust less: a nonce, the signature and the issuer are always checked, the
two halves of an answer must name the same person, an e-mail counts only when the provider says plainly that it is
verified, and nothing in our own address may change what we ask the provider.
"""

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess, ProviderException
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

PROVIDER = "company"
"""The provider's id in our addresses and in the rows that link a person to it."""
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sms", "fpt", "face", "iris", "sc", "pop"})
"""Values of `amr` (RFC 8176) that speak of more than a password."""
NONSENSE = (ValueError, KeyError, TypeError, AttributeError)
"""What allauth runs into when an answer is JSON but not the JSON it expects."""
LONGEST_SUBJECT = 191  # what allauth's column holds
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_set_up() -> bool:
    return all(settings.OIDC[name] for name in ("issuer", "client_id", "client_secret"))


def app() -> SocialApp:
    """The provider's registration with us; never a row, so that no table can add a second provider."""
    oidc = settings.OIDC
    return SocialApp(
        provider=OpenIDConnectProvider.id, provider_id=PROVIDER, name=oidc["name"] or "SSO",
        client_id=oidc["client_id"], secret=oidc["client_secret"],
        settings={"server_url": oidc["issuer"], "oauth_pkce_enabled": True},
    )  # fmt: skip


def is_fit(address: str) -> bool:
    """https, or plain http to this very machine (a test, a sidecar)."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _is_word(text: Any) -> bool:
    """A subject that a column can hold: text, neither empty nor endless, without control characters."""
    return isinstance(text, str) and text.isprintable() and 0 < len(text) <= LONGEST_SUBJECT


def asked_for_a_factor(claims: dict[str, Any]) -> bool:
    """Whether the provider says that more than a password was asked for."""
    amr = claims.get("amr")
    return isinstance(amr, list) and bool(SECOND_FACTORS.intersection(str(one) for one in amr))


class StrictAdapter(OpenIDConnectOAuth2Adapter):
    """One conversation with the provider."""

    expected_nonce = ""

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return str(settings.BASE_URL) + reverse("signin_sso_callback")

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document; raises OAuth2Error when it speaks for somebody else or leads off https."""
        config: dict[str, Any] = super().openid_config
        if str(config.get("issuer", "")).rstrip("/") != settings.OIDC["issuer"]:
            raise OAuth2Error("the discovery document names another issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if not is_fit(str(config.get(name, ""))):
                raise OAuth2Error(f"{name} is missing or not https")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        response = kwargs["response"]
        if not isinstance(response, dict) or not response.get("id_token"):
            raise OAuth2Error("no id_token")
        claims = self._decode_id_token(app, str(response["id_token"]))
        userinfo = self._fetch_user_info(token.token)
        if not isinstance(userinfo, dict) or not _is_word(claims.get("sub")) or userinfo.get("sub") != claims["sub"]:
            raise OAuth2Error("userinfo is about somebody else")
        login = self.get_provider().sociallogin_from_response(request, {"userinfo": userinfo, "id_token": claims})
        # Address and its proof from one half; what was asked for only from the half that is signed.
        login.person = userinfo if "email" in userinfo else claims
        login.claims = claims
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        if jwt.get_unverified_header(id_token).get("alg") not in ALGORITHMS:
            raise OAuth2Error("the id_token is signed in a way that anybody could")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token, keys_url=self.openid_config["jwks_uri"], issuer=self.openid_config["issuer"],
            audience=app.client_id, lookup_kid=jwtkit.lookup_kid_jwk,
        )  # fmt: skip
        if "exp" not in claims or "iat" not in claims:
            raise OAuth2Error("an id_token without a time")
        if not self.expected_nonce or not secrets.compare_digest(str(claims.get("nonce", "")), self.expected_nonce):
            raise OAuth2Error("another sign-in's nonce")
        if isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("an id_token for several, and not first of all for us")
        return claims


class StrictProvider(OpenIDConnectProvider):
    oauth2_adapter_class = StrictAdapter

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        return {}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any) -> Any:  # fmt: skip
        """Always to sign in: linking another person's identity from inside is not offered."""
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {"nonce": nonce}
        return super().redirect(request, AuthProcess.LOGIN, next_url=next_url, data=data, nonce=nonce, **kwargs)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is kept of the person besides the subject: nothing."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing for a new person either: nobody is made."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """Matching is `social.match`'s alone."""
        return []


class _Callback(OAuth2CallbackView):
    adapter: StrictAdapter

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.expected_nonce = str((state or {}).get("nonce") or "")
        return state, response


def _guarded(request: HttpRequest, step: Callable[[StrictAdapter], HttpResponse]) -> HttpResponse:
    """A provider that is away, or answers nonsense, gets a page that says so."""
    if not is_set_up():
        raise Http404
    adapter = StrictAdapter(request, PROVIDER)
    try:
        return step(adapter)
    except (OAuth2Error, ProviderException, requests.RequestException, jwt.PyJWTError, *NONSENSE) as error:
        return render_authentication_error(request, adapter.get_provider(), exception=error)


@never_cache
@require_POST
def login(request: HttpRequest) -> HttpResponse:
    """Off to the provider. POST only: another page cannot start a sign-in."""
    return _guarded(request, lambda adapter: adapter.get_provider().redirect_from_request(request))


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    return _guarded(request, lambda adapter: _Callback.adapter_view(adapter)(request))
