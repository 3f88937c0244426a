"""Bytes that somebody sent or made. Serves nothing by itself: console, web or api ask the owner's app first."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock


class File(models.Model):
    """One stored content under one owner. Equal contents share the stored bytes (by sha256), never the row."""

    class Scan(models.TextChoices):
        UNSCANNED = "unscanned", _("not scanned")
        CLEAN = "clean", _("clean")
        INFECTED = "infected", _("infected")

    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    kind = models.CharField(_("type"), max_length=100, help_text=_("By content, not by name."))
    name = models.CharField(_("name"), max_length=200, blank=True)
    scan_state = models.CharField(_("virus scan"), max_length=12, choices=Scan.choices, default=Scan.UNSCANNED)
    retention_class = models.CharField(_("retention class"), max_length=40, default="conversation")
    owner_type = models.CharField(max_length=80, blank=True, help_text="app_label.model")
    owner_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("stored at"), default=clock.now)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["owner_type", "owner_id"], name="files_by_owner")]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.sha256[:8]}"

    @property
    def is_picture(self) -> bool:
        return self.kind in {"image/jpeg", "image/png", "image/webp"}
