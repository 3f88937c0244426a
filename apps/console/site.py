"""The desk: the admin site with Recado's own home."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.console import badges, finding, home
from apps.journal.searching import cleaned


class RecadoAdminSite(UnfoldAdminSite):
    """Navigation by what people do (`navigation.py`), a home that says what needs a human now (`home/`)."""

    index_template = "console/home.html"
    index_title = _("Home")
    site_url = None  # there is no public site to go back to

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = home.context(request)
        badges.forget(request)  # what the page counts and what the sidebar counts must agree
        return super().index(request, {**(extra_context or {}), **context})

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Search over everything, in place of the theme's own. `find.js` asks for the list alone; else it is a page."""
        typed = request.GET.get("q", "")
        context: dict[str, Any] = {"typed": typed, "kinds": finding.find(request, typed), "fewest": finding.FEWEST,
                                   "is_short": len(cleaned(typed)) < finding.FEWEST}  # fmt: skip
        context["is_list"] = "list" in request.GET
        context["count"] = sum(len(kind.hits) for kind in context["kinds"])
        if context["is_list"]:
            return TemplateResponse(request, "console/found.html", context, headers={"Cache-Control": "no-store"})
        context = {**self.each_context(request), **context, "title": _("Search"), **(extra_context or {})}
        return TemplateResponse(request, "console/search.html", context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one way in, under /accounts/, with its locks and its second factor."""
        if request.user.is_authenticated:
            if not self.has_permission(request):
                raise PermissionDenied
            return HttpResponseRedirect(get_next_redirect_url(request) or reverse("admin:index"))
        wanted = request.POST.get("next") or request.GET.get("next") or reverse("admin:index")
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(reverse("account_logout"))
        get_adapter(request).logout(request)
        return HttpResponseRedirect(reverse("account_login"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))
