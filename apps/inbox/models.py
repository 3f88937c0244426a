"""The one door: what came in, byte for byte, and what each piece of it led to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.providers.models import Account


class Receipt(models.Model):
    """One stored request. The sender may repeat it; the pair (source, key) cannot."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        PARSED = "parsed", _("parsed")
        UNREADABLE = "unreadable", _("unreadable")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="receipts", verbose_name=_("account"))
    key = models.CharField(_("key"), max_length=200)
    body = models.BinaryField(_("body"))
    query = models.TextField(_("query"), blank=True)
    headers = models.JSONField(_("headers"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RECEIVED)
    error = models.TextField(_("error"), blank=True)
    times_received = models.PositiveIntegerField(_("times received"), default=1)
    received_at = models.DateTimeField(_("received at"), default=clock.now)
    emptied_at = models.DateTimeField(
        _("body removed"), null=True, blank=True, help_text=_("When its time was over. It cannot be read again.")
    )

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="inbox_receipt_once")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="received"), name="inbox_unparsed"),
            models.Index(fields=["id"], condition=models.Q(state="unreadable"), name="inbox_unreadable"),
        ]
        permissions = [("replay_receipt", "Can replay receipts and events")]

    def __str__(self) -> str:
        return f"{self.account} {self.received_at:%Y-%m-%d %H:%M:%S}"


class InboundEvent(models.Model):
    """One normalised event: the unit of once, of replay and of poison."""

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        DONE = "done", _("done")
        IGNORED = "ignored", _("known, ignored")
        FAILED = "failed", _("set aside")

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="events", verbose_name=_("receipt"))
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", verbose_name=_("account"))
    key = models.CharField(_("key"), max_length=300, help_text=_("The sender's id of the event, or a digest of it."))
    name = models.CharField(_("event"), max_length=40)
    data = models.JSONField(_("event, normalised"), default=dict)
    person = models.CharField(
        _("person"), max_length=200, blank=True, help_text=_("Events of one person are taken in order.")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    not_before = models.DateTimeField(_("not before"), default=clock.now)
    error = models.TextField(_("error"), blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("received at"), default=clock.now)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("inbound event")
        verbose_name_plural = _("inbound events")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="inbox_event_once")]
        indexes = [
            models.Index(fields=["person", "id"], condition=models.Q(state="pending"), name="inbox_pending"),
            models.Index(fields=["id"], condition=models.Q(state="pending"), name="inbox_due"),
            models.Index(fields=["id"], condition=models.Q(state="failed"), name="inbox_set_aside"),
            models.Index(fields=["person"], condition=models.Q(state="ignored", name__in=["MessageEdited", "MessageRevoked"]),
                         name="inbox_early_changes"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} {self.key[-16:]}"
