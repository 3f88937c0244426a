"""Addresses that wrote to us or that HR invited: who stands behind them, what they agreed to, when we may write."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.contacts import codes, languages
from apps.core import clock
from apps.journal.actors import Actor
from apps.people.letters import Mailed
from apps.people.models import Employee, User
from apps.providers.kinds import Klass
from apps.providers.models import Number, Portfolio


class Contact(models.Model):
    """One address. `employee` is null for a stranger: kept, one polite line a day, nothing else."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended: to be proved again")
        UNLINKED = "unlinked", _("unlinked")

    employee = models.ForeignKey(Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="contacts",
                                 verbose_name=_("employee"), help_text=_("Who writes from this phone. Another choice connects them, and ends what was agreed to before."),
    )  # fmt: skip
    phone = models.CharField(
        _("phone"), max_length=20, blank=True, help_text=_("Proved by a message from it; may be hidden.")
    )
    profile_name = models.CharField(_("name on WhatsApp"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True,
                                help_text=_("Empty: the employee's."))  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(_("why"), max_length=200, blank=True)
    is_shared = models.BooleanField(
        _("shared handset"),
        default=False,
        help_text=_("Several people use it: it may report and confirm, never decide, sign or agree to messages."),
    )
    unreachable_since = models.DateTimeField(_("unreachable since"), null=True, blank=True)
    greeted_at = models.DateTimeField(_("last polite line to a stranger"), null=True, blank=True)
    created_at = models.DateTimeField(_("first seen"), default=clock.now)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["phone"], condition=~models.Q(phone=""), name="contacts_one_per_phone"),
        ]

    def __str__(self) -> str:
        return str(self.employee) if self.employee_id else (self.profile_name or self.phone or f"#{self.pk}")

    def as_actor(self) -> Actor:
        if self.employee is not None:
            return self.employee.as_actor()
        return Actor("contact", str(self.pk), self.profile_name or self.phone)

    @property
    def spoken_language(self) -> str:
        """The language we write to this person in: their own, the employee's, a stranger's by the country of the phone."""
        return self.language or (self.employee.language if self.employee else "") or self._language_of_country

    @property
    def _language_of_country(self) -> str:
        spoken = [code for code, _name in settings.LANGUAGES]
        return languages.of_phone(self.phone, spoken=spoken, otherwise=settings.LANGUAGE_CODE)


class Identity(models.Model):
    """A business-scoped user id (BSUID): another portfolio sees another id. `wa_id` may be hidden by the person."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities", verbose_name=_("contact"))
    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, related_name="identities", verbose_name=_("portfolio")
    )
    remote_id = models.CharField(_("business-scoped id"), max_length=150)
    created_at = models.DateTimeField(_("first seen"), default=clock.now)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [models.UniqueConstraint(fields=["portfolio", "remote_id"], name="contacts_one_identity")]

    def __str__(self) -> str:
        return self.remote_id


class Consent(models.Model):
    """One yes or no to one class of messages, with its wording and proof. The newest row of a class counts."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", verbose_name=_("contact"))
    klass = models.CharField(_("class of messages"), max_length=20, choices=Klass.choices)
    is_given = models.BooleanField(_("given"))
    wording = models.TextField(_("wording"), help_text=_("What the person was asked, or wrote."))
    source = models.CharField(_("how"), max_length=40)
    proof = models.CharField(_("proof"), max_length=200, blank=True, help_text=_("Message id, form or document."))
    version = models.PositiveIntegerField(
        _("version of the wording"),
        null=True,
        blank=True,
        help_text=_("Of the question asked in the chat; 0: as shipped."),
    )
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-id"]
        indexes = [models.Index(fields=["contact", "klass", "-id"], name="contacts_consent_newest")]

    def __str__(self) -> str:
        return f"{self.contact} {self.klass}"


class Preference(models.Model):
    """What a person asked for: nothing but the essential (STOP), and quiet hours in their own time."""

    contact = models.OneToOneField(
        Contact, on_delete=models.CASCADE, related_name="preference", verbose_name=_("contact")
    )
    is_stopped = models.BooleanField(
        _("stopped"), default=False, help_text=_("Only security, safety and own requests.")
    )
    stopped_at = models.DateTimeField(_("since"), null=True, blank=True)
    quiet_from = models.TimeField(
        _("quiet from"),
        null=True,
        blank=True,
        help_text=_("From when on they get nothing but what is urgent, like 20:00, on their own clock."),
    )
    quiet_until = models.TimeField(
        _("quiet until"),
        null=True,
        blank=True,
        help_text=_("In the morning, for example 7:00. Both times win over the calendar’s."),
    )

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.contact)


class Window(models.Model):
    """The 24-hour customer service window of one number with one contact: moved by every inbound message."""

    number = models.ForeignKey(Number, on_delete=models.CASCADE, related_name="windows", verbose_name=_("number"))
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="windows", verbose_name=_("contact"))
    last_inbound_at = models.DateTimeField(_("last message from the person"))

    class Meta:
        verbose_name = _("window")
        verbose_name_plural = _("windows")
        constraints = [models.UniqueConstraint(fields=["number", "contact"], name="contacts_one_window")]

    def __str__(self) -> str:
        return f"{self.number} ↔ {self.contact}"


# --- invitations ------------------------------------------------------------------------------------------------------


class InvitationBatch(models.Model):
    """Many invitations made at once. `employee_ids` in order; the first `done` of them have been dealt with."""

    class State(models.TextChoices):
        RUNNING = "running", _("being made")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    class Way(models.TextChoices):
        PAPER = "paper", _("on paper")
        EMAIL = "email", _("by e-mail")
        LINK = "link", _("as a link")

    way = models.CharField(_("handed over"), max_length=10, choices=Way.choices)
    days = models.PositiveSmallIntegerField(_("lasts, in days"))
    is_shared = models.BooleanField(_("for a shared handset"), default=False)
    employee_ids = models.JSONField(default=list)
    total = models.PositiveIntegerField(_("people"), default=0)
    done = models.PositiveIntegerField(_("looked at"), default=0)
    made = models.PositiveIntegerField(_("made"), default=0)
    left_out = models.JSONField(_("left out"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RUNNING)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("made by"))
    created_at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("invitations made at once")
        verbose_name_plural = _("invitations made at once")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_way_display()} · {self.created_at:%Y-%m-%d %H:%M}"


class Invitation(Mailed):
    """A single-use code for one employee. `nonce` makes it again for whoever may invite; `code_hash` finds it."""

    Way = InvitationBatch.Way

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("invitation", "open")
        CLAIMED = "claimed", _("sent from another phone: confirm or refuse")
        USED = "used", pgettext_lazy("invitation", "used")
        REVOKED = "revoked", _("revoked")

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("employee")
    )
    nonce = models.CharField(max_length=32, editable=False)
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    way = models.CharField(_("handed over"), max_length=10, choices=Way.choices)
    is_shared = models.BooleanField(_("for a shared handset"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    expires_at = models.DateTimeField(_("valid until"))
    batch = models.ForeignKey(
        InvitationBatch, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitations",
        verbose_name=_("made with"),
    )  # fmt: skip
    used_by = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("used by")
    )
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    proof = models.CharField(_("message that carried it"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("made at"), default=clock.now)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        permissions = [("invite_employee", "Can invite employees to WhatsApp")]
        constraints = [
            models.UniqueConstraint(
                fields=["employee"], condition=Q(state__in=["open", "claimed"]), name="contacts_one_open_invitation"
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_at"], condition=Q(mail_state__in=["waiting", "sending"]), name="contacts_mail_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.employee} · {self.created_at:%Y-%m-%d}"

    @property
    def is_expired(self) -> bool:
        """Its time is over, and nobody used it."""
        return self.state == self.State.OPEN and self.expires_at <= clock.now()

    @property
    def is_usable(self) -> bool:
        return self.state == self.State.OPEN and not self.is_expired

    @property
    def code(self) -> str:
        """The code as it is sent, like RECADO-7KQ4-M2XD. Only for whoever may hand it over."""
        return codes.shown(codes.derive(self.nonce))


class Claim(models.Model):
    """Somebody sent an employee's code from an address that proves nothing: HR confirms or refuses."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for you")
        CONFIRMED = "confirmed", _("confirmed")
        REFUSED = "refused", _("refused")
        OVERTAKEN = "overtaken", _("settled otherwise")

    class Why(models.TextChoices):
        OTHER_PHONE = "other_phone", _("sent from another phone than HR’s record")
        HIDDEN = "hidden", _("WhatsApp hides the phone it was sent from")
        TAKEN = "taken", _("sent from the phone of another employee")

    invitation = models.ForeignKey(
        Invitation, on_delete=models.CASCADE, related_name="claims", verbose_name=_("invitation")
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="claims", verbose_name=_("sent from"))
    why = models.CharField(_("why you are asked"), max_length=20, choices=Why.choices)
    phone = models.CharField(_("phone it was sent from"), max_length=20, blank=True)
    recorded = models.CharField(_("HR’s record then"), max_length=20, blank=True)
    owner = models.ForeignKey(
        Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("whose phone it was then"),
    )  # fmt: skip
    proof = models.CharField(_("message that carried it"), max_length=255, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("when"), default=clock.now)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("claim to confirm")
        verbose_name_plural = _("claims to confirm")
        ordering = ["-id"]
        permissions = [("decide_claim", "Can confirm or refuse who sent a code from another phone")]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation"], condition=Q(state="waiting"), name="contacts_one_waiting_claim"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitation.employee} ← {self.phone or self.contact}"


class Guess(models.Model):
    """One wrong code: counted for an hour, kept for a day."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="guesses", verbose_name=_("contact"))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("wrong code")
        verbose_name_plural = _("wrong codes")
        indexes = [
            models.Index(fields=["at"], name="contacts_guess_at"),
            models.Index(fields=["contact", "at"], name="contacts_guess_of"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} {self.at:%Y-%m-%d %H:%M}"


class ConsentWording(models.Model):
    """One version of the question that asks for consent. Never edited: a change is a new version."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    klasses = models.JSONField(_("asks about"), default=list)
    texts = models.JSONField(_("texts"), default=dict, help_text=_("By language."))
    in_force_from = models.DateTimeField(_("in force from"), default=clock.now)
    created_at = models.DateTimeField(_("written"), default=clock.now)

    class Meta:
        verbose_name = _("wording of consent")
        verbose_name_plural = _("wordings of consent")
        ordering = ["-version"]

    def __str__(self) -> str:
        return str(self.version)


class Enrolment(Employee):
    """An employee, looked at with one question: are they on WhatsApp, and if not, what is missing?"""

    class Meta:
        proxy = True
        verbose_name = _("employee on WhatsApp")
        verbose_name_plural = _("employees on WhatsApp")
        default_permissions = ("view",)
