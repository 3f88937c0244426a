"""What the pretend WhatsApp remembers. Real WhatsApp would know all this; the product must never read it."""

from django.db import models


class Account(models.Model):
    """A WhatsApp Business Account (WABA) with the app that listens to it."""

    waba_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200, default="", blank=True)
    token = models.CharField(max_length=500)
    app_secret = models.CharField(max_length=200)
    verify_token = models.CharField(max_length=200, default="", blank=True)
    webhook_url = models.CharField(max_length=500, default="", blank=True)
    portfolio_id = models.CharField(max_length=64, default="", blank=True)
    auto_approve = models.BooleanField(default=True)
    is_subscribed = models.BooleanField(default=True)
    people_per_day = models.PositiveIntegerField(
        null=True, help_text="People outside windows per rolling 24 h; null: what the number's messaging_limit says."
    )


class Number(models.Model):
    """A business phone number; people chat with a number, not with an account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="numbers")
    phone_number_id = models.CharField(max_length=64, unique=True)
    display_phone_number = models.CharField(max_length=32)
    verified_name = models.CharField(max_length=200, default="", blank=True)
    quality_rating = models.CharField(max_length=16, default="GREEN")
    messaging_limit = models.CharField(max_length=32, default="TIER_2K")
    throughput = models.PositiveIntegerField(default=80, help_text="Messages per second.")


class Template(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="templates")
    remote_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=32, default="UTILITY")
    status = models.CharField(max_length=32, default="PENDING")
    parameter_format = models.CharField(max_length=16, default="POSITIONAL")
    components = models.JSONField(default=list)
    rejected_reason = models.CharField(max_length=64, default="NONE")
    quality = models.CharField(max_length=16, default="UNKNOWN")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name", "language"], name="one_template_per_language"),
        ]


class Phone(models.Model):
    """A pretend person's handset. `number` is E.164 with the plus sign."""

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    language = models.CharField(max_length=16, default="en")
    country = models.CharField(max_length=2, default="BR")
    bsuid = models.CharField(max_length=140, unique=True)
    hide_number = models.BooleanField(default=False)
    has_whatsapp = models.BooleanField(default=True)


class Chat(models.Model):
    """One person's chat with one business number: the 24-hour window belongs to this pair."""

    phone = models.ForeignKey(Phone, on_delete=models.CASCADE, related_name="chats")
    number = models.ForeignKey(Number, on_delete=models.CASCADE, related_name="chats")
    last_inbound_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(null=True)
    unread = models.PositiveIntegerField(default=0)
    is_blocked = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone", "number"], name="one_chat_per_pair")]


class Bubble(models.Model):
    """One message of a chat, in either direction. Its primary key is the transcript's sequence."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="bubbles")
    wamid = models.CharField(max_length=255, unique=True)
    is_business = models.BooleanField()
    kind = models.CharField(max_length=40)
    content = models.JSONField(default=dict, help_text="What the page and the transcript show; see content.py.")
    body = models.JSONField(default=dict, help_text="The message as the Graph API or the webhook carried it.")
    context_wamid = models.CharField(max_length=255, default="", blank=True)
    opaque = models.CharField(max_length=512, default="", blank=True, db_index=True)
    is_forwarded = models.BooleanField(default=False)
    is_edited = models.BooleanField(default=False)
    is_deleted = models.BooleanField(default=False)
    statuses = models.JSONField(default=list, help_text="[{status, at, code?}], oldest first.")
    reactions = models.JSONField(default=dict, help_text="{person|business: emoji}")
    sent_at = models.DateTimeField()


class Media(models.Model):
    media_id = models.CharField(max_length=64, unique=True)
    number = models.ForeignKey(Number, on_delete=models.CASCADE)
    mime_type = models.CharField(max_length=100)
    filename = models.CharField(max_length=255, default="", blank=True)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64, help_text="Hex; webhooks carry base64 of the same digest.")


class Webhook(models.Model):
    """One POST that is owed to the product. Times are real seconds since 1970: winding the clock hurries nothing."""

    class State(models.TextChoices):
        QUEUED = "queued"
        DELIVERED = "delivered"
        DROPPED = "dropped"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="webhooks")
    order_key = models.CharField(max_length=64, help_text="First attempts of one key go in order.")
    body = models.BinaryField(help_text="The whole body, or one element of entry[] that may travel with others.")
    is_entry = models.BooleanField(default=False)
    signing = models.CharField(max_length=8, default="right", help_text="right, wrong or none")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.FloatField()
    created_at = models.FloatField()
    is_copy = models.BooleanField(default=False, help_text="A duplicate sent on purpose.")
    last_error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "next_at", "id"], name="due_webhooks")]


class Refusal(models.Model):
    code = models.IntegerField()
    recipient = models.CharField(max_length=140, default="", blank=True)
    opaque = models.CharField(max_length=512, default="", blank=True)
    details = models.CharField(max_length=500, default="", blank=True)
