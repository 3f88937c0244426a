"""Forms of allauth's pages, where the house is stricter or quieter."""

import hashlib
from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.webauthn import forms as webauthn
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.tasks import nudge
from apps.people import tasks

CODE_LIVES = 120  # seconds: with a minute's tolerance a code is good for 90


class _OncePerCode:
    """A one-time code is good once. allauth forgets it after 30 seconds, which is less than the code lives."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        digest = hashlib.sha256(f"{self.user.pk}:{''.join(code.split())}".encode()).hexdigest()[:32]
        if self.authenticator.type == "totp" and not cache.add(f"signin:code:{digest}", 1, CODE_LIVES):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_OncePerCode, mfa.AuthenticateForm):
    pass


class ReauthenticateForm(_OncePerCode, mfa.ReauthenticateForm):
    pass


NONSENSE = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What the library runs into when a browser's answer is JSON but not a passkey's."""


class _Sane:
    """A forged answer of a browser is a wrong one, not a broken page."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except NONSENSE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class AuthenticateWebAuthnForm(_Sane, webauthn.AuthenticateWebAuthnForm):
    pass


class LoginWebAuthnForm(_Sane, webauthn.LoginWebAuthnForm):
    pass


class ReauthenticateWebAuthnForm(_Sane, webauthn.ReauthenticateWebAuthnForm):
    pass


class EditWebAuthnForm(webauthn.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What it is called")


class AddWebAuthnForm(webauthn.AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What it is called")
        alone = self.fields["passwordless"]
        alone.initial, alone.label = True, _("It signs me in by itself, without name and password")
        alone.help_text = _("It asks for your finger, face or PIN. Untick this for an old key that has none of these.")

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean())
        except NONSENSE as error:
            raise get_adapter().validation_error("incorrect_code") from error


class ResetPasswordForm(account.ResetPasswordForm):
    """Whoever asks gets the same answer after the same work: the look-up and the mail are a worker's."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email = str(self.cleaned_data["email"])
        if settings.EMAIL_IS_SET_UP:
            nudge(tasks.send_password_mail, email=email)
        return email
