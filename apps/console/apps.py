from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from apps.core.wordindex import make_after_migrate


class ConsoleConfig(AppConfig):
    name = "apps.console"
    verbose_name = _("Console")

    def ready(self) -> None:
        post_migrate.connect(make_after_migrate, sender=self, dispatch_uid="console.wordindex")
