"""Durable due moments: a row, never a long countdown in the broker."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock


class Timer(models.Model):
    """One thing that must happen at a moment. `key` is the setter's: setting it again moves the timer."""

    class State(models.TextChoices):
        SET = "set", _("set")
        FIRED = "fired", _("fired")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")

    handler = models.CharField(_("what happens"), max_length=120)
    key = models.CharField(_("key"), max_length=200)
    due_at = models.DateTimeField(_("due"))
    data = models.JSONField(_("data"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.SET)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("set at"), default=clock.now)
    fired_at = models.DateTimeField(_("fired at"), null=True, blank=True)

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["handler", "key"], condition=models.Q(state="set"), name="timers_one_set_per_key"
            )
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="set"), name="timers_due")]

    def __str__(self) -> str:
        return f"{self.handler} {self.key}"
