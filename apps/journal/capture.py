"""The base of every admin class: whatever somebody edits on a screen is recorded in the same commit.

Screens that decide something business-like do not edit: they have buttons (`@button`) that call services.
"""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, checkbox
from unfold.decorators import action, display

from apps.core.encryption import MASK, EncryptedTextField
from apps.core.errors import RecadoError
from apps.journal.actors import HasActor
from apps.journal.paging import KeysetChangeList
from apps.journal.scoping import ScopedMixin, scoped_filters, told_of_deleting
from apps.journal.searching import Searched
from apps.journal.services import plain, record

StrOrPromise = str | Promise


def snapshot(obj: models.Model | None) -> dict[str, Any]:
    """The row's columns as the journal writes them; secrets masked, passwords left out."""
    if obj is None:
        return {}
    values: dict[str, Any] = {}
    for field in obj._meta.concrete_fields:
        if field.name == "password":
            continue
        value = getattr(obj, field.attname)
        values[field.name] = (MASK if value else "") if isinstance(field, EncryptedTextField) else plain(value)
    return values


def difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what changed, on both sides."""
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in changed}, {key: after.get(key) for key in changed}


@functools.cache
def _box(language: str) -> str:
    """The theme's box beside a row, as a format for the row's key."""
    key = "recado-key"
    return checkbox.render(ACTION_CHECKBOX_NAME, key).replace("{", "{{").replace("}", "}}").replace(key, "{pk}")


class RecordedModelAdmin(ScopedMixin, Searched, ModelAdmin):
    """Every save and delete writes `<model>.added`, `.changed` or `.removed`. Personal values go into the entry's body.

    Rows, choices and filters keep to the model's row scope (`scopes.py`); a model without one has no screen.
    """

    empty_says: StrOrPromise = ""
    """What the list is for, read by whoever finds it empty: one or two short sentences."""
    empty_next: tuple[StrOrPromise, str, str] | None = None
    """Button of the empty list: its words, the name of its address, the permission that it needs. None: add a row."""

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = False
    warn_unsaved_form = True

    @display(description=ModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: models.Model) -> str:
        """As the theme's, without a template for every row."""
        return format_html(_box(get_language()), pk=obj.pk)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return scoped_filters(self.model, super().get_list_filter(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        shown, forbids = told_of_deleting(objs, found, protected)
        return shown, counts, lacking, forbids

    def empty_step(self, request: HttpRequest) -> tuple[StrOrPromise, str] | None:
        """Words and address of what to do about an empty list; None for whoever may not do it."""
        if self.empty_next is not None:
            words, name, permission = self.empty_next
            return (words, reverse(name)) if request.user.has_perm(permission) else None
        if not self.has_add_permission(request):
            return None
        add = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add")
        return _("Add %(name)s") % {"name": self.opts.verbose_name}, add

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        """Pages by key and bounded counts, for every list of the house."""
        return KeysetChangeList

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        with transaction.atomic():
            before = snapshot(type(obj)._default_manager.filter(pk=obj.pk).first()) if change else {}
            super().save_model(request, obj, form, change)
            record_edit(request, obj, before, snapshot(obj), "changed" if change else "added")

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        with transaction.atomic():
            record_edit(request, obj, snapshot(obj), {}, "removed")
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                record_edit(request, obj, snapshot(obj), {}, "removed")
            super().delete_queryset(request, queryset)

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        with transaction.atomic():
            model: type[models.Model] | None = getattr(formset, "model", None)
            shown = [obj.pk for obj in formset.get_queryset()] if model is not None else []
            stored = model._default_manager.in_bulk(shown) if model is not None else {}
            for gone in getattr(formset, "deleted_forms", []):  # before they go: a deleted row has no key any more
                row = stored.get(gone.instance.pk)
                if row is not None:
                    record_edit(request, row, snapshot(row), {}, "removed")
            super().save_formset(request, form, formset, change)
            for obj in getattr(formset, "new_objects", []):
                record_edit(request, obj, {}, snapshot(obj), "added")
            for obj, _fields in getattr(formset, "changed_objects", []):
                record_edit(request, obj, snapshot(stored.get(obj.pk)), snapshot(obj), "changed")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The journal is the one audit table: Django's own log stays empty."""

    log_change = log_addition

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """See `log_addition`."""


def acting(request: HttpRequest) -> HasActor:
    """Who sits at the screen. Raises PermissionDenied for nobody: an anonymous change has no author to record."""
    if not isinstance(request.user, HasActor):
        raise PermissionDenied
    return request.user


def record_edit(
    request: HttpRequest, obj: models.Model, before: dict[str, Any], after: dict[str, Any], verb: str
) -> None:
    """One entry of an edit on a screen; nothing when nothing changed. Whose a removed row was outlives its erasable body."""
    old, new = difference(before, after)
    if old or new:
        keys = {field.name: old[field.name] for field in obj._meta.concrete_fields
                if field.is_relation and old.get(field.name) is not None} if verb == "removed" else {}  # fmt: skip
        record(f"{obj._meta.model_name}.{verb}", subject=obj, by=acting(request), before=keys,
               body={"before": old, "after": new})  # fmt: skip


class ReadOnlyAdmin(RecordedModelAdmin):
    """Rows that only services write: the screen shows them and offers buttons."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def button(
    description: Any, *, permission: str, icon: str | None = None, is_atomic: bool = True, warns: Any = ""
) -> Callable[[Callable[..., str]], Any]:
    """A button on one row's page. The method gets (self, request, obj) and returns the sentence to show.

    The theme draws it as a link; `desk.js` sends it as a POST. A plain GET (no script, a link preview, a forged image)
    changes nothing: it shows a page that asks.

    It must call a service; a RecadoError becomes a message on the page and changes nothing. `permission` is a full
    codename ("incidents.answer_ticket"), checked here and again by the service. `is_atomic` is False for a service that
    talks to another server and keeps its own transactions: no transaction waits for the network. `warns` is the sentence
    that says what cannot be undone: such a button always asks first.
    """

    def decorate(method: Callable[..., str]) -> Any:
        @functools.wraps(method)
        def run(self: ModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self.get_object(request, object_id)
            if obj is None or not request.user.has_perm(permission):
                messages.error(request, _("You may not do this, or it is gone. Nothing was changed."))
                return HttpResponseRedirect(reverse("admin:index"))
            back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
            if request.method != "POST":
                return asked(self, request, title=description, subject=obj, back=back, warning=warns)
            try:
                with transaction.atomic() if is_atomic else contextlib.nullcontext():
                    messages.success(request, method(self, request, obj))
            except RecadoError as error:
                messages.error(request, _("%(what)s Nothing was changed.") % {"what": error})
            return HttpResponseRedirect(back)

        path = method.__name__.replace("_", "-")
        attrs = {} if warns else {"data-post": "true"}
        made = action(description=description, url_path=path, icon=icon, attrs=attrs)(run)
        made.warns = warns
        return made

    return decorate


def asked(
    screen: ModelAdmin, request: HttpRequest, *, title: Any, subject: Any, back: str, warning: Any = ""
) -> TemplateResponse:
    """The page that asks before one row is changed: `warning` says what cannot be undone."""
    context = {
        **screen.admin_site.each_context(request),
        "title": title,
        "subject": subject,
        "back": back,
        "warning": warning,
    }
    return TemplateResponse(request, "journal/confirm.html", context)
