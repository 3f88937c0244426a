"""Problems people report, who looks after them, and what was said."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.files.models import File
from apps.forms.models import Form, Submission
from apps.people.models import Employee, Team


class Category(models.Model):
    """What a report is about; routes to a team; may be nested."""

    name = models.JSONField(_("name"), default=dict, help_text=_("By language; at most 24 characters each."))
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
                               verbose_name=_("belongs to"), help_text=_("The category below which it is offered. Empty: at the top."),
    )  # fmt: skip
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        related_name="incident_categories",
        verbose_name=_("answered by"),
        help_text=_("Whose members are told of a new report and may take it."),
    )
    form = models.ForeignKey(
        Form,
        on_delete=models.PROTECT,
        related_name="incident_categories",
        verbose_name=_("form"),
        help_text=_("What people are asked when they report it."),
    )
    order = models.PositiveIntegerField(
        _("order"),
        default=0,
        help_text=_("Smaller is offered first."),
    )
    is_active = models.BooleanField(
        _("offered"),
        default=True,
        help_text=_("Without the tick nobody can report it any more; open tickets go on."),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name.get("en") or next(iter(self.name.values()), f"#{self.pk}")


class Ticket(models.Model):
    """One reported problem."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        TAKEN = "taken", _("taken")
        RESOLVED = "resolved", _("resolved")

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("category"))
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("team"))
    reporter = models.ForeignKey(
        Employee, on_delete=models.PROTECT, related_name="reported_tickets", verbose_name=_("reported by")
    )
    assignee = models.ForeignKey(Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="taken_tickets",
                                 verbose_name=_("taken by"))  # fmt: skip
    submission = models.OneToOneField(
        Submission, on_delete=models.PROTECT, related_name="ticket", verbose_name=_("report")
    )
    summary = models.CharField(_("summary"), max_length=200)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.NEW)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("reported at"), default=clock.now)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["team", "state"], name="incidents_by_team"),
            models.Index(
                fields=["state", "id"], condition=models.Q(state__in=["new", "taken"]), name="incidents_unresolved"
            ),
        ]
        permissions = [
            ("answer_ticket", "Can take, comment and resolve tickets"),
            ("view_all_tickets", "Can see every team's tickets"),
        ]

    def __str__(self) -> str:
        return self.code  # the journal keeps this for ever: no words of the report in it

    @property
    def code(self) -> str:
        """The short code that people say and type."""
        return f"T-{self.pk}"


class Note(models.Model):
    """One comment on a ticket, from either side, with what was attached."""

    class Side(models.TextChoices):
        REPORTER = "reporter", _("reporter")
        RESPONDER = "responder", _("responder")
        INTERNAL = "internal", _("internal")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="notes", verbose_name=_("ticket"))
    by = models.ForeignKey(
        Employee, on_delete=models.PROTECT, null=True, related_name="ticket_notes", verbose_name=_("by")
    )
    by_label = models.CharField(_("by"), max_length=200)
    side = models.CharField(_("side"), max_length=12, choices=Side.choices)
    text = models.TextField(_("text"), blank=True)
    files = models.ManyToManyField(File, blank=True, related_name="ticket_notes", verbose_name=_("files"))
    source_key = models.CharField(max_length=255, blank=True, help_text=_("wamid of the message it came by."))
    created_at = models.DateTimeField(_("when"), default=clock.now)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "source_key"], condition=~models.Q(source_key=""),
                                    name="incidents_note_once"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.by_label}: {self.text[:60]}"
