"""The way to WhatsApp: whose number, which credentials, what wording is approved."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.encryption import EncryptedTextField


def new_hook_key() -> str:
    return secrets.token_urlsafe(12)


class Portfolio(models.Model):
    """Meta's business portfolio: the messaging tier and business-scoped user ids belong to it."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    remote_id = models.CharField(_("portfolio id"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("portfolio")
        verbose_name_plural = _("portfolios")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """One way in and out at a carrier: credentials, the key of its webhook address, templates."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused by an operator")
        BROKEN = "broken", _("stopped: needs mending")

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("portfolio")
    )
    kind = models.CharField(_("carrier"), max_length=30, default="meta_cloud")
    name = models.CharField(_("name"), max_length=120, unique=True)
    hook_key = models.CharField(_("webhook key"), max_length=40, unique=True, default=new_hook_key,
                                help_text=_("Last part of the webhook address."))  # fmt: skip
    remote_id = models.CharField(_("WhatsApp business account id (WABA)"), max_length=64, blank=True)
    base_url = models.URLField(_("API address"), default="https://graph.facebook.com/v23.0",
                               help_text=_("Change it only for the sandbox or a gateway."))  # fmt: skip
    access_token = EncryptedTextField(_("access token"), blank=True)
    app_secret = EncryptedTextField(_("app secret"), blank=True, help_text=_("Signs every webhook."))
    previous_app_secret = EncryptedTextField(
        _("previous app secret"), blank=True, help_text=_("Still accepted while you rotate; empty it afterwards.")
    )
    verify_token = EncryptedTextField(
        _("verify token"), blank=True, help_text=_("Asked for when Meta tests the address.")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    state_reason = models.TextField(_("why"), blank=True)
    state_changed_at = models.DateTimeField(_("since"), default=clock.now)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name"]
        permissions = [("operate_account", "Can pause and resume accounts")]

    def __str__(self) -> str:
        return self.name


class Number(models.Model):
    """A business phone number: throughput and quality belong to it, and so does the 24-hour window."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="numbers", verbose_name=_("account"))
    remote_id = models.CharField(_("phone number id"), max_length=64, unique=True)
    phone = models.CharField(_("phone number"), max_length=20)
    label = models.CharField(_("label"), max_length=80, blank=True)
    is_default = models.BooleanField(_("default for sending"), default=False)
    quality = models.CharField(_("quality"), max_length=12, blank=True)
    slow_until = models.DateTimeField(_("slowed down until"), null=True, blank=True)

    class Meta:
        verbose_name = _("number")
        verbose_name_plural = _("numbers")
        ordering = ["phone"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=models.Q(is_default=True),
                                    name="providers_one_default_number"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label or self.phone


class MessageTemplate(models.Model):
    """What the product says for one Kind. Free text and approved templates render the same translations."""

    kind = models.CharField(_("kind of message"), max_length=80, unique=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.kind


class Translation(models.Model):
    """One language of a template: body with {{names}}, and the titles of its buttons by action."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="translations",
                                 verbose_name=_("template"))  # fmt: skip
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    body = models.TextField(_("text"), help_text=_("Names in double braces, like {{ticket}}, are filled in when sent."))
    buttons = models.JSONField(_("button titles"), default=dict, blank=True,
                               help_text=_("Action and title, like {\"approve\": \"Approve\"}; at most 20 characters each."))  # fmt: skip
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        ordering = ["template", "language"]
        constraints = [models.UniqueConstraint(fields=["template", "language"], name="providers_one_translation")]

    def __str__(self) -> str:
        return f"{self.template} ({self.language})"


class Approval(models.Model):
    """What a carrier says of one translation: only an approved one may open a conversation."""

    class State(models.TextChoices):
        PENDING = "PENDING", _("in review")
        APPROVED = "APPROVED", _("approved")
        REJECTED = "REJECTED", _("rejected")
        PAUSED = "PAUSED", _("paused")
        DISABLED = "DISABLED", _("disabled")

    translation = models.ForeignKey(Translation, on_delete=models.CASCADE, related_name="approvals",
                                    verbose_name=_("translation"))  # fmt: skip
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("account"))
    remote_id = models.CharField(_("template id"), max_length=64, blank=True)
    name = models.CharField(_("name there"), max_length=512)
    remote_language = models.CharField(_("language there"), max_length=15)
    category = models.CharField(_("category"), max_length=20, default="UTILITY")
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.PENDING)
    reason = models.TextField(_("reason"), blank=True)
    body = models.TextField(_("approved text"), blank=True, help_text=_("As the carrier approved it."))
    parameters = models.JSONField(_("parameters"), default=list, blank=True, help_text=_("Names in order."))
    buttons = models.JSONField(_("buttons"), default=list, blank=True, help_text=_("Actions in order."))
    changed_at = models.DateTimeField(_("since"), default=clock.now)

    class Meta:
        verbose_name = _("approval by a carrier")
        verbose_name_plural = _("approvals by carriers")
        constraints = [models.UniqueConstraint(fields=["translation", "account"], name="providers_one_approval")]

    def __str__(self) -> str:
        return f"{self.name} ({self.remote_language})"
