"""What allauth asks the house: who may come in, what is written down, how secrets are kept."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from qrcode import QRCode
from qrcode.image.svg import SvgPathImage

from apps.core import encryption
from apps.people.models import User
from apps.people.signin import factors, lockout, policy, recording, sessions

FRESH_SECONDS = 300


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up; wrong passwords wait; what happened is in the journal."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy("That name and that password do not belong together. Try again."),
        "too_many_login_attempts": gettext_lazy("Too many wrong codes. Nothing is lost: wait ten minutes, then try again."),
    }  # fmt: skip

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["apps.people.signin.stages.AuthenticateStage"]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        until = lockout.begin(str(credentials.get("username", "")), self.get_client_ip(request))
        if until is not None:
            raise ValidationError(
                _("Too many wrong passwords. For %(name)s this place is closed until %(time)s; then try again, or ask an "
                  "operator for help.")
                % {"name": str(credentials.get("username", ""))[:60],
                   "time": formats.time_format(timezone.localtime(until), "H:i:s e")},
                code="too_many_login_attempts",
            )  # fmt: skip

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """A locked sign-in gets the answer of a wrong password: who left is nobody's business."""
        user = super().authenticate(request, **credentials)
        name, ip = str(credentials.get("username", "")), self.get_client_ip(request)
        if user is None:
            return None
        if not user.is_active or not _may_use_password(user):
            self.authentication_failed(request, **credentials)
            return None
        lockout.succeeded(name, ip)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        name, ip = str(credentials.get("username", "")), self.get_client_ip(request)
        recording.sign_in_failed(name=name, ip=ip, is_locked=lockout.failed(name, ip))

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if isinstance(user, User):
            recording.signed_out(user)
            sessions.forget(request)
        super().logout(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has just signed in and has no factor yet sets up the first one without typing the password again."""
        user = self.request.user if self.request else AnonymousUser()
        if self.request and isinstance(user, User) and not factors.has_factor(user):
            latest = max((record["at"] for record in get_authentication_records(self.request, user)), default=0.0)
            if sessions.now().timestamp() - latest < FRESH_SECONDS:
                return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


def _may_use_password(user: User) -> bool:
    """With OIDC_REQUIRED only administrators may, so that a provider that is away does not lock everybody out."""
    return not settings.OIDC["is_required"] or user.is_superuser


class MFAAdapter(DefaultMFAAdapter):
    """Secrets of factors are encrypted like every other secret of the house."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": gettext_lazy(
            "Your role needs a second factor, and this is your last one. Add another one first, then remove this one."
        ),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = authenticator.user
        return not (factors.needs_factor(user) and policy.would_be_last(factors.types_of(user), authenticator.type))

    def build_totp_svg(self, url: str) -> str:
        """A picture to stand in the page itself: no prolog, no foreign address, scales with its box."""
        code = QRCode(border=2)
        code.add_data(url)
        code.make(fit=True)
        return str(code.make_image(image_factory=SvgPathImage).to_string(encoding="unicode"))

    def _get_site_name(self) -> str:
        return str(settings.COMPANY_NAME)
