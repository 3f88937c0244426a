"""One schema per form, validated once, whatever face it wears."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.people.models import Employee


class Form(models.Model):
    """Questions an admin edits. Runs keep a frozen version; editing changes only what starts later."""

    key = models.SlugField(
        _("key"),
        max_length=60,
        unique=True,
        help_text=_("A short name that stays, like expense. Letters, digits, hyphens and underscores."),
    )
    name = models.JSONField(_("name"), default=dict, help_text=_("By language."))

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class Field(models.Model):
    """One question."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        MONEY = "money", _("amount of money")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")
        YESNO = "yesno", _("yes or no")
        PHOTO = "photo", _("photos")
        DOCUMENT = "document", _("document")
        LOCATION = "location", _("location")

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="fields", verbose_name=_("form"))
    order = models.PositiveIntegerField(
        _("order"),
        default=0,
        help_text=_("Smaller is asked first."),
    )
    key = models.SlugField(
        _("key"),
        max_length=40,
        help_text=_("A short name for conditions and exports, like amount. It stays when the question changes."),
    )
    kind = models.CharField(
        _("type"),
        max_length=12,
        choices=Kind.choices,
        help_text=_("What may be answered: other answers are refused with a hint."),
    )
    question = models.JSONField(_("question"), default=dict, help_text=_("By language."))
    is_required = models.BooleanField(
        _("required"),
        default=True,
        help_text=_("Without the tick people may skip the question."),
    )
    is_sensitive = models.BooleanField(_("sensitive"), default=False,
                                       help_text=_("Never asked in the chat nor shown in a message; masked in exports."))  # fmt: skip
    limits = models.JSONField(_("limits"), default=dict, blank=True,
                              help_text=_("max_length, min, max, currency, max_files, as the type needs."))  # fmt: skip
    choices = models.JSONField(
        _("choices"), default=list, blank=True, help_text=_('List of {"key": …, "label": {language: text}}.')
    )
    condition = models.JSONField(_("asked only if"), default=dict, blank=True,
                                 help_text=_("{\"field\": key, \"op\": \"eq|ne|gt|gte|lt|lte\", \"value\": …}; empty: always."))  # fmt: skip

    class Meta:
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        ordering = ["form", "order", "id"]
        constraints = [models.UniqueConstraint(fields=["form", "key"], name="forms_one_field_per_key")]

    def __str__(self) -> str:
        return self.key


class FormVersion(models.Model):
    """A frozen schema, shared by all submissions made while it stood."""

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="versions", verbose_name=_("form"))
    number = models.PositiveIntegerField(_("version"))
    digest = models.CharField(max_length=64)
    schema = models.JSONField(_("schema"))
    created_at = models.DateTimeField(_("created"), default=clock.now)

    class Meta:
        verbose_name = _("form version")
        verbose_name_plural = _("form versions")
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="forms_one_version")]

    def __str__(self) -> str:
        return f"{self.form} v{self.number}"


class Submission(models.Model):
    """Answers to one version. Requests and tickets point here."""

    version = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("form version")
    )
    by = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("by"))
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("filed on their behalf by"),
    )  # fmt: skip
    answers = models.JSONField(_("answers"), default=dict)
    created_at = models.DateTimeField(_("sent in"), default=clock.now)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version} #{self.pk}"
