"""Every address of the house in one place."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal.demo import codes

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/", permanent=False)),
    path("admin/", include("apps.console.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.people.signin.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/", include("apps.api.urls")),
    path("scim/v2/", include("apps.api.scim.urls")),
    path("f/", include("apps.web.urls")),
    path("hooks/", include("apps.inbox.urls")),
    path("", include("apps.health.urls")),
]

if settings.SANDBOX:  # demo sign-ins have fixed secrets; the page answers this machine only
    urlpatterns.append(path("demo/codes/", codes.show, name="demo_codes"))
