"""The way out: one row per outgoing message. The row is the truth; the broker only nudges."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Contact
from apps.core import clock
from apps.core.masking import masked
from apps.people.models import Employee
from apps.providers.kinds import Klass, Lane
from apps.providers.models import Number


class OutboundMessage(models.Model):
    """The only row of an outgoing message: what to say, how it was said, and what became of it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        HELD = "held", _("held")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        READ = "read", _("read")
        UNSURE = "unsure", _("unsure")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")
        CANCELLED = "cancelled", _("cancelled")

    class How(models.TextChoices):
        UNPLANNED = "", _("not planned yet")
        FREE = "free", _("free text")
        TEMPLATE = "template", _("template")

    # No `unique` and `db_index` on texts, and none on the two keys: PostgreSQL would get a second index for LIKE of each,
    # and every move of a row writes to all of them.
    key = models.CharField(_("key"), max_length=200, help_text=_("The same key is the same message."))
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="outbound", db_index=False,
                                verbose_name=_("to"))  # fmt: skip
    number = models.ForeignKey(Number, on_delete=models.PROTECT, related_name="outbound", db_index=False,
                               verbose_name=_("from"))  # fmt: skip
    kind = models.CharField(_("kind"), max_length=80)
    klass = models.CharField(_("class"), max_length=20, choices=Klass.choices)
    lane = models.CharField(_("lane"), max_length=12, choices=Lane.choices)
    lane_rank = models.PositiveSmallIntegerField(default=0, help_text=_("Order among lanes; smaller goes first."))
    language = models.CharField(_("language"), max_length=10)
    data = models.JSONField(_("values"), default=dict, blank=True)
    content = models.JSONField(_("content"), default=dict, blank=True,
                               help_text=_("As providers.types.to_json gives it: what is, or will be, sent."))  # fmt: skip
    given = models.JSONField(_("given content"), default=dict, blank=True,
                             help_text=_("A ready prompt or file, for an open window only; empty: our wording is used."))  # fmt: skip
    text = models.TextField(_("text"), blank=True, help_text=_("What the person reads."))
    how = models.CharField(_("how"), max_length=12, choices=How.choices, blank=True, default=How.UNPLANNED)
    subject_type = models.CharField(_("about"), max_length=80, blank=True)
    subject_id = models.CharField(_("number"), max_length=64, blank=True)
    in_reply_to = models.CharField(_("quotes"), max_length=255, blank=True, help_text=_("wamid"))
    campaign = models.CharField(
        _("campaign"), max_length=64, blank=True, default="",
        help_text=_("Messages of one campaign take turns with those of the others."),
    )  # fmt: skip
    opens = models.BooleanField(
        _("starts a conversation"), default=False,
        help_text=_("Goes outside the 24 hours, so it counts against the portfolio's people per day."),
    )  # fmt: skip
    is_reply = models.BooleanField(_("caused by the person's own message"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    held_reason = models.CharField(_("why it waits"), max_length=80, blank=True)
    not_before = models.DateTimeField(_("not before"), default=clock.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    lease_token = models.CharField(max_length=40, blank=True)
    remote_id = models.CharField(_("wamid"), max_length=255, blank=True)
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    error_text = models.TextField(_("what went wrong"), blank=True)
    is_resend = models.BooleanField(_("sent again while unsure"), default=False)
    window_refused_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the carrier said that the window is closed, whatever we counted.")
    )
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("written"), default=clock.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["key"], name="outbox_key_once")]
        # Ready is what is queued without a reason: only that is claimed, so the cost of a claim does not grow with what
        # waits, and what is sent is in none of the conditional ones.
        indexes = [
            models.Index(fields=["number", "lane_rank", "campaign", "id"], name="outbox_ready",
                         condition=models.Q(state="queued", held_reason="")),
            models.Index(fields=["not_before"], name="outbox_parked",
                         condition=models.Q(state="queued") & ~models.Q(held_reason="")),
            models.Index(fields=["not_before"], condition=models.Q(state__in=["held", "unsure"]), name="outbox_waiting"),
            models.Index(fields=["contact", "lane_rank", "id"], condition=models.Q(state="queued"), name="outbox_turns"),
            models.Index(fields=["contact", "lane_rank", "id"], name="outbox_behind",
                         condition=models.Q(state="queued", held_reason="turn")),
            models.Index(fields=["contact", "lease_until"], condition=models.Q(state="sending"), name="outbox_flying"),
            models.Index(fields=["number", "sent_at"], condition=models.Q(opens=True), name="outbox_opened"),
            models.Index(fields=["contact", "-id"], name="outbox_by_contact"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="outbox_by_subject"),
            models.Index(fields=["remote_id"], condition=~models.Q(remote_id=""), name="outbox_by_wamid"),
            models.Index(fields=["id"], condition=models.Q(state="failed"), name="outbox_failed"),
        ]  # fmt: skip
        permissions = [("operate_outboundmessage", "Can retry, cancel and release outgoing messages")]

    def __str__(self) -> str:
        return f"{self.kind} → {self.contact}"

    @property
    def shown_text(self) -> str:
        """What the person reads, for every screen: the whole text, without what in an address would speak for them.

        Cut it short afterwards, never before: the beginning of an address is not known as one.
        """
        return masked(self.text or str(self.data.get("text", "")))


class Attempt(models.Model):
    """One try at sending: when, how it ended, in the carrier's own code and words (no message text, no secret)."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        RETRY = "retry", _("try again later")
        SLOW = "slow", _("slow down")
        SLOW_PERSON = "slow_person", _("slow down for this person")
        WINDOW = "window", _("window closed")
        HOLD = "hold", _("hold")
        RECIPIENT = "recipient", _("person cannot be reached")
        MESSAGE = "message", _("message refused")
        ACCOUNT = "account", _("account broken")
        UNSURE = "unsure", _("no answer came")

    message = models.ForeignKey(
        OutboundMessage, on_delete=models.CASCADE, related_name="tries", verbose_name=_("message")
    )
    at = models.DateTimeField(_("when"), default=clock.now)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    remote_id = models.CharField(_("wamid"), max_length=255, blank=True)
    code = models.CharField(_("code"), max_length=40, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    seconds = models.FloatField(_("seconds"), default=0)

    class Meta:
        verbose_name = _("try")
        verbose_name_plural = _("tries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["remote_id"], name="outbox_try_by_wamid")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.outcome}"


class EarlyStatus(models.Model):
    """A status that came before the answer that names its message: it waits here for it."""

    number = models.ForeignKey(Number, on_delete=models.CASCADE, related_name="+", verbose_name=_("number"))
    remote_id = models.CharField(_("wamid"), max_length=255, db_index=True)
    status = models.CharField(_("status"), max_length=20)
    at = models.DateTimeField(_("when"))
    error_code = models.CharField(max_length=40, blank=True)
    error_text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("early status")
        verbose_name_plural = _("early statuses")
        constraints = [models.UniqueConstraint(fields=["remote_id", "status"], name="outbox_early_status_once")]

    def __str__(self) -> str:
        return f"{self.remote_id} {self.status}"


class Button(models.Model):
    """What one tap may do: bound to a target, a subject at one version, a person, a deadline, and used once."""

    class Face(models.TextChoices):
        CHAT = "chat", _("WhatsApp")
        WEB = "web", _("web link")

    action = models.CharField(_("button"), max_length=40, blank=True, help_text=_("Names its title in the wording."))
    title = models.CharField(_("own title"), max_length=40, blank=True)
    target = models.CharField(_("what it does"), max_length=80, help_text=_("A target's name, like incidents.take."))
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    subject_version = models.PositiveIntegerField(_("version seen"), default=0)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="buttons",
                                verbose_name=_("for whom"))  # fmt: skip
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, null=True, blank=True, related_name="+",
                                 verbose_name=_("employee at that time"))  # fmt: skip
    message = models.ForeignKey(OutboundMessage, on_delete=models.CASCADE, null=True, blank=True, related_name="minted_buttons",
                                verbose_name=_("message"))  # fmt: skip
    data = models.JSONField(default=dict, blank=True)
    nonce = models.CharField(max_length=32)
    face = models.CharField(max_length=8, choices=Face.choices, default=Face.CHAT)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("button")
        verbose_name_plural = _("buttons")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(face="chat", contact__isnull=False) | models.Q(face="web", employee__isnull=False),
                name="outbox_button_is_somebodys",
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.subject_type} {self.subject_id}"
