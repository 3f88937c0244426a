from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "apps.people"
    verbose_name = _("People")

    def ready(self) -> None:
        from apps.people.roles import create_roles  # models cannot be imported before the apps are ready
        from apps.people.signin import checks, recording  # noqa: F401 - they register themselves

        post_migrate.connect(create_roles, sender=self, dispatch_uid="people.roles")
