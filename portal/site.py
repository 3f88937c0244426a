"""Makes console's site the default one: every app registers on `admin.site`."""

from django.contrib.admin.apps import AdminConfig


class RecadoAdminConfig(AdminConfig):
    default_site = "apps.console.site.RecadoAdminSite"
