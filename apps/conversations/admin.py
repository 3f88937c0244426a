"""Screens: conversations as one thread, the dialogues in them, and the menu that people get."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.conversations import dialogue, queries
from apps.conversations.machine import DIALOGUE
from apps.conversations.models import Conversation, Dialogue, MenuItem
from apps.conversations.targets import targets
from apps.core import clock
from apps.files.models import File
from apps.forms.queries import lines
from apps.forms.schema import Schema, in_language
from apps.forms.translated import TranslatedAdminMixin
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin, acting, button


def file_address(file: File) -> str:
    """Where the console shows a file; empty when it does not."""
    try:
        return reverse("console:file", args=[file.pk])
    except NoReverseMatch:
        return ""


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("contact", "number", "last_inbound_at", "present_dialogue")
    list_select_related = ("contact__employee", "number")
    list_filter = ("number",)
    search_fields = ("contact__employee__name", "contact__profile_name", "contact__phone")
    fields = ("contact", "number", "last_inbound_at", "present_dialogue")
    readonly_fields = fields
    change_form_outer_after_template = "conversations/thread.html"

    class Media:
        css: ClassVar = {"all": ["forms/desk.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        rows = queries.visible_to(request.user).select_related("contact__employee", "number")
        return rows.order_by("-last_inbound_at", "-id")

    @admin.display(description=_("open dialogue"))
    def present_dialogue(self, conversation: Conversation) -> str:
        current = dialogue.current(conversation)
        return f"{current.target} ({current.step})" if current else "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        conversation = self.get_object(request, object_id)
        thread = queries.thread(conversation) if conversation is not None else None
        for line in thread or ():
            for file in line.files:
                file.address = file_address(file)  # type: ignore[attr-defined] # for the template
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "thread": thread})


@admin.register(Dialogue)
class DialogueAdmin(ReadOnlyAdmin):
    list_display = ("conversation", "target", "state", "step", "waiting_for")
    list_select_related = ("conversation__contact__employee",)
    list_filter = ("state", "target")
    search_fields = ("conversation__contact__employee__name", "conversation__contact__phone")
    fields = ("conversation", "target", "argument", "state", "step", "draft_shown", "touched_at", "created_at")
    readonly_fields = fields
    actions_detail: ClassVar = ["cancel_dialogue"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dialogue]:
        return queries.visible_dialogues(request.user).select_related("conversation__contact__employee").order_by("-id")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """An ended dialogue has no button."""
        row = self.get_object(request, str(object_id))
        return super().get_actions_detail(request, object_id) if row and row.state in DIALOGUE["cancel"].sources else []

    @admin.display(description=_("waiting for the person since"))
    def waiting_for(self, row: Dialogue) -> str:
        return timesince(row.touched_at, clock.now()) if row.state in {"open", "paused"} else "–"

    @admin.display(description=_("draft"))
    def draft_shown(self, row: Dialogue) -> str:
        answers = lines(Schema.from_json(row.schema), row.answers, get_language() or "en")
        return "\n".join(f"{label}: {text}" for label, text in answers) or "–"

    @button(_("Cancel"), permission="conversations.operate_dialogue", icon="close")
    def cancel_dialogue(self, request: HttpRequest, row: Dialogue) -> str:
        dialogue.close(dialogue=row, by=acting(request))
        return str(_("Cancelled. The person is told nothing; they may start again from the menu."))


class MenuItemForm(forms.ModelForm):
    target = forms.ChoiceField(label=_("Starts"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = MenuItem
        fields = ("order", "label", "description", "target", "argument", "is_shown")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [
            (name, f"{target.label} ({name})" if target.label else name)
            for name, target in targets
            if target.is_startable
        ]
        present = self.instance.target
        if present and present not in dict(known):
            known.append((present, str(_("%(target)s: no longer there")) % {"target": present}))
        self.fields["target"].choices = known  # type: ignore[attr-defined]


@admin.register(MenuItem)
class MenuItemAdmin(TranslatedAdminMixin, RecordedModelAdmin):
    translated: ClassVar = {"label": 24, "description": 72}
    form = MenuItemForm
    list_display = ("label_shown", "target", "argument", "order", "is_shown", "problem")
    list_filter = ("is_shown",)
    ordering = ("order", "id")

    @admin.display(description=_("label"))
    def label_shown(self, item: MenuItem) -> str:
        return in_language(item.label, get_language() or "en")

    @admin.display(description=_("to mend"))
    def problem(self, item: MenuItem) -> str:
        return "–" if item.target in targets else str(_("It leads nowhere, so nobody sees it."))
