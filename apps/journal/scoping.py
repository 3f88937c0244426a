"""How a screen keeps to the row scope (`core.scope`): its rows, what its fields and filters offer, what it says on deleting."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import ngettext
from unfold.admin import StackedInline, TabularInline

from apps.core import scope

NAMED = 20
"""Rows named on the page that asks before many are deleted; of the others it says how many."""


class ScopedMixin:
    """For admin classes and inlines: rows out of scope do not exist, and are not offered."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        return _keeping(super().get_form(request, obj, change, **options))  # type: ignore[misc]

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        formset = super().get_formset(request, obj, **options)  # type: ignore[misc]
        formset.form = _keeping(formset.form)
        return formset

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return scope.narrow(super().get_queryset(request), request.user)  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        options["queryset"] = _offered(db_field, request, options)
        field = super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]
        if field is not None:
            field.keeps_present = True
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        options["queryset"] = _offered(db_field, request, options)
        return super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]


def _offered(db_field: Any, request: HttpRequest, options: dict[str, Any]) -> models.QuerySet[Any]:
    given = options.get("queryset")
    rows = db_field.remote_field.model._default_manager.all() if given is None else given
    return scope.narrow(rows, request.user)


class KeepsPresent:
    """Mixin of forms: the row that a field names already may stay, even out of scope. Saving must not empty it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields, instance = self.fields, self.instance  # type: ignore[attr-defined]
        for name, field in fields.items():
            present = getattr(instance, f"{name}_id", None) if getattr(field, "keeps_present", False) else None
            if present is not None and field.queryset.query.where:
                rows = models.Q(pk__in=field.queryset.order_by().values("pk")) | models.Q(pk=present)
                field.queryset = field.queryset.model._default_manager.filter(rows)


def _keeping(form: type[Any]) -> type[Any]:
    return form if issubclass(form, KeepsPresent) else type(form.__name__, (KeepsPresent, form), {})


class ScopedTabularInline(ScopedMixin, TabularInline):
    """A table of rows inside another page: only those that the reader may see."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """The theme's heading of a column names no field for who cannot see the table: each field says its own name."""
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", capfirst(str(field.label)))
        return field


class ScopedStackedInline(ScopedMixin, StackedInline):
    """As ScopedTabularInline, one below the other."""


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """The choices beside a list: only what the reader may see, so that no filter tells another team's name."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        visible = scope.narrow(field.remote_field.model._default_manager.all(), request.user)
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to={"pk__in": visible.order_by().values("pk")}
        )


def scoped_filters(model: type[models.Model], filters: Any) -> list[Any]:
    """The same filters; those on a relation offer only what the reader may see."""
    return [(item, ScopedRelatedFilter) if _is_relation(model, item) else item for item in filters]


def _is_relation(model: type[models.Model], item: Any) -> bool:
    if not isinstance(item, str):
        return False
    try:
        return bool(get_fields_from_path(model, item)[-1].is_relation)
    except FieldDoesNotExist:
        return False


def told_of_deleting(objs: Any, found: Any, protected: Any) -> tuple[list[Any], list[Any]]:
    """What would go and what forbids it: the rows chosen by name, everything behind them only as a number.

    The rows behind may be another team's; their names are nobody's business who only wants to delete.
    """
    behind = max(0, _count(found) - len(objs))
    lines: list[Any] = [str(obj) for obj in objs[:NAMED]]
    more = len(objs) - len(lines)
    if more:
        lines.append(ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more})
    if behind:
        lines.append(
            ngettext("%(count)s row that hangs on it", "%(count)s rows that hang on it", behind) % {"count": behind}
        )
    forbids = len(protected)
    told = ngettext("%(count)s row that still needs it", "%(count)s rows that still need it", forbids) % {
        "count": forbids
    }
    return lines, [told] if forbids else []


def _count(found: Any) -> int:
    return sum(_count(item) if isinstance(item, list) else 1 for item in found)
