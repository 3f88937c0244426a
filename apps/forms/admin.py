"""Screens: forms with their questions and how they are asked, and what was filled in."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.forms import policy, queries
from apps.forms.models import Field, Form, Submission
from apps.forms.preview import preview
from apps.forms.schema import FieldSpec, Schema, in_language
from apps.forms.translated import ConditionField, LimitsField, OptionsField, TranslatedAdminMixin, TranslatedField
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin
from apps.journal.scoping import ScopedStackedInline


class FieldForm(forms.ModelForm):
    question = TranslatedField(is_long=True, max_length=policy.LONGEST_QUESTION, label=_("Question"),
                               help_text=_("What people are asked, in each language that they read."))  # fmt: skip
    limits = LimitsField(required=False, label=_("Limits"),
                         help_text=_("As the type needs. A date's limits may be a day or the word “today”."))  # fmt: skip
    choices = OptionsField(required=False, label=_("Options of a choice"),
                           help_text=_("Only for a choice: a short key that stays, and what people read."))  # fmt: skip
    condition = ConditionField(required=False, label=_("Asked only if"),
                               help_text=_("A field asked earlier. Leave empty to ask always."))  # fmt: skip

    class Meta:
        model = Field
        fields = ("order", "key", "kind", "question", "is_required", "is_sensitive", "limits", "choices", "condition")


class FieldFormSet(BaseInlineFormSet):
    """Refuses a form that would break while somebody fills it in."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        kept = sorted((values for values in kept if values.get("key")), key=lambda values: values.get("order") or 0)
        found = policy.problems(Schema(tuple(FieldSpec.from_json(values) for values in kept)))
        sentences = [problem.sentence for problem in found if problem.field]
        if sentences:
            raise ValidationError(sentences)


class FieldInline(ScopedStackedInline):
    model = Field
    form = FieldForm
    formset = FieldFormSet
    extra = 0
    verbose_name_plural = _("Questions, in the order in which they are asked")
    fieldsets = (
        (None, {"fields": (("order", "key", "kind"), "question", ("is_required", "is_sensitive"))}),
        (_("Limits, options, condition"), {"fields": ("limits", "choices", "condition")}),
    )


@admin.register(Form)
class FormAdmin(TranslatedAdminMixin, RecordedModelAdmin):
    empty_says = _(
        "A form is a list of questions that people answer in the chat. Problems and requests each start with one."
    )
    translated: ClassVar = {"name": 60}
    list_display = ("key", "name_shown", "questions", "versions_made")
    search_fields = ("key", "name")
    inlines = (FieldInline,)
    change_form_outer_after_template = "forms/preview.html"

    class Media:
        css: ClassVar = {"all": ["forms/desk.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Form]:
        counted: QuerySet[Form] = (
            super()
            .get_queryset(request)
            .annotate(question_count=Count("fields", distinct=True), version_count=Count("versions", distinct=True))
        )
        return counted

    @admin.display(description=_("name"))
    def name_shown(self, form: Form) -> str:
        return in_language(form.name, get_language() or "en")

    @admin.display(description=_("questions"))
    def questions(self, form: Any) -> int:
        return int(form.question_count)

    @admin.display(description=_("versions used"))
    def versions_made(self, form: Any) -> int:
        return int(form.version_count)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        form = self.get_object(request, object_id)
        shown = preview(queries.schema_of_form(form)) if form is not None else None
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "preview": shown})


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    empty_says = _("Every finished form is kept here with its answers. Nobody has finished one yet.")
    empty_next = (_("See the forms"), "admin:forms_form_changelist", "forms.view_form")
    list_display = ("id", "version", "by", "created_at")
    list_select_related = ("version__form", "by")
    list_filter = ("version__form",)
    search_fields = ("by__name",)
    fields = ("version", "by", "created_at", "answers_shown")
    readonly_fields = fields
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        return queries.visible_to(request.user).select_related("version__form", "by").order_by("-id")

    @admin.display(description=_("answers"))
    def answers_shown(self, submission: Submission) -> str:
        lines = queries.answers_for_people(submission, get_language() or "en")
        return format_html_join("", "<p><b>{}</b><br>{}</p>", lines)
