"""What is said in a chat, and the one dialogue that may be open in it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.contacts.models import Contact
from apps.core import clock
from apps.providers.models import Number


class Conversation(models.Model):
    """One contact on one of our numbers."""

    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="conversations", verbose_name=_("contact")
    )
    number = models.ForeignKey(Number, on_delete=models.PROTECT, related_name="conversations", verbose_name=_("number"))
    created_at = models.DateTimeField(_("started"), default=clock.now)
    last_inbound_at = models.DateTimeField(_("last message from the person"), null=True, blank=True)
    marked_read_at = models.DateTimeField(
        _("blue ticks up to"), null=True, blank=True, help_text=_("The person sees what came until then as read.")
    )

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-last_inbound_at"]
        constraints = [models.UniqueConstraint(fields=["contact", "number"], name="conversations_one_per_number")]
        permissions = [("reply_in_conversation", "Can answer people from the desk")]

    def __str__(self) -> str:
        return str(self.contact)


class Message(models.Model):
    """One inbound message, as it came; an edit or a deletion is kept beside it and changes no decision."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages", verbose_name=_("conversation")
    )
    remote_id = models.CharField(_("wamid"), max_length=255)
    kind = models.CharField(_("type"), max_length=20)
    text = models.TextField(_("text"), blank=True)
    payload = models.JSONField(_("content"), default=dict, blank=True, help_text=_("Normalised: taps, places, cards."))
    quoted_id = models.CharField(_("quotes"), max_length=255, blank=True)
    is_forwarded = models.BooleanField(_("forwarded"), default=False)
    sent_at = models.DateTimeField(_("sent at"))
    received_at = models.DateTimeField(_("received at"), default=clock.now)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    edited_text = models.TextField(_("text after the edit"), blank=True)
    revoked_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    handled_by = models.CharField(
        _("understood as"), max_length=40, blank=True, help_text=_("The routing step that took it.")
    )

    class Meta:
        verbose_name = _("incoming message")
        verbose_name_plural = _("incoming messages")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["conversation", "remote_id"], name="conversations_message_once")]
        indexes = [models.Index(fields=["remote_id"], name="conversations_by_remote_id")]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id[-12:]}"


class Dialogue(models.Model):
    """A menu or form being walked through. At most one open per conversation; its draft survives a time-out."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused: timed out, draft kept")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="dialogues", verbose_name=_("conversation")
    )
    target = models.CharField(_("leads to"), max_length=80, help_text=_("The target that gets the answers."))
    argument = models.CharField(_("about"), max_length=120, blank=True)
    schema = models.JSONField(_("questions"), default=dict, help_text=_("Frozen when the dialogue started."))
    form_version = models.ForeignKey("forms.FormVersion", on_delete=models.PROTECT, null=True, blank=True,
                                     related_name="dialogues", verbose_name=_("form version"))  # fmt: skip
    step = models.CharField(_("present question"), max_length=40, blank=True)
    answers = models.JSONField(_("draft"), default=dict)
    prompt_key = models.CharField(_("key of the present prompt"), max_length=200, blank=True)
    seen = models.JSONField(
        default=list, blank=True, help_text=_("Ids of the messages it has taken: each moves it once.")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    touched_at = models.DateTimeField(_("last touched"), default=clock.now)
    created_at = models.DateTimeField(_("started"), default=clock.now)

    class Meta:
        verbose_name = _("dialogue")
        verbose_name_plural = _("dialogues")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(state="open"), name="conversations_one_open_dialogue"
            ),
        ]
        permissions = [("operate_dialogue", "Can cancel open dialogues")]

    def __str__(self) -> str:
        return f"{self.target} {self.conversation}"


class MenuItem(models.Model):
    """A row of the menu a person gets on *menu*: an admin edits these."""

    order = models.PositiveIntegerField(
        _("order"),
        default=0,
        help_text=_("Smaller stands higher in the menu."),
    )
    label = models.JSONField(_("label"), default=dict, help_text=_("By language; at most 24 characters each."))
    description = models.JSONField(
        _("second line"), default=dict, blank=True, help_text=_("By language; at most 72 characters each.")
    )
    target = models.CharField(
        _("starts"),
        max_length=80,
        help_text=_("What begins when somebody taps this row."),
    )
    argument = models.CharField(
        _("with"),
        max_length=120,
        blank=True,
        help_text=_("Which one, for example the flow or category that it leads to. Empty: they choose."),
    )
    is_shown = models.BooleanField(
        _("shown"),
        default=True,
        help_text=_("Without the tick the row is kept but nobody sees it."),
    )

    class Meta:
        verbose_name = _("menu row")
        verbose_name_plural = _("menu rows")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.label.get("en") or next(iter(self.label.values()), self.target)
