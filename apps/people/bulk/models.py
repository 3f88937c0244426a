"""Work on many rows that somebody ordered: the job, and what became of each row."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock


class BulkJob(models.Model):
    """One deed on many rows. Whoever ordered it is who answers for it, and whose rights count while it runs."""

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")

    deed = models.CharField(_("what"), max_length=80)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RUNNING)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("ordered by")
    )
    language = models.CharField(max_length=10, default="en", help_text="In which the reasons are written.")
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows looked at"), default=0)
    has_more = models.BooleanField(default=False, help_text="More rows were chosen than one job takes.")
    counts = models.JSONField(_("counts"), default=dict, help_text="Rows by outcome.")
    words = models.TextField(_("reason"), blank=True)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Unexpected errors so far.")
    claim = models.CharField(max_length=32, blank=True, help_text="The worker that has it now.")
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("ordered at"), default=clock.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    emptied_at = models.DateTimeField(_("rows removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("piece of work on many rows")
        verbose_name_plural = _("pieces of work on many rows")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.deed} ({self.created_at:%Y-%m-%d %H:%M})"


class BulkRow(models.Model):
    """One row of the work, by its key: its words are read where it lies, by whoever may."""

    class Outcome(models.TextChoices):
        WAITING = "", _("still to come")
        DONE = "done", _("done")
        SKIPPED = "skipped", _("left as it was")

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="rows", verbose_name=_("work"))
    key = models.BigIntegerField(_("row"))
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=Outcome.choices, blank=True, default=Outcome.WAITING
    )
    reason = models.TextField(_("why"), blank=True)
    seen = models.JSONField(null=True, help_text="What of the row must still be so when it is done.")

    class Meta:
        verbose_name = _("row of work on many")
        verbose_name_plural = _("rows of work on many")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="people_bulkrow_once")]
        indexes = [models.Index(fields=["job", "outcome", "id"], name="people_bulkrow_turn")]

    def __str__(self) -> str:
        return f"{self.job_id}:{self.key}"
