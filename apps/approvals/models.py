"""Definition (Flow, Stage) and run (Request, StageRun, Seat, Decision) are separate rows: editing a flow never rewrites history."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.approvals import policy
from apps.approvals.patience import Patience
from apps.core import clock
from apps.forms.models import Form, Submission
from apps.people.models import Employee, Team

MOST_HOURS = 2000
"""About a year of work: longer is a mistake in typing."""


class Flow(models.Model):
    """What may be requested, by which form, through which stages."""

    key = models.SlugField(
        _("key"),
        max_length=60,
        unique=True,
        help_text=_("A short name for programs and the menu, like expense. It stays when the name changes."),
    )
    name = models.JSONField(_("name"), default=dict, help_text=_("By language; at most 24 characters each."))
    form = models.ForeignKey(
        Form,
        on_delete=models.PROTECT,
        related_name="flows",
        verbose_name=_("form"),
        help_text=_("What people fill in to ask for it."),
    )
    amount_field = models.CharField(
        _("amount field"), max_length=40, blank=True, help_text=_("Key of the form's money field.")
    )
    summary_field = models.CharField(
        _("summary field"), max_length=40, blank=True, help_text=_("Key of the field shown as a title.")
    )
    page_above = models.DecimalField(
        _("decided on a page above"), max_digits=14, decimal_places=2, null=True, blank=True,
        help_text=_("Above this sum the chat decides nothing: the decider gets a link to a page that asks twice. Empty: no limit."),
    )  # fmt: skip
    expires_days = models.PositiveSmallIntegerField(
        _("expires after"), null=True, blank=True,
        help_text=_("Days after which an undecided request ends by itself, and everybody concerned is told. Empty: never."),
    )  # fmt: skip
    is_active = models.BooleanField(
        _("offered"),
        default=True,
        help_text=_("Without the tick nobody can ask for it any more; what is under way goes on."),
    )

    class Meta:
        verbose_name = _("flow")
        verbose_name_plural = _("flows")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name.get("en") or self.key


def _hours(name: Any, help_text: Any) -> Any:
    return models.PositiveSmallIntegerField(name, null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
                                            help_text=help_text)  # fmt: skip


class Stage(models.Model):
    """One step of a flow: who decides, and when the step is needed at all."""

    class Approver(models.TextChoices):
        MANAGER = "manager", _("the requester's manager")
        MANAGERS_MANAGER = "managers_manager", _("the manager's manager")
        PERSON = "person", _("one person")
        TEAM_LEAD = "team_lead", _("the leads of a team")
        TEAM = "team", _("the members of a team")
        JOB = "job", _("everybody in a position")
        COST_CENTRE = "cost_centre", _("the owner of the requester's cost centre")

    class Rule(models.TextChoices):
        ANY = "any", _("any one of them")
        ALL = "all", _("all of them")
        QUORUM = "quorum", _("a number of them")

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="stages", verbose_name=_("flow"))
    order = models.PositiveIntegerField(
        _("order"),
        default=0,
        help_text=_("Smaller comes first. Stages with the same number come in the order they were made."),
    )
    name = models.JSONField(_("name"), default=dict, help_text=_("By language."))
    approver = models.CharField(
        _("decided by"),
        max_length=20,
        choices=Approver.choices,
        help_text=_("Who is asked. If they are away, their deputy is asked instead."),
    )
    person = models.ForeignKey(
        Employee,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
        help_text=_("Only where one person decides: this one."),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("team"),
        help_text=_("Only where the leads or the members of a team decide: of this one."),
    )
    job = models.CharField(
        pgettext_lazy("job", "position"),
        max_length=120,
        blank=True,
        help_text=_(
            "Only where everybody in a position is asked: as it stands on the employees' pages, like Controller."
        ),
    )
    rule = models.CharField(
        _("needs"),
        max_length=8,
        choices=Rule.choices,
        default=Rule.ANY,
        help_text=_("Where several are asked: one yes is enough, everybody must agree, or so many must."),
    )
    quorum = models.PositiveSmallIntegerField(
        _("how many must agree"),
        null=True,
        blank=True,
        help_text=_("Only where a number of them must agree. Whoever stands in for two people counts once."),
    )
    is_beside = models.BooleanField(
        _("at the same time as the stage above"),
        default=False,
        help_text=_("Both are asked at once, and both must approve before it goes on. One rejection ends the request."),
    )
    remind_hours = _hours(
        _("remind after"), _("Working hours of whoever is asked; then again as often, three times at most.")
    )
    undelivered_hours = _hours(_("pass up if not delivered after"),
                               _("Working hours. Their manager is asked instead when the question has not reached the phone."))  # fmt: skip
    unread_hours = _hours(_("pass up if not read after"),
                          _("Working hours. Only for people whose phone tells when they read."))  # fmt: skip
    unanswered_hours = _hours(_("pass up if not answered after"), _("Working hours. Their manager is asked instead."))
    condition = models.JSONField(_("only if"), default=dict, blank=True,
                                 help_text=_("{\"field\": key, \"op\": \"gt\", \"value\": 500}; empty: always."))  # fmt: skip

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["flow", "order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(approver="person") | Q(person__isnull=False), name="approvals_stage_person"
            ),
            models.CheckConstraint(
                condition=~Q(approver__in=["team_lead", "team"]) | Q(team__isnull=False), name="approvals_stage_team"
            ),
            models.CheckConstraint(condition=~Q(approver="job") | ~Q(job=""), name="approvals_stage_job"),
            models.CheckConstraint(
                condition=~Q(rule="quorum") | Q(quorum__isnull=False, quorum__gte=1), name="approvals_stage_quorum"
            ),
        ]

    def __str__(self) -> str:
        return self.name.get("en") or self.get_approver_display()

    @property
    def wanted(self) -> int:
        """How many yeses it needs at least."""
        return policy.wanted(self.rule, self.quorum)

    @property
    def patience(self) -> Patience:
        """How long whoever is asked is waited for."""
        return Patience(self.remind_hours, self.undelivered_hours, self.unread_hours, self.unanswered_hours)


class Request(models.Model):
    """One thing somebody asked for."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting for a decision")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")
        STUCK = "stuck", _("nobody can decide")
        EXPIRED = "expired", _("expired")

    flow = models.ForeignKey(Flow, on_delete=models.PROTECT, related_name="requests", verbose_name=_("flow"))
    requester = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="requests", verbose_name=_("requested by")
    )
    submission = models.OneToOneField(
        Submission, on_delete=models.PROTECT, related_name="request", verbose_name=_("form")
    )
    summary = models.CharField(_("summary"), max_length=200)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # Not what `submission.filed_by` says: that is a sign-in, which may be of no employee, change hands, or be deleted.
    filed_by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("filed on their behalf by"),
    )  # fmt: skip
    is_step_up = models.BooleanField(_("decided on a page"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("requested at"), default=clock.now)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["state", "id"], condition=models.Q(state__in=["open", "stuck"]), name="approvals_unsettled"
            )
        ]
        permissions = [
            ("decide_request", "Can decide requests addressed to them in the admin"),
            ("view_all_requests", "Can see everybody's requests"),
        ]

    def __str__(self) -> str:
        return self.code  # the journal keeps this for ever: no words of the request in it

    @property
    def code(self) -> str:
        """The short code that people say and type."""
        return f"R-{self.pk}"

    @property
    def own_ids(self) -> frozenset[int]:
        """Employees whose own matter it is, and who therefore never decide it: who asked, and who filed it for them.

        Also whoever signs in as the filer now: that sign-in may have become an employee's after it had filed.
        """
        filer = self.submission.filed_by
        signs_in = getattr(filer, "employee", None) if filer is not None else None
        found = (self.requester_id, self.filed_by_id, signs_in.pk if signs_in is not None else None)
        return frozenset(pk for pk in found if pk is not None)


class StageRun(models.Model):
    """A stage as it stood when the request was made: the frozen route."""

    class State(models.TextChoices):
        WAITING = "waiting", _("not yet open")
        OPEN = "open", _("open")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        SKIPPED = "skipped", _("not needed")

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="stage_runs", verbose_name=_("request"))
    position = models.PositiveIntegerField(_("position"))
    step = models.PositiveIntegerField(_("step"), default=0)  # stages of one step are decided at the same time
    name = models.JSONField(_("name"), default=dict)
    approver = models.CharField(_("decided by"), max_length=20, choices=Stage.Approver.choices)
    person = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    job = models.CharField(pgettext_lazy("job", "position"), max_length=120, blank=True)
    rule = models.CharField(_("needs"), max_length=8, choices=Stage.Rule.choices)
    quorum = models.PositiveSmallIntegerField(_("how many must agree"), null=True, blank=True)
    condition = models.JSONField(_("only if"), default=dict, blank=True)
    patience = models.JSONField(_("patience"), default=dict, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("stage of a request")
        verbose_name_plural = _("stages of requests")
        ordering = ["request", "position"]
        constraints = [models.UniqueConstraint(fields=["request", "position"], name="approvals_one_stage_run")]

    def __str__(self) -> str:
        return f"{self.request.code} {self.name.get('en') or self.get_approver_display()}"

    @property
    def wanted(self) -> int:
        """How many yeses it needs at least."""
        return policy.wanted(self.rule, self.quorum)


class Seat(models.Model):
    """One person who may decide one open stage, and for whom they stand in."""

    stage_run = models.ForeignKey(StageRun, on_delete=models.CASCADE, related_name="seats", verbose_name=_("stage"))
    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="seats", verbose_name=_("decides"))
    deputy_for = models.ForeignKey(Employee, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
                                   verbose_name=_("stands in for"))  # fmt: skip
    is_open = models.BooleanField(_("open"), default=True)
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    reminders = models.PositiveSmallIntegerField(_("reminded"), default=0)

    class Meta:
        verbose_name = _("decider")
        verbose_name_plural = _("deciders")
        constraints = [models.UniqueConstraint(fields=["stage_run", "employee"], name="approvals_one_seat")]

    def __str__(self) -> str:
        return f"{self.employee} ({self.deputy_for})" if self.deputy_for_id else str(self.employee)


class Decision(models.Model):
    """One yes or no, by whom, on which version, by which tap."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("approved")
        REJECT = "reject", _("rejected")

    seat = models.OneToOneField(Seat, on_delete=models.PROTECT, related_name="decision", verbose_name=_("decider"))
    verdict = models.CharField(_("decision"), max_length=8, choices=Verdict.choices)
    reason = models.TextField(_("reason"), blank=True)
    version_seen = models.PositiveIntegerField(_("version seen"))
    via = models.CharField(_("by way of"), max_length=20, help_text=_("button, admin, link"))
    proof = models.CharField(_("proof"), max_length=255, blank=True, help_text=_("wamid of the tap, or the sign-in."))
    at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.seat} {self.verdict}"
