"""How the libraries behave in this house: settings that no operator changes. `settings` takes them all in."""

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# --- signing in (allauth) ---------------------------------------------------------------------------------------------
ACCOUNT_ADAPTER = "apps.people.signin.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
# Passwords have a lock of their own (people.signin.lockout); "login_failed" is left for the codes of a second factor.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,5/10m/key", "login": "60/m/ip"}
ACCOUNT_FORMS = {"reset_password": "apps.people.signin.forms.ResetPasswordForm"}
MFA_ADAPTER = "apps.people.signin.adapters.MFAAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses come from HR; nobody signs up
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_FORMS = {
    "authenticate": "apps.people.signin.forms.AuthenticateForm",
    "reauthenticate": "apps.people.signin.forms.ReauthenticateForm",
    "authenticate_webauthn": "apps.people.signin.forms.AuthenticateWebAuthnForm",
    "login_webauthn": "apps.people.signin.forms.LoginWebAuthnForm",
    "reauthenticate_webauthn": "apps.people.signin.forms.ReauthenticateWebAuthnForm",
    "add_webauthn": "apps.people.signin.forms.AddWebAuthnForm",
    "edit_webauthn": "apps.people.signin.forms.EditWebAuthnForm",
}
SOCIALACCOUNT_ADAPTER = "apps.people.signin.social.SocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a class
SOCIALACCOUNT_STORE_TOKENS = False

# --- the API (DRF, drf-spectacular) -----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.api.authentication.ByKey", "apps.api.authentication.BySession"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.pacing.PerCaller"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsing.JSONBody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.api.problems.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Recado",
    "DESCRIPTION": "People and teams, for programs of the company. How to begin: docs/api.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Its deep links are links inside buttons: a keyboard stops twice at each row, and a screen reader loses the name.
    "SWAGGER_UI_SETTINGS": {"deepLinking": False, "persistAuthorization": False},
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.api.describing.tell_the_rest",
    ],
    "ENUM_NAME_OVERRIDES": {"EmployeeState": "apps.people.models.Employee.State"},
}

# --- the desk (Unfold) ------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Recado",
    "SITE_HEADER": "Recado",
    "SITE_SUBHEADER": _("messages that get answered"),
    "SITE_SYMBOL": "forum",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("recado/icon.svg")}],
    "STYLES": [lambda request: static("recado/desk.css"), lambda request: static("console/find.css")],
    "SCRIPTS": [lambda request: static("recado/desk.js"), lambda request: static("console/find.js")],
    # Emerald, a step darker than the theme's own weights: white on 600 and 600 on white both pass WCAG AA (4.5:1).
    "COLORS": {
        "primary": {
            "50": "oklch(97.9% .021 166.113)",
            "100": "oklch(95% .052 163.051)",
            "200": "oklch(90.5% .093 164.15)",
            "300": "oklch(84.5% .143 164.978)",
            "400": "oklch(76.5% .177 163.223)",
            "500": "oklch(69.6% .17 162.48)",
            "600": "oklch(50.8% .118 165.612)",
            "700": "oklch(43.2% .095 166.913)",
            "800": "oklch(37.8% .077 168.94)",
            "900": "oklch(32% .065 169)",
            "950": "oklch(26.2% .051 172.552)",
        },
    },
    "ACCOUNT": {"navigation": [{"title": _("Your sign-in"), "link": "/accounts/"}]},
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "apps.console.navigation.sidebar",
    },
}
