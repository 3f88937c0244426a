"""The append-only spine: Entry and Seal are inserted once and never touched, Body may lose its content lawfully.

The database itself refuses anything else (triggers in migration 0002, on PostgreSQL and SQLite).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock


class Entry(models.Model):
    """One thing that happened, written in the commit it describes."""

    at = models.DateTimeField(_("when"), default=clock.now, editable=False)
    name = models.CharField(_("what"), max_length=80, help_text=_("Noun and past participle, like ticket.resolved."))
    subject_type = models.CharField(_("kind of thing"), max_length=80, blank=True)
    subject_id = models.CharField(_("its number"), max_length=64, blank=True)
    subject_label = models.CharField(_("thing"), max_length=200, blank=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=20)
    actor_id = models.CharField(_("actor's number"), max_length=64, blank=True)
    actor_label = models.CharField(_("who"), max_length=200)
    before = models.JSONField(_("before"), default=dict, blank=True)
    after = models.JSONField(_("after"), default=dict, blank=True)
    correlation_id = models.CharField(_("correlation"), max_length=64, blank=True)
    body_digest = models.CharField(_("digest of the body"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="journal_by_subject"),
            models.Index(fields=["name", "-id"], name="journal_by_name"),
            models.Index(fields=["at"], name="journal_by_moment"),
            models.Index(fields=["actor_kind", "actor_id", "-id"], name="journal_by_actor"),
            models.Index(fields=["subject_label", "-id"], name="journal_by_label"),
            models.Index(
                fields=["correlation_id"], condition=~models.Q(correlation_id=""), name="journal_by_correlation"
            ),
        ]
        permissions = [("export_entry", "Can export and verify the journal")]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_label}".strip()


class Body(models.Model):
    """What must be erasable: free text and personal values of one entry. The entry keeps a salted digest of it."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="body", primary_key=True)
    content = models.TextField(_("content"), null=True)
    salt = models.CharField(max_length=64, null=True)
    erased_by = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="erased_bodies")

    class Meta:
        verbose_name = _("body of an entry")
        verbose_name_plural = _("bodies of entries")

    def __str__(self) -> str:
        return f"{self.entry_id}"


class Seal(models.Model):
    """An entry's place in the one chain: `hash` covers the entry and the seal before it."""

    position = models.BigIntegerField(_("position"), primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="seal")
    hash = models.CharField(max_length=64)
    at = models.DateTimeField(_("sealed"), default=clock.now)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["-position"]

    def __str__(self) -> str:
        return f"{self.position}:{self.hash[:12]}"


class Cursor(models.Model):
    """How far one reaction has read. Not part of the audit trail."""

    reaction = models.CharField(_("reaction"), max_length=120, unique=True)
    position = models.BigIntegerField(_("position"), default=0)
    attempts = models.PositiveIntegerField(_("tries at the next entry"), default=0)
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        ordering = ["reaction"]

    def __str__(self) -> str:
        return self.reaction


class SetAside(models.Model):
    """An entry that a reaction failed on too often: the others go on, this one waits for *Try again*."""

    cursor = models.ForeignKey(Cursor, on_delete=models.CASCADE, related_name="set_aside", verbose_name=_("reaction"))
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+", verbose_name=_("entry"))
    error = models.TextField(_("error"))
    at = models.DateTimeField(_("when"), default=clock.now)
    resolved_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry set aside")
        verbose_name_plural = _("entries set aside")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["cursor", "entry"], name="journal_set_aside_once")]

    def __str__(self) -> str:
        return f"{self.cursor} @ {self.entry_id}"
