"""Keys for programs: each acts for one sign-in, within its scopes, until its last day."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock

PREFIX_LENGTH = 8


class ApiKey(models.Model):
    """The secret itself is nowhere: only its sha256, which is enough since nobody can guess 200 random bits."""

    name = models.CharField(_("name"), max_length=80, help_text=_("Which program uses it, like “Okta” or “Payroll”."))
    prefix = models.CharField(_("begins with"), max_length=PREFIX_LENGTH, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys",
                              verbose_name=_("acts for"))  # fmt: skip
    scopes = models.JSONField(_("may be used to"), default=list)
    networks = models.JSONField(_("only from"), default=list, blank=True)
    created_at = models.DateTimeField(_("made"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("ends"))
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at", "-id"]
        permissions = [("manage_apikey", "Can make, replace and withdraw API keys")]

    def __str__(self) -> str:
        return f"{self.name} (rcd_{self.prefix}…)"

    @property
    def is_alive(self) -> bool:
        """Neither withdrawn nor over; whether its owner still works here is asked at each use."""
        return self.revoked_at is None and self.expires_at > clock.now()
