"""Who works here: people of the company, their teams, absences and deputies; and who may sign in."""

from datetime import date

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.calendars.models import WorkCalendar
from apps.core import clock
from apps.journal.actors import Actor
from apps.people.bulk.models import BulkJob, BulkRow
from apps.people.importing.models import ColumnMap, ImportJob, ImportRow
from apps.people.keys import ApiKey

__all__ = [
    "Absence", "ApiKey", "BulkJob", "BulkRow", "ColumnMap", "CostCentre", "Deputy", "Employee", "ImportJob", "ImportRow", "Membership", "Team", "User",
]  # fmt: skip


def house_language() -> str:
    """The language of whoever has not been given another."""
    return str(settings.LANGUAGE_CODE)


def house_time_zone() -> str:
    """Where people live unless they are said to live elsewhere."""
    return str(settings.TIME_ZONE)


class User(AbstractUser):
    """Somebody who signs in to the admin. A person of the company is an Employee."""

    first_steps_closed_at = models.DateTimeField(_("put the first steps away"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")

    def as_actor(self) -> Actor:
        return Actor("user", str(self.pk), self.get_full_name() or self.username)


class Team(models.Model):
    """A group of employees, in a tree; its leads see the rows of the team and its descendants."""

    name = models.CharField(
        _("name"), max_length=120, unique=True,
        help_text=_("What people call it. No two teams share a name, since imports find teams by it."),
    )  # fmt: skip
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to"),
        help_text=_("The team above. Whoever leads that one sees this one too. Empty: it stands at the top."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CostCentre(models.Model):
    """What somebody's cost is booked on."""

    code = models.CharField(
        _("code"), max_length=40, unique=True, help_text=_("As your books have it, like 4711 or BR-LOG.")
    )
    name = models.CharField(_("name"), max_length=120, help_text=_("What people call it."))
    owner = models.ForeignKey(
        "people.Employee", on_delete=models.SET_NULL, null=True, blank=True, related_name="cost_centres_owned",
        verbose_name=_("owner"), help_text=_("Who answers for what is spent. Approvals can be sent to this person."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("cost centre")
        verbose_name_plural = _("cost centres")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}" if self.name != self.code else self.code


class Employee(models.Model):
    """A person of the company."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        LEFT = "left", _("left")

    number = models.CharField(
        _("employee number"), max_length=40, unique=True,
        help_text=_("As your payroll has it. Imports find a person by it, so it never changes hands."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=150, help_text=_("First and last name, as colleagues know them."))
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("For invitations. An import may name a manager by it.")
    )
    phone = models.CharField(
        _("phone"), max_length=20, blank=True,
        help_text=_("With country code, like +55 11 91234-5678. What HR believes; proved only when the person writes."),
    )  # fmt: skip
    position = models.CharField(pgettext_lazy("job", "position"), max_length=120, blank=True,
                                help_text=_("What they do here, in a few words."))  # fmt: skip
    cost_centre = models.ForeignKey(
        CostCentre, on_delete=models.SET_NULL, null=True, blank=True, related_name="employees",
        verbose_name=_("cost centre"), help_text=_("What their cost is booked on."),
    )  # fmt: skip
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=house_language,
        help_text=_("In which they read every message."),
    )  # fmt: skip
    time_zone = models.CharField(
        _("time zone"), max_length=60, default=house_time_zone,
        help_text=_("Like America/Sao_Paulo or Europe/Lisbon. Reminders and quiet hours follow it."),
    )  # fmt: skip
    calendar = models.ForeignKey(
        WorkCalendar, on_delete=models.PROTECT, null=True, blank=True, related_name="employees",
        verbose_name=_("working calendar"), help_text=_("Hours, holidays and quiet hours. Empty: the one for everybody else."),
    )  # fmt: skip
    manager = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("manager"),
        help_text=_("Decides their requests, and sees their rows here."),
    )  # fmt: skip
    teams = models.ManyToManyField(Team, through="Membership", related_name="employees", verbose_name=_("teams"))
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="employee",
        verbose_name=_("sign-in"), help_text=_("Only for those who work in this admin. WhatsApp needs none."),
    )  # fmt: skip
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.ACTIVE)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        ordering = ["name"]
        indexes = [
            models.Index(fields=["phone"], name="people_employee_phone"),
            models.Index(fields=["name", "-id"], name="people_employee_by_name"),  # as their list is sorted
        ]
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
        Employee,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("employee"),
        help_text=_("Who belongs to the team."),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("team"),
        help_text=_("The team they belong to: its leads see their rows."),
    )
    is_lead = models.BooleanField(
        _("leads the team"), default=False, help_text=_("Sees the rows of this team and of the teams below it.")
    )
    starts_on = models.DateField(_("from"), null=True, blank=True, help_text=_("First day. Empty: since ever."))
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("Last day. Empty: until further notice."))

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

    def covers(self, day: date) -> bool:
        return (self.starts_on or day) <= day <= (self.ends_on or day)


class Absence(models.Model):
    """A recorded absence: its deputy decides from the first day to the last, both included."""

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="absences", verbose_name=_("employee"),
        help_text=_("Who is away."),
    )  # fmt: skip
    starts_on = models.DateField(_("first day"), help_text=_("From midnight on, where they live."))
    ends_on = models.DateField(_("last day"), help_text=_("Included. For one day only: the same as the first."))
    deputy = models.ForeignKey(
        Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="covers", verbose_name=_("deputy"),
        help_text=_("Who decides meanwhile. Empty: the standing deputy, else the manager."),
    )  # fmt: skip
    reason = models.CharField(
        _("kind of absence"), max_length=80, blank=True,
        help_text=_("Like vacation or training. Nobody on WhatsApp reads it. Leave out what is medical."),
    )  # fmt: skip

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

    employee = models.OneToOneField(
        Employee, on_delete=models.CASCADE, related_name="standing_deputy", verbose_name=_("employee"),
        help_text=_("Who is stood in for."),
    )  # fmt: skip
    deputy = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="stands_in_for", verbose_name=_("deputy"),
        help_text=_("Decides whenever they are away and the absence names nobody."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("standing deputy")
        verbose_name_plural = _("standing deputies")
        constraints = [
            models.CheckConstraint(condition=~Q(deputy=F("employee")), name="people_deputy_not_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.employee} → {self.deputy}"


class Leaving(models.Model):
    """One departure, planned or done: what was passed on to whom, and whether somebody has looked at what is left."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        LEFT = "left", _("left")
        CALLED_OFF = "called_off", _("called off")

    employee = models.ForeignKey(
        Employee, on_delete=models.CASCADE, related_name="leavings", verbose_name=_("employee")
    )
    on = models.DateField(_("last day"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.LEFT)
    answers = models.JSONField(
        default=dict, blank=True, help_text="Key of an open thing to its new owner's key, or null."
    )
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("planned by"),
    )  # fmt: skip
    language = models.CharField(max_length=10, blank=True, help_text="In which the report is written.")
    report = models.JSONField(_("what happened"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)

    class Meta:
        verbose_name = _("departure")
        verbose_name_plural = _("departures")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["employee"], condition=Q(state="planned"), name="people_one_planned_leaving"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.on}"
