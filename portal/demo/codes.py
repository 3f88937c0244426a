"""The codes that the demo's authenticator apps show now: for people without the app, and for the tour."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.checks import is_loopback
from portal.demo import company

STEP = 30
"""Seconds that a code is shown. Real time: winding the demo's clock changes no code."""


def code(secret: str, *, steps: int = 0) -> str:
    """The six digits of now, or of `steps` half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP + steps))


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Only for the demo's own sign-ins, only with SANDBOX=1, only to this machine; 404 for everybody else."""
    host = request.get_host().rsplit(":", 1)[0]
    if not settings.SANDBOX or not is_loopback(host) or not is_loopback(request.META.get("REMOTE_ADDR", "")):
        raise Http404
    with_app = set(Authenticator.objects.filter(type="totp").values_list("user__username", flat=True))
    rows = [(login, code(login.secret)) for login in company.LOGINS if login.username in with_app]
    left = STEP - int(time.time()) % STEP
    return render(request, "signin/demo_codes.html", {"rows": rows, "left": left})
