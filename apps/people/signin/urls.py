"""Pages of signing in: those we need, by name. There is no sign-up, and no page for e-mail addresses: HR keeps those.

Pages that change a factor run in one transaction, so that the journal's entry stands or falls with the change.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from django.db import transaction
from django.urls import path, re_path
from django.views.generic import RedirectView

from apps.people.signin import oidc, views

_one: Callable[[Any], Any] = transaction.atomic

urlpatterns = [
    path("", views.home, name="signin_home"),
    path("factors/", RedirectView.as_view(pattern_name="signin_home"), name="mfa_index"),
    path("login/", views.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("again/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", _one(views.change_password), name="account_change_password"),
    path("password/forgotten/", _one(views.forgotten), name="account_reset_password"),
    path("password/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        _one(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("password/new/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("code/", mfa.authenticate, name="mfa_authenticate"),
    path("code/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("app/", _one(totp.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", _one(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", _one(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("passkeys/", RedirectView.as_view(pattern_name="signin_home"), name="mfa_list_webauthn"),
    path("passkeys/add/", _one(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/again/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("passkeys/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/<int:pk>/remove/", _one(views.RemovePasskey.as_view()), name="mfa_remove_webauthn"),
    path("passkeys/<int:pk>/name/", _one(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
    path("sessions/", views.where, name="usersessions_list"),
    path("sso/", oidc.login, name="signin_sso"),
    path("sso/callback/", oidc.callback, name="signin_sso_callback"),
    path("sso/stopped/", social.login_cancelled, name="socialaccount_login_cancelled"),
]
