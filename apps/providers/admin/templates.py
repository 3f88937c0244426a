"""Screens for what the product says: templates by language, and what the carriers say of them."""

import json
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from apps.core.errors import RecadoError
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin, acting
from apps.journal.scoping import ScopedStackedInline
from apps.providers import services
from apps.providers.admin import handing, showing
from apps.providers.forms.templates import TranslationForm, TranslationFormSet
from apps.providers.kinds import kinds, titled
from apps.providers.models import Account, Approval, MessageTemplate, OtherTemplate, Translation
from apps.providers.policy import OPERATE, SUBMIT
from apps.providers.uses import uses, uses_of


def may_submit(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(SUBMIT) or request.user.has_perm(OPERATE))


class TranslationInline(ScopedStackedInline):
    model = Translation
    form = TranslationForm
    formset = TranslationFormSet
    extra = 0
    readonly_fields = ["preview", "version"]

    def _actions(self, obj: MessageTemplate | None) -> tuple[str, ...]:
        kind = kinds.get(obj.kind) if obj else None
        return tuple(next(iter(kind.buttons.values()), {})) if kind else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        titles = [f"title_{index}" for index, _action in enumerate(self._actions(obj), start=1)]
        editable = titles if self.has_change_permission(request, obj) else []
        return ["language", "header", "body", "footer", *editable, "preview", "version"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        about = {"kind_name": obj.kind if obj else "", "actions": self._actions(obj)}
        kwargs["form"] = type("TranslationForm", (TranslationForm,), about)
        kwargs["fields"] = ["language", "header", "body", "footer"]
        formset = super().get_formset(request, obj, **kwargs)
        self._places = (
            {one.pk: f"translations-{index}" for index, one in enumerate(obj.translations.all())} if obj else {}
        )
        return formset

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Without a wording people of that language would read another one; it can be edited."""
        return False

    @admin.display(description=_("looks like"))
    def preview(self, translation: Translation) -> str:
        kind = kinds.get(translation.template.kind) if translation.template_id else None
        shown = showing.bubble_of(translation, kind)
        samples = json.dumps(dict(kind.samples), ensure_ascii=False) if kind else "{}"
        live = self._places.get(translation.pk, "")
        return render_to_string("providers/bubble.html", {"bubble": shown, "live": live, "samples": samples})


class TroubleFilter(admin.SimpleListFilter):
    title = _("at WhatsApp")
    parameter_name = "at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("trouble", _("needs attention")), ("review", _("in review")), ("missing", _("not handed in"))]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[MessageTemplate]
    ) -> models.QuerySet[MessageTemplate]:
        if self.value() == "trouble":
            return queryset.filter(pk__in=services.templates_in_trouble())
        if self.value() == "review":
            return queryset.filter(translations__approvals__state=Approval.State.PENDING).distinct()
        if self.value() == "missing":
            return queryset.filter(translations__approvals=None).distinct()
        return queryset


@admin.register(MessageTemplate)
class MessageTemplateAdmin(RecordedModelAdmin):
    """Kinds are declared by the product; their wording is HR's."""

    empty_says = _(
        "Every message that Recado sends has its wording here, in each language. They come by themselves when "
        "Recado is set up."
    )
    list_display = ["title", "languages", "standing", "quality", "used_by", "owner", "updated_at"]
    list_filter = [TroubleFilter, "fallback", "category"]
    list_select_related = ["owner"]
    search_fields = ["kind", "translations__body"]
    readonly_fields = ["kind", "names"]
    autocomplete_fields = ["owner"]
    fields = ["kind", "names", "category", "owner", "fallback"]
    inlines = [TranslationInline]
    actions = ["hand_in"]
    change_form_outer_before_template = "providers/template.html"

    class Media:
        css: ClassVar = {"all": ["providers/templates.css"]}
        js = ("providers/bubble.js",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[MessageTemplate]:
        return super().get_queryset(request).prefetch_related("translations__approvals__account")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        found = uses_of([row.kind for row in changelist.result_list])
        for row in changelist.result_list:
            row.found_uses = found[row.kind]
        return changelist

    def search_exactly(self, text: str) -> models.Q | None:
        """By what a message is called in the reader's language, too."""
        return models.Q(kind__in=titled(text))

    # --- the list ---

    @display(description=_("message"), ordering="kind")
    def title(self, template: MessageTemplate) -> str:
        return str(template)

    @display(description=_("languages"))
    def languages(self, template: MessageTemplate) -> str:
        return ", ".join(row.language for row in template.translations.all())

    @display(description=_("at WhatsApp"), label=showing.LABELS)
    def standing(self, template: MessageTemplate) -> tuple[str, str]:
        return showing.worst(template)

    @display(description=_("quality"), label=showing.QUALITIES)
    def quality(self, template: MessageTemplate) -> tuple[str, str] | str:
        return showing.worst_quality(template)

    @display(description=_("used by"))
    def used_by(self, template: MessageTemplate) -> str:
        found = getattr(template, "found_uses", [])
        waits = [one.label for one in found if one.waits]
        others = len(found) - len(waits)
        told = [ngettext("%(count)s use", "%(count)s uses", others) % {"count": others}] if others else []
        return " · ".join([*waits, *told]) or "-"

    @display(description=_("names to fill in"))
    def names(self, template: MessageTemplate) -> str:
        kind = kinds.get(template.kind)
        if kind is None:
            return _now("The product no longer says this.")
        pairs = [("{{" + name + "}}", sample) for name, sample in kind.samples.items()]
        return format_html_join("", "<code>{}</code>: {}<br>", pairs) or "-"

    @admin.action(description=_("Hand in at WhatsApp…"))
    def hand_in(self, request: HttpRequest, queryset: models.QuerySet[MessageTemplate]) -> HttpResponse:
        return HttpResponseRedirect(handing.address(list(queryset.values_list("pk", flat=True))))

    # --- the page ---

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
        template = self.get_object(request, object_id)
        context = self._page(request, template) if template is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def _page(self, request: HttpRequest, template: MessageTemplate) -> dict[str, Any]:
        accounts = showing.by_account(template, list(Account.objects.all()))
        knocks = template.fallback == MessageTemplate.Fallback.KNOCK
        return {
            "template": template,
            "accounts": accounts,
            "troubles": [one for account in accounts for one in account["approvals"] if one["is_trouble"]],
            "uses": uses(template),
            "may_submit": may_submit(request),
            "hand_in": handing.address([template.pk]),
            "other_fallback": "hold" if knocks else "knock",
            "fallback_told": _now(
                "Meanwhile a short approved message with a Read button is sent instead; the text follows the tap."
            )
            if knocks
            else _now("Meanwhile messages that need it wait here, and leave by themselves once it can be used again."),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data and "category" in form.changed_data:
            messages.info(
                request, _now("The category counts when a template is handed in next; an approved one keeps its own.")
            )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("hand-in/", wrap(self._hand_in_view), name="providers_messagetemplate_hand_in"),
            path("<int:object_id>/fallback/", wrap(self._posted(_set_fallback)), name="providers_messagetemplate_fallback"),
            path("<int:object_id>/approval/<int:approval_id>/ask/", wrap(self._posted(_ask)), name="providers_messagetemplate_ask"),
            path("<int:object_id>/approval/<int:approval_id>/accept/", wrap(self._posted(_accept)),
                 name="providers_messagetemplate_accept"),
        ]  # fmt: skip
        return own + super().get_urls()

    def _hand_in_view(self, request: HttpRequest) -> HttpResponse:
        return handing.view(request, self.admin_site.each_context(request))

    def _posted(self, act: Callable[..., str]) -> Callable[..., HttpResponse]:
        """A POST from the template's page. A link, a preview or a prefetch changes nothing."""

        def view(request: HttpRequest, object_id: int, **named: int) -> HttpResponse:
            back = HttpResponseRedirect(reverse("admin:providers_messagetemplate_change", args=[object_id]))
            template = self.get_object(request, str(object_id))
            if request.method != "POST" or template is None:
                return back
            try:
                messages.success(request, act(request, template, **named))
            except RecadoError as error:
                messages.error(request, _now("%(what)s Nothing was changed.") % {"what": error})
            return back

        return view


def _approval(template: MessageTemplate, approval_id: int) -> Approval:
    rows = Approval.objects.select_related("account", "translation__template")
    return get_object_or_404(rows, pk=approval_id, translation__template=template)


def _set_fallback(request: HttpRequest, template: MessageTemplate) -> str:
    wanted = request.POST.get("fallback", "")
    fallback = "knock" if wanted == "knock" else "hold"
    services.set_fallback(template=template, fallback=fallback, by=acting(request))
    if fallback == "knock":
        return _now("From now on a knock is sent while the template cannot be used. What waits is looked at again.")
    return _now("From now on messages wait while the template cannot be used.")


def _ask(request: HttpRequest, template: MessageTemplate, approval_id: int) -> str:
    approval = _approval(template, approval_id)
    if services.ask_again(approval=approval, by=acting(request)):
        return _now("WhatsApp has answered: something has changed, see below.")
    return _now("WhatsApp has answered: it is as it was.")


def _accept(request: HttpRequest, template: MessageTemplate, approval_id: int) -> str:
    row = services.accept_category(approval=_approval(template, approval_id), by=acting(request))
    return _now("Agreed: it goes out as %(category)s. What waited for this leaves now.") % {"category": row.category}


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """What the carriers say; *Fetch templates* on the account brings it up to date."""

    empty_says = _(
        "Here stands what WhatsApp says about each wording: approved, waiting or refused. Connect an account, "
        "then fetch its templates."
    )
    empty_next = (_("Go to the WhatsApp accounts"), "admin:providers_account_changelist", "providers.view_account")
    list_display = [
        "name",
        "remote_language",
        "shown_state",
        "category",
        "shown_quality",
        "why",
        "account",
        "changed_at",
    ]
    list_filter = ["state", "account", "remote_language", "category", "quality"]
    list_select_related = ["account"]
    search_fields = ["name", "body"]
    readonly_fields = ["template"]

    @display(description=_("state"), ordering="state", label=showing.LABELS)
    def shown_state(self, approval: Approval) -> tuple[str, str]:
        return approval.state, approval.get_state_display()

    @display(description=_("quality"), ordering="quality", label=showing.QUALITIES)
    def shown_quality(self, approval: Approval) -> tuple[str, str]:
        return approval.quality, showing.quality(approval) or "-"

    @display(description=_("what happened"))
    def why(self, approval: Approval) -> str:
        return " ".join(showing.sentences(approval)) or "-"

    @display(description=_("template"))
    def template(self, approval: Approval) -> str:
        template = approval.translation.template
        link = reverse("admin:providers_messagetemplate_change", args=[template.pk])
        return format_html('<a href="{}">{}</a>', link, template)


@admin.register(OtherTemplate)
class OtherTemplateAdmin(ReadOnlyAdmin):
    """Templates of the account that none of our messages uses. Recado never touches them."""

    empty_says = _(
        "Templates of your account that Recado does not use are listed here, and never touched. None was found."
    )
    empty_next = (_("Go to the WhatsApp accounts"), "admin:providers_account_changelist", "providers.view_account")
    list_display = ["name", "language", "state", "category", "account", "seen_at"]
    list_filter = ["account", "state"]
    list_select_related = ["account"]
    search_fields = ["name", "body"]
