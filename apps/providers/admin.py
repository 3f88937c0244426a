"""Screens for channels (portfolio, account, number) and for what the product says (templates by language)."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline, TabularInline

from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin, button
from apps.journal.services import record
from apps.providers import services
from apps.providers.forms import SECRETS, AccountForm, TranslationForm, TranslationFormSet
from apps.providers.kinds import kinds, render
from apps.providers.models import Account, Approval, MessageTemplate, Number, Portfolio, Translation
from apps.providers.policy import OPERATE


@admin.register(Portfolio)
class PortfolioAdmin(RecordedModelAdmin):
    list_display = ["name", "remote_id"]
    search_fields = ["name", "remote_id"]


class NumberInline(TabularInline):
    model = Number
    extra = 0
    fields = ["phone", "label", "remote_id", "is_default", "quality", "slow_until"]
    readonly_fields = ["quality", "slow_until"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Conversations and messages stand on numbers."""
        return False


@admin.register(Account)
class AccountAdmin(RecordedModelAdmin):
    """Secrets go in and never come out; the state changes by the buttons only."""

    form = AccountForm
    list_display = ["name", "state", "state_reason", "state_changed_at", "kind", "portfolio"]
    list_filter = ["state", "kind"]
    list_select_related = ["portfolio"]
    search_fields = ["name", "remote_id"]
    inlines = [NumberInline]
    readonly_fields = ["webhook_address", "state", "state_reason", "state_changed_at"]
    actions_detail = ["check_connection", "fetch_templates", "pause", "resume", "forget_previous_secret"]
    fieldsets = [
        (None, {"fields": ["name", "portfolio", "kind", "remote_id", "base_url"]}),
        (_("How it is"), {"fields": ["state", "state_reason", "state_changed_at"]}),
        (_("Webhook"), {"fields": ["webhook_address", "verify_token", "app_secret", "previous_app_secret"]}),
        (_("Sending"), {"fields": ["access_token"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Pause it instead: what came and went by it stands in the records."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            changed = form.changed_secrets()
            if changed:
                record("account.secret_changed", subject=obj, by=request.user, after={"fields": changed})  # type: ignore[arg-type]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever may only look is shown no secret: Django would print the value of a field that cannot be changed."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in SECRETS]})
            for title, options in fieldsets
        ]

    @admin.display(description=_("webhook address"))
    def webhook_address(self, account: Account) -> str:
        if not account.pk:
            return _now("Shown after the first save.")
        address = f"{settings.BASE_URL}/hooks/{account.kind}/{account.hook_key}/"
        hint = _now("Copy it into the app at Meta, with the verify token below.")
        return format_html('<code style="user-select: all; word-break: break-all">{}</code><br>{}', address, hint)

    @button(_("Test the connection"), permission=OPERATE, icon="network_check", is_atomic=False)
    def check_connection(self, request: HttpRequest, account: Account) -> str:
        reports = services.check_connection(account=account, by=request.user)  # type: ignore[arg-type]
        if not reports:
            return _now("The access token works. The account has no number yet.")
        lines = [f"{one.phone or one.remote_id} {one.name} {one.quality}".strip() for one in reports]
        return _now("It works: %(numbers)s.") % {"numbers": "; ".join(lines)}

    @button(_("Fetch templates"), permission=OPERATE, icon="sync", is_atomic=False)
    def fetch_templates(self, request: HttpRequest, account: Account) -> str:
        result = services.seed_approvals(account=account, by=request.user)  # type: ignore[arg-type]
        counts = {"created": result.created, "found": result.found, "approved": result.approved}
        told = _now("Templates: %(created)s registered, %(found)s found there, %(approved)s approved.") % counts
        refused = _now("Refused: %(names)s (see their reasons).") % {"names": ", ".join(result.refused)}
        return f"{told} {refused}" if result.refused else told

    @button(_("Pause"), permission=OPERATE, icon="pause")
    def pause(self, request: HttpRequest, account: Account) -> str:
        services.pause_account(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("Paused. What would go out waits here.")

    @button(_("Resume"), permission=OPERATE, icon="play_arrow")
    def resume(self, request: HttpRequest, account: Account) -> str:
        services.resume_account(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("Active again. What waited goes out now.")

    @button(_("Forget the previous app secret"), permission=OPERATE, icon="key_off")
    def forget_previous_secret(self, request: HttpRequest, account: Account) -> str:
        services.forget_previous_secret(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("Only the present app secret is accepted now.")


class TranslationInline(StackedInline):
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
        return ["language", "body", *editable, "preview", "version"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        about = {"kind_name": obj.kind if obj else "", "actions": self._actions(obj)}
        kwargs["form"] = type("TranslationForm", (TranslationForm,), about)
        kwargs["fields"] = ["language", "body"]
        return super().get_formset(request, obj, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Without a wording people of that language would read another one; it can be edited."""
        return False

    @admin.display(description=_("looks like"))
    def preview(self, translation: Translation) -> str:
        kind = kinds.get(translation.template.kind) if translation.pk else None
        text = render(translation.body, kind.samples) if kind else ""
        titles = " ".join(f"[{title}]" for title in (translation.buttons or {}).values())
        return format_html('<span style="white-space: pre-wrap">{}</span><br>{}', text, titles) if text else "-"


@admin.register(MessageTemplate)
class MessageTemplateAdmin(RecordedModelAdmin):
    """Kinds are declared by the product; their wording is HR's."""

    list_display = ["kind", "languages", "approvals", "updated_at"]
    search_fields = ["kind", "translations__body"]
    readonly_fields = ["kind", "names", "approvals"]
    fields = ["kind", "names", "approvals"]
    inlines = [TranslationInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[MessageTemplate]:
        return super().get_queryset(request).prefetch_related("translations__approvals__account")

    @admin.display(description=_("languages"))
    def languages(self, template: MessageTemplate) -> str:
        return ", ".join(row.language for row in template.translations.all())

    @admin.display(description=_("names to fill in"))
    def names(self, template: MessageTemplate) -> str:
        kind = kinds.get(template.kind)
        if kind is None:
            return _now("The product no longer says this.")
        pairs = [("{{" + name + "}}", sample) for name, sample in kind.samples.items()]
        return format_html_join("", "<code>{}</code>: {}<br>", pairs) or "-"

    @admin.display(description=_("approval by the carrier"))
    def approvals(self, template: MessageTemplate) -> str:
        lines = []
        for translation in template.translations.all():
            for approval in translation.approvals.all():
                is_same = approval.body == translation.body or approval.state != Approval.State.APPROVED
                note = "" if is_same else _now("another text than here")
                lines.append((translation.language, approval.get_state_display(), approval.account.name, note))
        return format_html_join("", "{}: {} ({}) {}<br>", lines) or _now("not registered")


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """What the carriers say; *Fetch templates* on the account brings it up to date."""

    list_display = ["name", "remote_language", "state", "reason", "category", "account", "changed_at"]
    list_filter = ["state", "account", "remote_language"]
    list_select_related = ["account"]
    search_fields = ["name", "body"]
