"""Who works here: people of the company, their teams, absences and deputies; and who may sign in."""

from datetime import date

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock
from apps.journal.actors import Actor


class User(AbstractUser):
    """Somebody who signs in to the admin. A person of the company is an Employee."""

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def as_actor(self) -> Actor:
        return Actor("user", str(self.pk), self.get_full_name() or self.username)


class Team(models.Model):
    """A group of employees, in a tree; its leads see the rows of the team and its descendants."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
                               verbose_name=_("belongs to"))  # fmt: skip

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Employee(models.Model):
    """A person of the company."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        LEFT = "left", _("left")

    number = models.CharField(_("employee number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(
        _("phone"), max_length=20, blank=True,
        help_text=_("With country code, like +55 11 91234-5678. What HR believes; proved only when the person writes."),
    )  # fmt: skip
    position = models.CharField(pgettext_lazy("job", "position"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    manager = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports",
                                verbose_name=_("manager"))  # fmt: skip
    teams = models.ManyToManyField(Team, through="Membership", related_name="employees", verbose_name=_("teams"))
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
                                related_name="employee", verbose_name=_("sign-in"))  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        ordering = ["name"]
        indexes = [models.Index(fields=["phone"], name="people_employee_phone")]
        permissions = [("view_all_employees", "Can see every employee, not only their own teams and reports")]
        constraints = [
            models.CheckConstraint(condition=~Q(manager=F("id")), name="people_employee_not_own_manager"),
        ]

    def __str__(self) -> str:
        return self.name

    def as_actor(self) -> Actor:
        return Actor("employee", str(self.pk), self.name)

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE


class Membership(models.Model):
    """An employee in a team, for a time."""

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("employee")
    )
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("team"))
    is_lead = models.BooleanField(_("leads the team"), default=False)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["employee", "team"], name="people_membership_once"),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="people_membership_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} · {self.team}"


class Absence(models.Model):
    """A recorded absence: its deputy decides from the first day to the last, both included."""

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="absences", verbose_name=_("employee")
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    deputy = models.ForeignKey(
        Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="covers", verbose_name=_("deputy"),
        help_text=_("Who decides meanwhile. Empty: the standing deputy, else the manager."),
    )  # fmt: skip
    reason = models.CharField(_("kind of absence"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="people_absence_dates"),
            models.CheckConstraint(condition=~Q(deputy=F("employee")), name="people_absence_not_own_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.starts_on}–{self.ends_on}"

    def covers(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


class Deputy(models.Model):
    """A standing deputy: stands in whenever the employee is absent and the absence names nobody."""

    employee = models.OneToOneField(Employee, on_delete=models.CASCADE, related_name="standing_deputy",
                                    verbose_name=_("employee"))  # fmt: skip
    deputy = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="stands_in_for", verbose_name=_("deputy")
    )

    class Meta:
        verbose_name = _("standing deputy")
        verbose_name_plural = _("standing deputies")
        constraints = [
            models.CheckConstraint(condition=~Q(deputy=F("employee")), name="people_deputy_not_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.employee} → {self.deputy}"
