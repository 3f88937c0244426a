"""Addresses that wrote to us or that HR invited: who stands behind them, what they agreed to, when we may write."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.journal.actors import Actor
from apps.people.models import Employee
from apps.providers.kinds import Klass
from apps.providers.models import Number, Portfolio


class Contact(models.Model):
    """One address. `employee` is null for a stranger: kept, one polite line a day, nothing else."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended: to be proved again")
        UNLINKED = "unlinked", _("unlinked")

    employee = models.ForeignKey(Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="contacts",
                                 verbose_name=_("employee"))  # fmt: skip
    phone = models.CharField(
        _("phone"), max_length=20, blank=True, help_text=_("Proved by a message from it; may be hidden.")
    )
    profile_name = models.CharField(_("name on WhatsApp"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True,
                                help_text=_("Empty: the employee's."))  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(_("why"), max_length=200, blank=True)
    is_shared = models.BooleanField(
        _("shared handset"), default=False, help_text=_("May report and confirm, never decide.")
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
        """The language we write to this person in."""
        return self.language or (self.employee.language if self.employee else "") or settings.LANGUAGE_CODE


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
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

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
