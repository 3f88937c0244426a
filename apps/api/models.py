"""What the API remembers: answers to repeatable requests, and what identity providers call our people and teams."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.encryption import EncryptedTextField
from apps.people.models import Employee, Team


class Answer(models.Model):
    """One request with an Idempotency-Key: claimed first, answered in the commit of what it did. Kept for a day."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    claim = models.CharField(max_length=32)
    claimed_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    content = EncryptedTextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("answer of the API")
        verbose_name_plural = _("answers of the API")
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="api_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="api_answer_age")]

    def __str__(self) -> str:
        return f"{self.key[:40]}: {self.status}"


class ScimUser(models.Model):
    """An employee as an identity provider knows them.

    `kept` is the document it sent last, and `columns` what that document came to in the employee's row: where the row
    says something else by now, HR changed it, and the row wins.
    """

    employee = models.OneToOneField(Employee, on_delete=models.CASCADE, related_name="scim")
    user_name = models.CharField(_("user name"), max_length=255)
    external_id = models.CharField(_("external id"), max_length=255, blank=True, db_index=True)
    kept = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    deleted_at = models.DateTimeField(_("deleted there"), null=True)

    class Meta:
        verbose_name = _("provisioned person")
        verbose_name_plural = _("provisioned people")
        constraints = [
            models.UniqueConstraint(Lower("user_name"), condition=Q(deleted_at=None), name="api_scim_user_name_once"),
        ]

    def __str__(self) -> str:
        return self.user_name


class ScimGroup(models.Model):
    """A team as an identity provider knows it. Deleted there, it stays here, without members."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="scim")
    external_id = models.CharField(_("external id"), max_length=255, blank=True, db_index=True)
    deleted_at = models.DateTimeField(_("deleted there"), null=True)

    class Meta:
        verbose_name = _("provisioned team")
        verbose_name_plural = _("provisioned teams")

    def __str__(self) -> str:
        return str(self.team)
