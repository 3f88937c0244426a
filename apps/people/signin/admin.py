"""Screens of who signs in and of what roles may do."""

from typing import Any, cast

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from apps.journal.capture import RecordedModelAdmin, acting, button
from apps.journal.services import record
from apps.people.models import User
from apps.people.role_fields import GuardedUserForm, RoleFields
from apps.people.roles import role_name, role_sentence
from apps.people.signin import services as signin


@admin.register(User)
class UserAdmin(RoleFields, DjangoUserAdmin, RecordedModelAdmin):  # type: ignore[misc]
    """Only an administrator hands out roles and touches administrators: nobody can raise themselves."""

    empty_says = _("Whoever works at this desk has a sign-in. People who only use WhatsApp need none.")
    form = GuardedUserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "employee_name", "roles", "is_active", "last_login"]
    list_filter = ["groups", "is_active", "is_superuser"]
    list_select_related = ["employee"]
    actions_detail = ["reset_factors", "sign_out_everywhere"]

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

    @button(
        _("Reset second factor"),
        permission="people.change_user",
        icon="phonelink_erase",
        warns=_(
            "Their app, passkeys and recovery codes are removed for good and every session ends; they set up a second factor anew."
        ),
    )
    def reset_factors(self, request: HttpRequest, obj: User) -> str:
        signin.reset_factors(user=obj, by=cast(User, acting(request)))
        return gettext("%(name)s has no second factor any more and is signed out everywhere. The next sign-in sets up a "
                       "new one: make sure that it is really them.") % {"name": obj}  # fmt: skip

    @button(_("Sign out everywhere"), permission="people.change_user", icon="logout")
    def sign_out_everywhere(self, request: HttpRequest, obj: User) -> str:
        ended = signin.sign_out_everywhere(user=obj, by=cast(User, acting(request)))
        return gettext("Sessions of %(name)s that were ended: %(count)s.") % {"name": obj, "count": ended}

    @admin.display(description=_("employee"))
    def employee_name(self, user: User) -> str:
        return str(getattr(user, "employee", "") or "")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(role_name(group.name) for group in user.groups.all())


# Rows of allauth are no screens: a person has "Your sign-in", an operator the buttons above.
for label in ("account", "mfa", "socialaccount", "usersessions"):
    for model in apps.get_app_config(label).get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, RecordedModelAdmin):  # type: ignore[misc]
    """Roles. What a role may do is recorded like every other change."""

    empty_says = _(
        "A role says what somebody may do at this desk. The six of Recado come by themselves when it is set up."
    )
    list_display = ["shown_name", "what"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "name":
            options["help_text"] = _(
                "As it is called here, like “Payroll”. The six roles of the house keep their names."
            )
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description=_("role"), ordering="name")
    def shown_name(self, group: Group) -> str:
        return role_name(group.name)

    @admin.display(description=_("what it is for"))
    def what(self, group: Group) -> str:
        return role_sentence(group.name) or "–"

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
