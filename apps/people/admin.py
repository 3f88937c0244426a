"""Screens for people: who works here, in which teams, who is away, who may sign in."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core import clock
from apps.core.errors import InvalidInputError
from apps.journal.capture import RecordedModelAdmin, acting, button
from apps.journal.services import record
from apps.people import policy, queries, services
from apps.people.models import Absence, Deputy, Employee, Membership, Team, User
from apps.people.phones import normalise


class ScopedChoicesMixin:
    """Employees and teams to choose from are those that the user may see: no list leaks another team's people."""

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **options: Any) -> Any:
        if db_field.related_model is Employee:
            options.setdefault("queryset", queries.visible_employees(request.user))
        elif db_field.related_model is Team:
            options.setdefault("queryset", queries.visible_teams(request.user))
        return super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]


class EmployeeForm(ModelForm):
    """Phones in any local spelling, known time zones, no rounds of managers."""

    def clean_phone(self) -> str:
        text = self.cleaned_data["phone"].strip()
        try:
            return normalise(text) if text else ""
        except InvalidInputError as error:
            raise ValidationError(str(error)) from error

    def clean_time_zone(self) -> str:
        try:
            return services.checked_time_zone(self.cleaned_data["time_zone"].strip())
        except InvalidInputError as error:
            raise ValidationError(str(error)) from error

    def clean_manager(self) -> Employee | None:
        manager: Employee | None = self.cleaned_data["manager"]
        try:
            services.check_manager(self.instance, manager)
        except InvalidInputError as error:
            raise ValidationError(str(error)) from error
        return manager


class MembershipInline(ScopedChoicesMixin, TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["team"]
    fields = ["team", "is_lead", "starts_on", "ends_on"]


class MemberInline(ScopedChoicesMixin, TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["employee"]
    fields = ["employee", "is_lead", "starts_on", "ends_on"]
    verbose_name_plural = _("members")


@admin.register(Employee)
class EmployeeAdmin(ScopedChoicesMixin, RecordedModelAdmin):
    """The state changes by the buttons only."""

    form = EmployeeForm
    list_display = ["name", "number", "state", "position", "manager", "phone", "language", "away"]
    list_filter = ["state", "language", "teams"]
    list_select_related = ["manager"]
    search_fields = ["name", "number", "email", "phone"]
    autocomplete_fields = ["manager"]
    inlines = [MembershipInline]
    readonly_fields = ["state", "left_on", "created_at"]
    actions_detail = ["mark_left", "take_back"]
    fieldsets = [
        (None, {"fields": ["number", "name", "position", "manager"]}),
        (_("How to reach them"), {"fields": ["phone", "email", "language", "time_zone"]}),
        (_("Here since"), {"fields": ["state", "left_on", "created_at", "user"]}),
    ]

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
            messages.warning(request, gettext("Saved. %(other)s has the same phone: only one of them can use the chat "
                                              "from it.") % {"other": twin})  # fmt: skip

    @admin.display(description=_("away today"), boolean=True)
    def away(self, employee: Any) -> bool:
        return bool(employee.is_away)

    @button(_("Mark as left"), permission="people.change_employee", icon="logout")
    def mark_left(self, request: HttpRequest, obj: Employee) -> str:
        services.mark_left(employee=obj, by=acting(request))
        return gettext("%(name)s has left: nothing can be decided by them any more.") % {"name": obj}

    @button(_("Came back"), permission="people.change_employee", icon="login")
    def take_back(self, request: HttpRequest, obj: Employee) -> str:
        services.take_back(employee=obj, by=acting(request))
        return gettext("%(name)s works here again. The sign-in stays locked.") % {"name": obj}


class TeamForm(ModelForm):
    def clean_parent(self) -> Team | None:
        parent: Team | None = self.cleaned_data["parent"]

        def parent_of(team_id: int) -> int | None:
            return Team.objects.filter(pk=team_id).values_list("parent_id", flat=True).first()

        if parent and self.instance.pk and policy.comes_round(self.instance.pk, parent.pk, parent_of):
            raise ValidationError(gettext("%(team)s lies below this team: choose another one.") % {"team": parent})
        return parent


@admin.register(Team)
class TeamAdmin(ScopedChoicesMixin, RecordedModelAdmin):
    form = TeamForm
    list_display = ["name", "parent", "leads", "size"]
    list_select_related = ["parent"]
    search_fields = ["name"]
    autocomplete_fields = ["parent"]
    inlines = [MemberInline]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Team]:
        active = models.Q(memberships__employee__state=Employee.State.ACTIVE)
        counted = queries.visible_teams(request.user).annotate(members=models.Count("memberships", filter=active))
        return counted.prefetch_related("memberships__employee")

    @admin.display(description=_("led by"))
    def leads(self, team: Team) -> str:
        return ", ".join(str(row.employee) for row in team.memberships.all() if row.is_lead and row.employee.is_active)

    @admin.display(description=_("members"), ordering="members")
    def size(self, team: Any) -> int:
        return int(team.members)


class OfVisibleEmployees(ScopedChoicesMixin, RecordedModelAdmin):
    """Rows of an employee: seen by whoever sees the employee."""

    autocomplete_fields = ["employee", "deputy"]
    list_select_related = ["employee", "deputy"]
    search_fields = ["employee__name", "employee__number"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).filter(employee__in=queries.visible_employees(request.user))


@admin.register(Absence)
class AbsenceAdmin(OfVisibleEmployees):
    list_display = ["employee", "starts_on", "ends_on", "deputy", "reason"]
    list_filter = ["starts_on", "ends_on"]


@admin.register(Deputy)
class DeputyAdmin(OfVisibleEmployees):
    list_display = ["employee", "deputy"]


# --- signing in -------------------------------------------------------------------------------------------------------


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RecordedModelAdmin):  # type: ignore[misc]
    """Only an administrator hands out roles and touches administrators: nobody can raise themselves."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "employee_name", "roles", "is_active", "last_login"]
    list_filter = ["groups", "is_active", "is_superuser"]
    list_select_related = ["employee"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fields = ["last_login", "date_joined"]
        if not request.user.is_superuser:
            fields += ["is_superuser", "groups", "user_permissions"]
        return fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not is_above

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Lock a sign-in by its *active* tick; the row stays for the journal."""
        return False

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        with transaction.atomic():
            before = sorted(form.instance.groups.values_list("name", flat=True))
            super().save_related(request, form, formsets, change)
            after = sorted(form.instance.groups.values_list("name", flat=True))
            if before != after:
                record("user.roles_changed", subject=form.instance, by=acting(request),
                       before={"roles": before}, after={"roles": after})  # fmt: skip

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django names it
        if not self.has_change_permission(request, self.get_object(request, id)):
            raise PermissionDenied
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            if request.method == "POST" and response.status_code == 302:
                record("user.password_changed", subject=self.get_object(request, id), by=acting(request))
        return response

    @admin.display(description=_("employee"))
    def employee_name(self, user: User) -> str:
        return str(getattr(user, "employee", "") or "")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, RecordedModelAdmin):  # type: ignore[misc]
    """Roles. What a role may do is recorded like every other change."""

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        with transaction.atomic():
            before = _codenames(form.instance)
            super().save_related(request, form, formsets, change)
            after = _codenames(form.instance)
            if before != after:
                record("group.permissions_changed", subject=form.instance, by=acting(request),
                       before={"taken": sorted(before - after)}, after={"given": sorted(after - before)})  # fmt: skip


def _codenames(group: Group) -> set[str]:
    rows = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}
