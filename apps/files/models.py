"""Bytes that somebody sent or made. Serves nothing by itself: console, web or api ask the owner's app first."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock


class Doubt(models.TextChoices):
    """Why a file is kept but not shown inside a page. `showing.SENTENCES` says each in words."""

    NONE = "", _("none")
    PROGRAM = "program", _("a program")
    MACROS = "macros", _("carries macros")
    ACTIVE = "active", _("a page that can run")
    DISGUISED = "disguised", _("not what it says it is")
    DAMAGED = "damaged", _("not what WhatsApp announced")
    PIXELS = "pixels", _("too many pixels")
    BROKEN = "broken", _("a broken picture")
    SEALED = "sealed", _("cannot be looked into")


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
    doubt = models.CharField(_("doubt"), max_length=12, choices=Doubt.choices, blank=True, default=Doubt.NONE)
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


class Thumbnail(models.Model):
    """A small copy of a picture, without what the camera wrote into it. Derived: it can be thrown away and made again."""

    source = models.CharField(_("sha256 of the picture"), max_length=64, unique=True)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(_("type"), max_length=100)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    created_at = models.DateTimeField(_("made at"), default=clock.now)

    class Meta:
        verbose_name = _("thumbnail")
        verbose_name_plural = _("thumbnails")

    def __str__(self) -> str:
        return f"{self.width} x {self.height} {self.source[:8]}"


class RemoteCopy(models.Model):
    """The id under which somebody else keeps a copy of these bytes, so that they need not travel again."""

    sha256 = models.CharField(max_length=64)
    place = models.CharField(_("where"), max_length=120, help_text=_("carrier:number"))
    remote_id = models.CharField(_("id there"), max_length=255)
    expires_at = models.DateTimeField(_("kept until"))

    class Meta:
        verbose_name = _("copy elsewhere")
        verbose_name_plural = _("copies elsewhere")
        constraints = [models.UniqueConstraint(fields=["sha256", "place"], name="files_one_copy_per_place")]

    def __str__(self) -> str:
        return f"{self.place} {self.remote_id}"
