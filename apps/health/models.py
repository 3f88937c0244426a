"""The house's pulse: the only thing that health keeps itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Pulse(models.Model):
    """When something last proved that it lives. Real time: a demo's clock may be wound on, a heart may not."""

    name = models.CharField(_("what"), max_length=40, primary_key=True)
    at = models.DateTimeField(_("last beat, real time"))

    class Meta:
        verbose_name = _("pulse")
        verbose_name_plural = _("health")

    def __str__(self) -> str:
        return self.name
