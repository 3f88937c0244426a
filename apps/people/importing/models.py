"""An import of people: the job, its rows as they came and what would become of them, and which columns mean what."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock


class ImportJob(models.Model):
    """One file of people on its way in. Its rows hold personal data and are removed after `PEOPLE_IMPORT_KEEP_DAYS`."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("columns to be named")
        MAPPED = "mapped", _("being checked")
        PREVIEWED = "previewed", _("to be looked at")
        APPLYING = "applying", _("being applied")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")

    file_name = models.CharField(_("file"), max_length=200)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.UPLOADED)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    language = models.CharField(max_length=10, default="en", help_text="In which the reasons are written.")
    headers = models.JSONField(default=list, help_text="Names of the file's columns, in order.")
    mapping = models.JSONField(default=list, help_text="For each column the field it fills, or an empty text.")
    fingerprint = models.CharField(
        max_length=64, help_text="Digest of the headers: equal files remember their mapping."
    )
    is_clearing = models.BooleanField(_("empty cells empty the field"), default=False)
    creates_missing = models.BooleanField(_("creates missing teams and cost centres"), default=False)
    marks_leavers = models.BooleanField(_("lists everybody"), default=False)
    counts = models.JSONField(_("counts"), default=dict, help_text="Rows per kind, and the staff at that moment.")
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Unexpected errors so far.")
    claim = models.CharField(max_length=32, blank=True, help_text="The worker that has it now.")
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("uploaded at"), default=clock.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    emptied_at = models.DateTimeField(_("rows removed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("import of people")
        verbose_name_plural = _("imports of people")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.created_at:%Y-%m-%d %H:%M})"

    @property
    def is_busy(self) -> bool:
        return self.state in {self.State.MAPPED, self.State.APPLYING}


class ImportRow(models.Model):
    """One row of the file, or one person whom the file leaves out, and what would become or became of it."""

    class Kind(models.TextChoices):
        UNCHECKED = "", _("not checked")
        NEW = "new", _("new")
        CHANGED = "changed", pgettext_lazy("row of a file", "changed")
        BACK = "back", _("back again")
        UNCHANGED = "unchanged", _("unchanged")
        LEAVES = "leaves", _("leaves at once")
        LEAVER = "leaver", _("not in the file")
        BAD = "bad", _("with an error")

    class Outcome(models.TextChoices):
        NONE = "", _("nothing yet")
        APPLIED = "applied", _("applied")
        SET_ASIDE = "set_aside", _("set aside")

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rows", verbose_name=_("import"))
    number = models.PositiveIntegerField(_("row"), help_text="In the file; 0 for a person who is not in it.")
    cells = models.JSONField(default=list, help_text="As they came, one per header.")
    kind = models.CharField(_("what it is"), max_length=12, choices=Kind.choices, blank=True, default=Kind.UNCHECKED)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True, default=Outcome.NONE)
    turn = models.PositiveIntegerField(default=0, help_text="Managers come before those who report to them.")
    person = models.CharField(_("employee number"), max_length=100, blank=True)
    label = models.CharField(_("name"), max_length=200, blank=True)
    changes = models.JSONField(default=dict, help_text="Field to [old, new], as texts of the export.")
    problems = models.JSONField(default=list, help_text="Field, code of the reason and its values, each.")

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        ordering = ["number", "id"]
        indexes = [
            models.Index(fields=["job", "kind"], name="people_importrow_kind"),
            models.Index(fields=["job", "outcome", "turn"], name="people_importrow_turn"),
            models.Index(fields=["person"], name="people_importrow_person"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.person}"


class ColumnMap(models.Model):
    """Which field each header meant the last time a file had exactly these headers."""

    fingerprint = models.CharField(max_length=64, unique=True)
    mapping = models.JSONField(default=list)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("remembered columns")
        verbose_name_plural = _("remembered columns")

    def __str__(self) -> str:
        return self.fingerprint[:8]
