"""The desk: the admin site with Recado's own home."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.console import home


class RecadoAdminSite(UnfoldAdminSite):
    """Navigation by what people do (`navigation.py`), a home that says what needs a human now (`home.py`)."""

    index_template = "console/home.html"
    index_title = _("Home")
    site_url = None  # there is no public site to go back to

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**(extra_context or {}), "cards": home.cards(request)})
