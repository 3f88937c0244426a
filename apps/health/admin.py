"""The operator's page: one row of the sidebar, one screen, every line of every room."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.core.findings import worst
from apps.health import page
from apps.health.models import Pulse
from apps.journal.capture import ReadOnlyAdmin, acting
from apps.providers import checkup
from apps.providers.models import Account
from apps.providers.policy import OPERATE


@admin.register(Pulse)
class HealthAdmin(ReadOnlyAdmin):
    """Whoever may view pulses sees how the house is; whoever may operate accounts may ask WhatsApp too."""

    empty_says = _("Here stands whether everything runs, and what to do where it does not.")

    def get_urls(self) -> list[URLPattern]:
        ask = self.admin_site.admin_view(self.check_accounts)
        return [path("check-accounts/", ask, name="health_check_accounts"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        lines = page.look()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Health"),
            "sections": page.sections(lines),
            "worst": str(worst(lines)),
            "gauges": page.gauges(),
            "at": clock.now(),
            "may_ask": request.user.has_perm(OPERATE),
        }
        return TemplateResponse(request, "health/page.html", context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """There is nothing to see behind a heartbeat."""
        return HttpResponseRedirect(reverse("admin:health_pulse_changelist"))

    def check_accounts(self, request: HttpRequest) -> HttpResponse:
        """POST: run every account's checklist now."""
        if not request.user.has_perm(OPERATE):
            raise PermissionDenied
        if request.method == "POST":
            accounts = list(Account.objects.order_by("name"))
            for account in accounts:
                checkup.run(account=account, by=acting(request))
            told = ngettext("%(count)s account was checked.", "%(count)s accounts were checked.", len(accounts))
            messages.success(request, told % {"count": len(accounts)})
        return HttpResponseRedirect(reverse("admin:health_pulse_changelist"))
