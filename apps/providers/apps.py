from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "apps.providers"
    verbose_name = _("Channels and templates")

    def ready(self) -> None:
        from apps.providers import checks  # noqa: F401 - registers the checks; needs the apps to be ready
        from apps.providers.services import sync_after_migrate  # models cannot be imported before the apps are ready

        post_migrate.connect(sync_after_migrate, sender=self, dispatch_uid="providers.kinds")
