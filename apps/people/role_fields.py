"""The fields of a sign-in that give roles: named in the reader's language, with what each role is for, and one guard."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from unfold.forms import UserChangeForm

from apps.people.departures import is_last_administrator
from apps.people.roles import NAMES, role_name


class GuardedUserForm(UserChangeForm):
    """Refuses to lock or demote the last administrator: nobody could hand out roles any more."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        touched = {"is_superuser", "is_active"} & set(self.fields)
        if any(not values.get(name) for name in touched) and is_last_administrator(self.instance_before()):
            raise ValidationError(
                _("This is the last administrator who can sign in. Make somebody else one first; nothing was changed.")
            )
        return values

    def instance_before(self) -> Any:
        """The row as it is stored: `instance` may carry what was typed."""
        return type(self.instance)._default_manager.filter(pk=self.instance.pk).first() or self.instance


def _lines() -> str:
    rows = ((name, sentence) for name, sentence in NAMES.values())
    return format_html("<ul>{}</ul>", format_html_join("", "<li><b>{}</b>: {}</li>", rows))


class RoleFields:
    """Mixin of the screen of sign-ins."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]
        if db_field.name == "groups" and field is not None:
            field.label_from_instance = _label
            field.help_text = _lines()
        return field


def _label(group: Group) -> str:
    return role_name(group.name)
