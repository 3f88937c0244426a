"""Screens: conversations as one thread, the dialogues in them, and the menu that people get."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.conversations import desk, dialogue, queries
from apps.conversations.machine import DIALOGUE
from apps.conversations.models import Conversation, Dialogue, MenuItem, Message
from apps.conversations.targets import targets
from apps.core import clock
from apps.core.errors import NotPermittedError, RecadoError
from apps.forms.queries import lines
from apps.forms.schema import Schema, in_language
from apps.forms.translated import TranslatedAdminMixin
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin, acting, button
from apps.journal.searching import naming
from apps.people.searching import by_phone

Act = Callable[[HttpRequest, Conversation], str]


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Both sides as one thread, and a form to answer for those who may."""

    empty_says = _(
        "Once somebody writes to your number, the whole conversation stands here, both sides. Invite people, so "
        "that they write."
    )
    empty_next = (_("Invite people"), "admin:contacts_enrolment_changelist", "contacts.invite_employee")
    list_display = ("contact", "number", "last_inbound_at", "present_dialogue")
    list_select_related = ("contact__employee", "number")
    list_filter = ("number",)
    search_fields = ("contact__employee__name", "contact__employee__number", "contact__profile_name", "contact__phone")
    search_help_text = _("A person, a phone, or the wamid of a message in it.")
    fields = ("contact", "number", "last_inbound_at", "present_dialogue")
    readonly_fields = fields
    change_form_outer_after_template = "conversations/thread.html"

    class Media:
        css: ClassVar = {"all": ["forms/desk.css", "files/attachments.css", "conversations/thread.css"]}
        js: ClassVar = ["conversations/thread.js"]

    def search_exactly(self, text: str) -> Q | None:
        """By a phone in any spelling, and by the wamid of a message in it."""
        found = Q(pk__in=list(Message.objects.filter(remote_id=text).values_list("conversation_id", flat=True)[:9]))
        phone = by_phone(text)
        return found | naming(Conversation, ("contact",), phone) if phone else found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        rows = queries.visible_to(request.user).select_related("contact__employee", "number__account__portfolio")
        return rows.order_by("-last_inbound_at", "-id")

    @admin.display(description=_("open dialogue"))
    def present_dialogue(self, conversation: Conversation) -> str:
        current = dialogue.current(conversation)
        return f"{current.target} ({current.step})" if current else "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        conversation = self.get_object(request, object_id)
        context = desk.page(request, conversation) if conversation is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        views = {"answer": self._view_of(desk.answer), "react": self._view_of(desk.react), "seen": self._seen}
        own = [
            path(
                f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=f"conversations_conversation_{name}"
            )
            for name, view in views.items()
        ]
        return own + super().get_urls()

    def _view_of(self, act: Act) -> Callable[..., HttpResponse]:
        """A POST from the conversation's page. A link, a preview or a prefetch changes nothing."""

        def view(request: HttpRequest, object_id: int) -> HttpResponse:
            page = reverse("admin:conversations_conversation_change", args=[object_id])
            conversation = self.get_object(request, str(object_id))
            if request.method != "POST" or conversation is None:
                return HttpResponseRedirect(page)
            if not request.user.has_perm(queries.REPLY):
                raise PermissionDenied
            try:
                messages.success(request, act(request, conversation))
            except NotPermittedError as error:
                messages.error(request, str(error))
                return HttpResponseRedirect(page)
            except RecadoError as error:
                messages.error(request, str(error))
                # What was typed stays in the form; a browser gives a chosen file once only.
                request.method = "GET"
                draft = {**request.POST.dict(), "quoted": request.POST.get("quoting")}
                return self.change_view(request, str(object_id), extra_context={"draft": draft})
            return HttpResponseRedirect(f"{page}#answer")

        return view

    def _seen(self, request: HttpRequest, object_id: int) -> HttpResponse:
        conversation = self.get_object(request, str(object_id))
        if request.method != "POST" or conversation is None:
            return HttpResponse(status=404)
        try:
            desk.seen(request, conversation)
        except NotPermittedError:
            return HttpResponse(status=403)
        return HttpResponse(status=204)


@admin.register(Dialogue)
class DialogueAdmin(ReadOnlyAdmin):
    empty_says = _("While somebody fills in a form in the chat, how far they are stands here. Nobody has begun one.")
    empty_next = (
        _("See the menu on WhatsApp"),
        "admin:conversations_menuitem_changelist",
        "conversations.view_menuitem",
    )
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

    @button(
        _("Cancel"),
        permission="conversations.operate_dialogue",
        icon="close",
        warns=_("What the person has answered so far is lost: they begin again from the menu."),
    )
    def cancel_dialogue(self, request: HttpRequest, row: Dialogue) -> str:
        dialogue.close(dialogue=row, by=acting(request))
        return str(_("Cancelled. The person is told nothing; they may start again from the menu."))


class MenuItemForm(forms.ModelForm):
    target = forms.ChoiceField(label=_("Starts"), widget=UnfoldAdminSelectWidget,
                               help_text=_("What begins when somebody taps this row."))  # fmt: skip

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
    empty_says = _(
        "The menu is what people get when they write “menu”. Add a row for each thing they can do: report a "
        "problem, ask for something."
    )
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
