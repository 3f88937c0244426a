"""Screens for people: who works here, in which teams, who is away, who may sign in."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.core import clock
from apps.journal.capture import RecordedModelAdmin, acting
from apps.journal.paging import KeysetChangeList
from apps.journal.scoping import ScopedTabularInline
from apps.journal.services import record
from apps.people import policy, queries
from apps.people.bulk import admin as bulk_admin
from apps.people.bulk.screens import BulkDeeds
from apps.people.departure_screens import DepartureButtons
from apps.people.filters import TodayFilter
from apps.people.forms import EmployeeForm
from apps.people.importing import admin as importing_admin
from apps.people.importing import resource, samples
from apps.people.importing import services as importing
from apps.people.models import Absence, CostCentre, Deputy, Employee, Membership, Team
from apps.people.searching import by_phone
from apps.people.signin import admin as signin_admin
from apps.people.timeline_screen import TimelinePage

__all__ = ["bulk_admin", "importing_admin", "signin_admin"]  # they register their screens

TREE = 500  # teams


class MembershipInline(ScopedTabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["team"]
    fields = ["team", "is_lead", "starts_on", "ends_on"]


class MemberInline(ScopedTabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["employee"]
    fields = ["employee", "is_lead", "starts_on", "ends_on"]
    verbose_name_plural = _("members")


class DeputyInline(ScopedTabularInline):
    """Who stands in for this person whenever the absence names nobody."""

    model = Deputy
    fk_name = "employee"
    extra = 0
    max_num = 1
    autocomplete_fields = ["deputy"]
    fields = ["deputy"]


class AbsenceInline(ScopedTabularInline):
    """Of today and later; those behind stand in the list of absences."""

    model = Absence
    fk_name = "employee"
    extra = 0
    autocomplete_fields = ["deputy"]
    fields = ["starts_on", "ends_on", "deputy", "reason"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Absence]:
        return super().get_queryset(request).filter(ends_on__gte=clock.now().date())


@admin.register(Employee)
class EmployeeAdmin(TimelinePage, DepartureButtons, BulkDeeds, RecordedModelAdmin):
    """The state changes by the buttons only."""

    empty_says = _(
        "Everybody who works here stands in this list. The quickest way to fill it is a file from your payroll."
    )
    empty_next = (_("Import people from a file"), "admin:people_importjob_upload", "people.add_employee")
    form = EmployeeForm
    list_display = ["name", "number", "state", "position", "manager", "phone", "language", "away"]
    list_filter = ["state", "language", "teams", "cost_centre"]
    list_select_related = ["manager"]
    search_fields = ["name", "number", "email", "phone", "position"]
    search_help_text = _("A name, an employee number, a phone, an e-mail or a position.")
    autocomplete_fields = ["manager"]
    inlines = [MembershipInline, DeputyInline, AbsenceInline]
    actions_list = ["import_people", "export_csv", "export_xlsx"]
    readonly_fields = ["state", "left_on", "leaves_on", "created_at"]
    actions_detail = ["timeline", "mark_left", "take_back"]
    fieldsets = [
        (None, {"fields": ["number", "name", "position", "cost_centre", "manager"]}),
        (_("How to reach them"), {"fields": ["phone", "email", "language", "time_zone", "calendar"]}),
        (_("Here since"), {"fields": ["state", "left_on", "leaves_on", "created_at", "user"]}),
    ]

    def search_exactly(self, text: str) -> models.Q | None:
        found = models.Q(number__in={text, text.upper()})
        return found | phone if (phone := by_phone(text)) else found

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Employee]:
        away = Absence.objects.filter(employee=models.OuterRef("pk"))
        today = clock.now().date()
        visible = queries.visible_employees(request.user)
        return visible.annotate(is_away=models.Exists(away.filter(starts_on__lte=today, ends_on__gte=today)))

    def get_readonly_fields(self, request: HttpRequest, obj: Employee | None = None) -> list[str]:
        """Whoever chooses the sign-in of an employee may speak as that person: only who manages sign-ins does."""
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.has_perm("people.change_user") else [*fields, "user"]

    def has_delete_permission(self, request: HttpRequest, obj: Employee | None = None) -> bool:
        """People leave; their rows stand in requests, tickets and the journal."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        twin = Employee.objects.filter(phone=obj.phone, state=Employee.State.ACTIVE).exclude(pk=obj.pk).first()
        if obj.phone and twin is not None:
            is_seen = queries.visible_employees(request.user).filter(pk=twin.pk).exists()
            twin_name = twin.name if is_seen else gettext("Somebody else")
            messages.warning(request, gettext("Saved. %(other)s has the same phone: only one of them can use the chat "
                                              "from it.") % {"other": twin_name})  # fmt: skip

    @admin.display(description=_("away today"), boolean=True)
    def away(self, employee: Any) -> bool:
        return bool(employee.is_away)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return importing.may_import(request.user)  # type: ignore[arg-type]

    @action(description=_("Import people"), url_path="import", permissions=["import"], icon="upload_file")
    def import_people(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:people_importjob_upload"))

    @action(description=_("Export what is filtered as CSV"), url_path="export-csv", permissions=["view"])
    def export_csv(self, request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
        return self._export(request, "csv")

    @action(description=_("Export as XLSX"), url_path="export-xlsx", permissions=["view"])
    def export_xlsx(self, request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
        return self._export(request, "xlsx")

    def _export(self, request: HttpRequest, kind: str) -> StreamingHttpResponse | HttpResponse:
        """The rows of the list, filtered and searched as it is: never more than this person may see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request).get_queryset(request).order_by("name", "pk")
        except IncorrectLookupParameters:  # a filter that does not exist: the list says so
            return HttpResponseRedirect(f"{reverse('admin:people_employee_changelist')}?e=1")
        with transaction.atomic():
            record("employees.exported", by=acting(request), after={"format": kind, "employees": shown.count()},
                   body={"filter": request.GET.urlencode()})  # fmt: skip
        lines = resource.lines(queries.for_export(shown, reader=request.user))
        return samples.exported(kind, lines, f"people-{clock.now():%Y%m%d-%H%M%S}")


class TeamForm(ModelForm):
    def clean_name(self) -> str:
        """Imports find teams by name, without case."""
        name: str = self.cleaned_data["name"]
        if Team.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(gettext("“%(name)s” is there already.") % {"name": name})
        return name

    def clean_parent(self) -> Team | None:
        parent: Team | None = self.cleaned_data["parent"]

        def parent_of(team_id: int) -> int | None:
            return Team.objects.filter(pk=team_id).values_list("parent_id", flat=True).first()

        if parent and self.instance.pk and policy.comes_round(self.instance.pk, parent.pk, parent_of):
            raise ValidationError(gettext("%(team)s lies below this team: choose another one.") % {"team": parent})
        return parent


@admin.register(Team)
class TeamAdmin(RecordedModelAdmin):
    """In the order of the tree, each below the one it belongs to."""

    empty_says = _("Teams say who answers what, and who sees whom. An import of people can make them for you.")
    form = TeamForm
    list_display = ["branch", "parent", "leads", "size"]
    list_select_related = ["parent"]
    search_fields = ["name"]
    autocomplete_fields = ["parent"]
    inlines = [MemberInline]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Team]:
        active = models.Q(memberships__in=queries.present(), memberships__employee__state=Employee.State.ACTIVE)
        if not queries.sees_everybody(request.user):  # a plain member sees who leads the team, not how many are in it
            active &= models.Q(memberships__employee__in=queries.visible_employees(request.user))
        counted = queries.visible_teams(request.user).annotate(members=models.Count("memberships", filter=active))
        present = models.Prefetch("memberships", queries.present().select_related("employee"), to_attr="present")
        return counted.order_by("name").prefetch_related(present)  # counting drops the model's order

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """As a tree while it can be told in one statement; by name beyond."""
        paths = list(queries.team_paths())
        if not 0 < len(paths) <= TREE:
            return ["name"]
        places = (models.When(pk=team, then=place) for place, team in enumerate(paths))
        return [models.Case(*places, default=len(paths), output_field=models.IntegerField()), "name"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        """The list knows how deep each of its teams stands."""

        class Tree(super().get_changelist(request, **kwargs)):  # type: ignore[misc]
            def get_results(self, request: HttpRequest) -> None:
                super().get_results(request)
                paths = queries.team_paths()
                for team in self.result_list:
                    team.depth = len(paths.get(team.pk, [""])) - 1

        return Tree

    @admin.display(description=_("team"), ordering="name")
    def branch(self, team: Any) -> str:
        return f"{'– ' * getattr(team, 'depth', 0)}{team.name}"

    @admin.display(description=_("led by"))
    def leads(self, team: Any) -> str:
        return ", ".join(str(row.employee) for row in team.present if row.is_lead and row.employee.is_active)

    @admin.display(description=_("members"), ordering="members")
    def size(self, team: Any) -> int:
        return int(team.members)


@admin.register(CostCentre)
class CostCentreAdmin(RecordedModelAdmin):
    empty_says = _("A cost centre is what somebody’s cost is booked on. Requests can be sent to its owner.")
    list_display = ["code", "name", "owner", "size"]
    list_select_related = ["owner"]
    search_fields = ["code", "name"]
    search_help_text = _("A code or a name.")
    autocomplete_fields = ["owner"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[CostCentre]:
        active = models.Q(employees__state=Employee.State.ACTIVE)
        return super().get_queryset(request).annotate(people=models.Count("employees", filter=active))

    @admin.display(description=_("people"), ordering="people")
    def size(self, centre: Any) -> int:
        return int(centre.people)


class OfVisibleEmployees(RecordedModelAdmin):
    """Rows of an employee: seen by whoever sees the employee."""

    autocomplete_fields = ["employee", "deputy"]
    list_select_related = ["employee", "deputy"]
    search_fields = ["employee__name", "employee__number"]


class AwayFilter(TodayFilter):
    words = _("away today")

    def rows_of(self, rows: models.QuerySet[Absence], reader: Employee | None) -> models.QuerySet[Absence]:
        return queries.away_today(rows, reader)


@admin.register(Absence)
class AbsenceAdmin(OfVisibleEmployees):
    empty_says = _(
        "While somebody is away, their deputy decides for them. Record an absence with its first and last day."
    )
    list_display = ["employee", "starts_on", "ends_on", "deputy", "reason"]
    list_filter = [AwayFilter, "starts_on", "ends_on"]


@admin.register(Deputy)
class DeputyAdmin(OfVisibleEmployees):
    empty_says = _("A standing deputy decides whenever somebody is away and the absence names nobody.")
    list_display = ["employee", "deputy"]
