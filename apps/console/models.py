"""What the desk keeps of its own: how somebody likes to look at a list."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock

LONGEST_NAME, LONGEST_QUERY = 60, 1000


class SavedView(models.Model):
    """A list as it was searched, filtered and sorted, under a name. It holds no rows: each reader gets their own."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("saved by")
    )
    model = models.CharField(_("list"), max_length=100, help_text=_("Of which table, like incidents.ticket."))
    name = models.CharField(_("name"), max_length=LONGEST_NAME, help_text=_("What stands above the list."))
    query = models.CharField(_("query"), max_length=LONGEST_QUERY, help_text=_("The part of the address behind “?”."))
    is_shared = models.BooleanField(
        _("for everybody"), default=False, help_text=_("Whoever may open the list finds it there, with their own rows.")
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "model", "name"], name="console_view_name_once")]
        indexes = [models.Index(fields=["model"], condition=models.Q(is_shared=True), name="console_shared_views")]
        permissions = [("share_savedview", "Can share saved views with everybody")]

    def __str__(self) -> str:
        return self.name
