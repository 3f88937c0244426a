"""The way to WhatsApp: whose number, which credentials, what wording is approved."""

import secrets

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.encryption import EncryptedTextField
from apps.people.models import Employee, User
from apps.providers.kinds import title_of


def new_hook_key() -> str:
    return secrets.token_urlsafe(12)


class Portfolio(models.Model):
    """Meta's business portfolio: the messaging tier and business-scoped user ids belong to it."""

    name = models.CharField(_("name"), max_length=120, unique=True,
                            help_text=_("As your company calls it. People on WhatsApp never see it."))  # fmt: skip
    remote_id = models.CharField(_("portfolio id"), max_length=64, blank=True,
                                 help_text=_("The long number under Business settings › Business info at Meta."))  # fmt: skip
    tier = models.PositiveIntegerField(
        _("people per 24 hours"), null=True, blank=True, default=250,
        help_text=_("How many people may be written to first in 24 hours. Meta raises it: 250, 2,000, 10,000, 100,000; empty: no limit."),
    )  # fmt: skip
    reserve_percent = models.PositiveSmallIntegerField(
        _("kept free, in percent"), default=10, validators=[MaxValueValidator(90)],
        help_text=_("This part of the daily limit is kept for urgent messages, replies and approvals."),
    )  # fmt: skip

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

    class ReadMarks(models.TextChoices):
        NEVER = "never", _("never")
        OPENED = "opened", _("when somebody at the desk opens the conversation")
        TAKEN_UP = "taken_up", _("as soon as Recado has taken the message up")

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("portfolio"),
        help_text=_("The portfolio at Meta that it belongs to: its daily limit counts."),
    )  # fmt: skip
    kind = models.CharField(_("carrier"), max_length=30, default="meta_cloud",
                            help_text=_("The company whose API this account speaks."))  # fmt: skip
    name = models.CharField(_("name"), max_length=120, unique=True,
                            help_text=_("How this account is called here, like “Main” or “Drivers”."))  # fmt: skip
    hook_key = models.CharField(_("webhook key"), max_length=40, unique=True, default=new_hook_key,
                                help_text=_("Last part of the webhook address."))  # fmt: skip
    remote_id = models.CharField(_("WhatsApp business account id (WABA)"), max_length=64, blank=True,
                                 help_text=_("The number under WhatsApp manager › Account tools at Meta."))  # fmt: skip
    base_url = models.URLField(_("API address"), default="https://graph.facebook.com/v23.0",
                               help_text=_("Change it only for the sandbox or a gateway."))  # fmt: skip
    access_token = EncryptedTextField(_("access token"), blank=True,
                                      help_text=_("A system user’s token that does not expire. It is kept encrypted and never shown again."))  # fmt: skip
    app_secret = EncryptedTextField(_("app secret"), blank=True, help_text=_("Signs every webhook."))
    previous_app_secret = EncryptedTextField(
        _("previous app secret"), blank=True, help_text=_("Still accepted while you rotate; empty it afterwards.")
    )
    verify_token = EncryptedTextField(
        _("verify token"), blank=True, help_text=_("Asked for when Meta tests the address.")
    )
    api_calls_per_hour = models.PositiveIntegerField(
        _("API calls per hour"), default=5000, validators=[MinValueValidator(1)],
        help_text=_("Calls about the account, its numbers and templates; sending does not count. Meta: 5,000 with a "
                    "registered number, else 200."),
    )  # fmt: skip
    read_marks = models.CharField(
        _("blue ticks"), max_length=12, choices=ReadMarks.choices, default=ReadMarks.OPENED,
        help_text=_("When people see that their message was read. “Taken up” costs one more call for every message."),
    )  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    state_reason = models.TextField(_("why"), blank=True)
    state_changed_at = models.DateTimeField(_("since"), default=clock.now)
    templates_most = models.PositiveIntegerField(
        _("templates at most"), default=250, validators=[MinValueValidator(1)],
        help_text=_("Every language counts. Meta: 250, or 6,000 once the business is verified and its name approved."),
    )  # fmt: skip
    restricted_until = models.DateTimeField(
        _("may not open conversations until"), null=True, blank=True, editable=False,
        help_text=_("WhatsApp has said so; replies inside a window go through."),
    )  # fmt: skip
    bad_signatures = models.PositiveIntegerField(_("webhooks with a wrong signature"), default=0, editable=False)
    bad_signature_at = models.DateTimeField(_("last one"), null=True, blank=True, editable=False)

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
    remote_id = models.CharField(_("phone number id"), max_length=64, unique=True,
                                 help_text=_("The long id beside the number in WhatsApp manager, not the number itself."))  # fmt: skip
    phone = models.CharField(_("phone number"), max_length=20,
                             help_text=_("With the country, like +55 11 4000 0000."))  # fmt: skip
    label = models.CharField(_("label"), max_length=80, blank=True,
                             help_text=_("How the number is called here, like “Reception”. Empty: the number itself."))  # fmt: skip
    is_default = models.BooleanField(_("default for sending"), default=False,
                                     help_text=_("Messages that begin a conversation leave from this number. Exactly one has the tick."))  # fmt: skip
    per_second = models.PositiveIntegerField(
        _("messages per second"), default=80, validators=[MinValueValidator(1)],
        help_text=_("In and out together. Meta: 80, 1,000 once raised, 20 when shared with the WhatsApp Business app."),
    )  # fmt: skip
    quality = models.CharField(_("quality"), max_length=12, blank=True)
    slow_until = models.DateTimeField(_("slowed down until"), null=True, blank=True)
    name_status = models.CharField(_("display name there"), max_length=30, blank=True, editable=False)
    verification = models.CharField(_("code verification"), max_length=30, blank=True, editable=False)
    checked_at = models.DateTimeField(_("asked at"), null=True, blank=True, editable=False)

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


class Checkup(models.Model):
    """One run of an account's checklist: what was seen then, line by line (`core.findings.Finding` as JSON)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="checkups", verbose_name=_("account"))
    at = models.DateTimeField(_("at"), default=clock.now)
    by = models.CharField(_("by"), max_length=200, blank=True)
    # Of the lines: they are kept as they were written.
    language = models.CharField(_("language"), max_length=10, blank=True)
    findings = models.JSONField(_("lines"), default=list)

    class Meta:
        verbose_name = _("checkup")
        verbose_name_plural = _("checkups")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.account} {self.at:%Y-%m-%d %H:%M}"


class AccountAlert(models.Model):
    """Something that the carrier told us about an account and that an operator must know. `code` is ours, `words` theirs."""

    class Severity(models.TextChoices):
        WARNING = "warning", _("warning")
        CRITICAL = "critical", _("critical")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alerts", verbose_name=_("account"))
    code = models.CharField(_("what"), max_length=40)
    severity = models.CharField(_("how bad"), max_length=12, choices=Severity.choices)
    words = models.TextField(_("in WhatsApp’s words"), blank=True)
    at = models.DateTimeField(_("at"), default=clock.now)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    seen_by = models.CharField(_("seen by"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("notice from WhatsApp")
        verbose_name_plural = _("notices from WhatsApp")
        ordering = ["-id"]
        indexes = [models.Index(fields=["account"], condition=models.Q(seen_at=None), name="providers_alerts_unseen")]

    def __str__(self) -> str:
        return f"{self.account}: {self.code}"


class MessageTemplate(models.Model):
    """What the product says for one Kind. Free text and approved templates render the same translations."""

    class Category(models.TextChoices):
        UTILITY = "UTILITY", _("utility")
        MARKETING = "MARKETING", _("marketing")

    class Fallback(models.TextChoices):
        HOLD = "hold", _("wait until it can be used again")
        KNOCK = "knock", _("knock: a short approved message with a Read button")

    kind = models.CharField(_("kind of message"), max_length=80, unique=True)
    owner = models.ForeignKey(Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
                              verbose_name=_("owner"),
                              help_text=_("Is told when WhatsApp pauses, rejects or re-categorises it."))  # fmt: skip
    category = models.CharField(_("category asked for"), max_length=20, choices=Category.choices, default=Category.UTILITY,
                                help_text=_("Utility is about a person’s own work and is never advertising. WhatsApp fixes "
                                            "it once a template is approved."))  # fmt: skip
    fallback = models.CharField(_("when it cannot be used"), max_length=12, choices=Fallback.choices,
                                default=Fallback.HOLD, help_text=_("What is done meanwhile with messages that need it."),
    )  # fmt: skip
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["kind"]
        permissions = [("submit_template", "Can hand templates in at a carrier and agree to their category")]

    def __str__(self) -> str:
        return title_of(self.kind)


class Translation(models.Model):
    """One language of a template: body with {{names}}, a line above and below it, and the titles of its buttons by action."""

    template = models.ForeignKey(MessageTemplate, on_delete=models.CASCADE, related_name="translations",
                                 verbose_name=_("template"))  # fmt: skip
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES,
                                help_text=_("The language of this text. People read it in their own where there is one."))  # fmt: skip
    body = models.TextField(_("text"), help_text=_("Names in double braces, like {{ticket}}, are filled in when sent."))
    header = models.CharField(_("header"), max_length=60, blank=True,
                              help_text=_("One bold line above the text; no names, no emojis."))  # fmt: skip
    footer = models.CharField(_("footer"), max_length=60, blank=True,
                              help_text=_("One small line below the text; no names, no emojis."))  # fmt: skip
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

    @property
    def as_free_text(self) -> str:
        """The whole wording as one text with {{names}}: inside the 24 hours it goes out without a template's parts."""
        header = f"*{self.header}*" if self.header else ""
        footer = f"_{self.footer}_" if self.footer else ""
        return "\n\n".join(part for part in (header, self.body, footer) if part)


class Approval(models.Model):
    """What a carrier says of one translation: only an approved one may open a conversation."""

    class State(models.TextChoices):
        PENDING = "PENDING", _("in review")
        APPROVED = "APPROVED", _("approved")
        REJECTED = "REJECTED", _("rejected")
        PAUSED = "PAUSED", _("paused")
        DISABLED = "DISABLED", _("disabled")
        RECATEGORISED = "RECATEGORISED", _("approved in another category")
        """Ours, not the carrier's: it could be sent, but nobody here has agreed to the category yet."""

    translation = models.ForeignKey(Translation, on_delete=models.CASCADE, related_name="approvals",
                                    verbose_name=_("translation"))  # fmt: skip
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("account"))
    remote_id = models.CharField(_("template id"), max_length=64, blank=True)
    name = models.CharField(_("name there"), max_length=512)
    remote_language = models.CharField(_("language there"), max_length=15)
    category = models.CharField(_("category"), max_length=20, default="UTILITY")
    accepted_category = models.CharField(_("category agreed to"), max_length=20, blank=True)
    correct_category = models.CharField(_("category announced"), max_length=20, blank=True,
                                        help_text=_("The carrier will change it to this one within a day."))  # fmt: skip
    quality = models.CharField(_("quality"), max_length=12, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.PENDING)
    reason = models.TextField(_("reason"), blank=True)
    advice = models.TextField(_("what to do"), blank=True, help_text=_("As the carrier recommends."))
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Expected end of a pause."))
    header = models.CharField(_("approved header"), max_length=60, blank=True)
    footer = models.CharField(_("approved footer"), max_length=60, blank=True)
    body = models.TextField(_("approved text"), blank=True, help_text=_("As the carrier approved it."))
    parameters = models.JSONField(_("parameters"), default=list, blank=True, help_text=_("Names in order."))
    buttons = models.JSONField(_("buttons"), default=list, blank=True, help_text=_("Actions in order."))
    titles = models.JSONField(_("approved button titles"), default=list, blank=True)
    changed_at = models.DateTimeField(_("since"), default=clock.now)
    proposed = models.JSONField(_("handed in"), default=dict, blank=True,
                                help_text=_("body, header, footer, buttons (titles) that the carrier is reviewing."))  # fmt: skip
    submitted_at = models.DateTimeField(_("handed in on"), null=True, blank=True)
    edited_at = models.JSONField(_("edits"), default=list, blank=True,
                                 help_text=_("Moments at which an approved text was handed in again, newest last."))  # fmt: skip
    event_at = models.DateTimeField(_("last heard"), null=True, blank=True,
                                    help_text=_("The carrier’s own time of the newest notice about its state."))  # fmt: skip
    category_at = models.DateTimeField(_("category last heard"), null=True, blank=True)
    quality_at = models.DateTimeField(_("quality last heard"), null=True, blank=True)
    heard_at = models.DateTimeField(_("last notice came"), null=True, blank=True, help_text=_("By our clock."))
    said = models.JSONField(_("last notice"), default=dict, blank=True,
                            help_text=_("state, reason, advice and until of a notice: lists do not repeat them."))  # fmt: skip
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    is_doubtful = models.BooleanField(_("to be asked again"), default=False, db_index=True)
    told = models.CharField(_("owner was told of"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("approval by a carrier")
        verbose_name_plural = _("approvals by carriers")
        constraints = [models.UniqueConstraint(fields=["translation", "account"], name="providers_one_approval")]

    def __str__(self) -> str:
        return f"{self.name} ({self.remote_language})"

    @property
    def is_usable(self) -> bool:
        return self.state == self.State.APPROVED

    @property
    def needs_attention(self) -> bool:
        """Something that only a person mends, or should know."""
        return self.state not in {self.State.APPROVED, self.State.PENDING} or bool(self.correct_category)

    @property
    def trouble(self) -> str:
        """A short name of what needs attention; another one is news for whoever was told of this one. Empty: all is well."""
        parts = [self.state, self.category[:12], self.correct_category[:12], self.reason[:16]]
        return "|".join(parts)[:60] if self.needs_attention else ""


class OtherTemplate(models.Model):
    """A template of the account that none of our messages uses: listed, never touched, never recorded."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="other_templates",
                                verbose_name=_("account"))  # fmt: skip
    remote_id = models.CharField(_("template id"), max_length=64)
    name = models.CharField(_("name there"), max_length=512)
    language = models.CharField(_("language there"), max_length=15)
    category = models.CharField(_("category"), max_length=20, blank=True)
    state = models.CharField(_("state"), max_length=20, blank=True)
    body = models.TextField(_("text"), blank=True)
    seen_at = models.DateTimeField(_("last seen"), default=clock.now)

    class Meta:
        verbose_name = _("template that is not ours")
        verbose_name_plural = _("templates that are not ours")
        ordering = ["name", "language"]
        constraints = [models.UniqueConstraint(fields=["account", "remote_id"], name="providers_one_other_template")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class TemplateSync(models.Model):
    """The last time that an account's templates were fetched: one row per account, so that its page can say how it went."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting to begin")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="template_sync",
                                   verbose_name=_("account"))  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    started_at = models.DateTimeField(_("begun"), default=clock.now)
    touched_at = models.DateTimeField(_("last step"), default=clock.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    registers = models.BooleanField(_("hands in what is missing"), default=False)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
                                 verbose_name=_("asked for by"))  # fmt: skip
    pages = models.PositiveIntegerField(_("pages"), default=0)
    counts = models.JSONField(
        _("found"), default=dict, blank=True,
        help_text=_("there, ours, approved, changed, gone, other, created, refused."),
    )  # fmt: skip
    error = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        verbose_name = _("fetching of templates")
        verbose_name_plural = _("fetchings of templates")

    def __str__(self) -> str:
        return f"{self.account}: {self.get_state_display()}"
