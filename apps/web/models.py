"""A link to a page without a login. What it opens, for whom, until when and whether it was used stands in its Button."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock
from apps.forms.models import FormVersion
from apps.outbox.models import Button
from apps.people.letters import Mailed
from apps.people.models import Employee


class LinkQuerySet(models.QuerySet["Link"]):
    def open(self, now: datetime) -> "LinkQuerySet":
        """Addresses that still do something, so that somebody's answer may come. A form that HR fills in itself has none."""
        usable = self.filter(revoked_at=None, button__used_at=None, button__expires_at__gt=now)
        return usable.exclude(why=Link.Why.BEHALF)


class Link(Mailed):
    """One address for one employee. The token is never kept: it is signed anew from the button's row."""

    class Purpose(models.TextChoices):
        FORM = "form", _("fill in a form")
        MINE = "mine", _("my requests")
        DECIDE = "decide", _("decide on a request")

    class Why(models.TextChoices):
        MADE = "made", _("made by HR")
        BEHALF = "behalf", _("HR files for them")
        ASKED = "asked", _("cannot be asked on WhatsApp")
        STEP_UP = "step_up", _("too large for the chat")
        FILED = "filed", _("HR has filed something for them")
        NEWS = "news", _("news that WhatsApp cannot bring")
        AFTER = "after", _("after a form was sent in")

    button = models.OneToOneField(Button, on_delete=models.CASCADE, related_name="link", verbose_name=_("button"))
    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="web_links", verbose_name=_("employee"),
        help_text=_("Whoever holds the address is taken for this person."),
    )  # fmt: skip
    purpose = models.CharField(_("opens"), max_length=8, choices=Purpose.choices)
    why = models.CharField(_("why it was made"), max_length=8, choices=Why.choices, default=Why.MADE)
    title = models.CharField(_("about"), max_length=120, blank=True, help_text=_("The form’s name, or a short code."))
    form_version = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("form version")
    )
    kept = models.JSONField(default=dict, blank=True)  # {field key: [File id]}: uploads outlive an error elsewhere
    result_type = models.CharField(max_length=80, blank=True)
    result_id = models.CharField(max_length=64, blank=True)
    result_code = models.CharField(_("became"), max_length=20, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("made by"),
    )  # fmt: skip
    key = models.CharField(max_length=120, unique=True, null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    created_at = models.DateTimeField(_("made at"), default=clock.now)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("web link")
        verbose_name_plural = _("web links")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("make_link", "Can make web links for employees"),
            ("file_for_others", "Can fill in forms on behalf of employees"),
        ]
        indexes = [
            models.Index(fields=["mail_at"], condition=Q(mail_state__in=["waiting", "sending"]), name="web_mail_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.title}" if self.title else str(self.get_purpose_display())

    @property
    def is_over(self) -> bool:
        """Revoked, or its time is over: the address opens nothing, used or not."""
        return self.revoked_at is not None or self.button.expires_at <= clock.now()

    @property
    def is_used(self) -> bool:
        return self.button.used_at is not None

    @property
    def is_usable(self) -> bool:
        return not self.is_over and not self.is_used

    @property
    def state(self) -> str:
        """open, used, revoked or expired."""
        if self.is_used:
            return "used"
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.is_over else "open"


STATES = {
    "open": pgettext_lazy("web link", "open"), "used": pgettext_lazy("web link", "used"),
    "revoked": pgettext_lazy("web link", "revoked"), "expired": pgettext_lazy("web link", "expired"),
}  # fmt: skip
