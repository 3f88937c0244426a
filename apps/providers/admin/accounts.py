"""Screens for channels: portfolio, account, number."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.core.findings import Level
from apps.journal.capture import ReadOnlyAdmin, RecordedModelAdmin, acting, button
from apps.journal.scoping import ScopedTabularInline
from apps.journal.services import record
from apps.providers import checkup, news, queries, services
from apps.providers.admin.showing import told_of_fetching
from apps.providers.forms.accounts import SECRETS, AccountForm
from apps.providers.gauges import gauges_around, gauges_of
from apps.providers.health import state_line
from apps.providers.models import Account, AccountAlert, Number, Portfolio
from apps.providers.policy import OPERATE

WRITTEN_BY_SERVICES = [
    "state",
    "state_reason",
    "state_changed_at",
    "restricted_until",
    "bad_signatures",
    "bad_signature_at",
]


@admin.register(Portfolio)
class PortfolioAdmin(RecordedModelAdmin):
    empty_says = _(
        "A portfolio is your company at Meta: its accounts share one limit of people they may write to in a day."
    )
    list_display = ["name", "remote_id", "tier", "reserve_percent"]
    search_fields = ["name", "remote_id"]
    fields = ["name", "remote_id", "tier", "reserve_percent"]
    change_form_outer_before_template = "providers/gauges.html"

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        portfolio = self.get_object(request, object_id)
        gauges = gauges_of(portfolio) if portfolio is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "gauges": gauges})


class NumberInline(ScopedTabularInline):
    model = Number
    extra = 0
    fields = ["phone", "label", "remote_id", "is_default", "per_second", "quality", "name_status", "slow_until"]
    readonly_fields = ["quality", "name_status", "slow_until"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Conversations and messages stand on numbers."""
        return False


@admin.register(Account)
class AccountAdmin(RecordedModelAdmin):
    """Secrets go in and never come out; the state changes by the buttons only."""

    empty_says = _(
        "A WhatsApp account is what messages leave from and arrive at. Have its number, token and secret at hand; "
        "the page checks them."
    )
    form = AccountForm
    list_display = ["name", "state", "state_reason", "state_changed_at", "kind", "portfolio"]
    list_filter = ["state", "kind"]
    list_select_related = ["portfolio"]
    search_fields = ["name", "remote_id"]
    inlines = [NumberInline]
    change_form_outer_before_template = "providers/account.html"
    readonly_fields = ["webhook_address", "templates", "state", "state_reason", "state_changed_at"]
    actions_detail = [
        "run_checklist",
        {"title": _("Webhooks"), "icon": "webhook", "items": ["subscribe", "forget_previous_secret"]},
        {
            "title": _("Templates"),
            "icon": "translate",
            "items": ["fetch_templates", "hand_in_templates", "stop_fetching"],
        },
        {"title": _("Sending"), "icon": "send", "items": ["pause", "resume"]},
    ]
    fieldsets = [
        (None, {"fields": ["name", "portfolio", "kind", "remote_id", "base_url"]}),
        (_("How it is"), {"fields": ["state", "state_reason", "state_changed_at"]}),
        (_("Webhook"), {"fields": ["webhook_address", "verify_token", "app_secret", "previous_app_secret"]}),
        (_("Sending"), {"fields": ["access_token", "read_marks"]}),
        (_("Templates"), {"fields": ["templates", "templates_most"]}),
    ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        account = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(_seen_at(account) if account is not None else {})}
        return super().change_view(request, object_id, form_url, context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Pause it instead: what came and went by it stands in the records."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            if change:
                # A ban that came while somebody typed must not be written over with what the page had loaded.
                Account.objects.select_for_update().get(pk=obj.pk)
                obj.refresh_from_db(fields=WRITTEN_BY_SERVICES)
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
        address = queries.webhook_address(account)
        hint = _now("Copy it into the app at Meta, with the verify token below.")
        return format_html('<code style="user-select: all; word-break: break-all">{}</code><br>{}', address, hint)

    @button(_("Check everything"), permission=OPERATE, icon="network_check", is_atomic=False)
    def run_checklist(self, request: HttpRequest, account: Account) -> str:
        found = checkup.findings_of(checkup.run(account=account, by=acting(request)))
        to_mend = sum(one.level in {Level.AMBER, Level.RED} for one in found)
        if not to_mend:
            return _now("Everything that could be looked at is well.")
        told = ngettext("%(count)s line needs you: the list says how to mend it.",
                        "%(count)s lines need you: the list says how to mend each.", to_mend)  # fmt: skip
        return told % {"count": to_mend}

    @button(_("Subscribe to webhooks"), permission=OPERATE, icon="webhook", is_atomic=False)
    def subscribe(self, request: HttpRequest, account: Account) -> str:
        services.subscribe(account=account, by=acting(request))
        return _now("WhatsApp has tested the address and sends this account’s webhooks to it.")

    @button(_("Fetch templates"), permission=OPERATE, icon="sync")
    def fetch_templates(self, request: HttpRequest, account: Account) -> str:
        services.begin_fetching(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("The templates are being fetched. Load the page again to see how far it is.")

    @button(_("Hand in missing templates"), permission=OPERATE, icon="upload")
    def hand_in_templates(self, request: HttpRequest, account: Account) -> str:
        services.begin_fetching(account=account, by=request.user, registers=True)  # type: ignore[arg-type]
        return _now("The templates are being fetched, and those that WhatsApp does not have are handed in.")

    @button(_("Stop fetching"), permission=OPERATE, icon="sync_disabled")
    def stop_fetching(self, request: HttpRequest, account: Account) -> str:
        if services.cancel_fetching(account=account, by=request.user):  # type: ignore[arg-type]
            return _now("Stopped. What was not yet written stays as it was.")
        return _now("Nothing was being fetched.")

    @admin.display(description=_("templates at WhatsApp"))
    def templates(self, account: Account) -> str:
        return told_of_fetching(account)

    @button(_("Pause"), permission=OPERATE, icon="pause")
    def pause(self, request: HttpRequest, account: Account) -> str:
        services.pause_account(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("Paused. What would go out waits here.")

    @button(_("Resume"), permission=OPERATE, icon="play_arrow")
    def resume(self, request: HttpRequest, account: Account) -> str:
        services.resume_account(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("Active again. What waited goes out now.")

    @button(
        _("Forget the previous app secret"),
        permission=OPERATE,
        icon="key_off",
        warns=_("The old secret is gone for good: webhooks that WhatsApp still signs with it are refused."),
    )
    def forget_previous_secret(self, request: HttpRequest, account: Account) -> str:
        services.forget_previous_secret(account=account, by=request.user)  # type: ignore[arg-type]
        return _now("Only the present app secret is accepted now.")


def _seen_at(account: Account) -> dict[str, Any]:
    """What stands above the form: why nothing leaves, notices nobody has seen, the last checklist, today's use of every budget."""
    last = checkup.last_of(account)
    standing = state_line(account)
    alerts = account.alerts.filter(seen_at=None)
    return {
        "standing": [standing] if standing.level != Level.GREEN else [],
        "checkup": last,
        "is_in_other_words": bool(last and last.language and last.language != get_language()),
        "findings": checkup.findings_of(last) if last else [],
        "alerts": [(alert, news.sentence_of(alert.code)) for alert in alerts],
        "gauges": gauges_around(account),
    }


@admin.register(AccountAlert)
class AccountAlertAdmin(ReadOnlyAdmin):
    """What WhatsApp told about accounts. *Seen* takes a notice off the home and the health page."""

    empty_says = _(
        "What WhatsApp says about your accounts, such as a warning or a new limit, comes here by itself. It has "
        "said nothing so far."
    )
    list_display = ["at", "account", "severity", "sentence", "words", "seen_at", "seen_by"]
    list_filter = ["severity", ("seen_at", admin.EmptyFieldListFilter), "account"]
    list_select_related = ["account"]
    fields = ["at", "account", "severity", "sentence", "words", "seen_at", "seen_by"]
    actions_detail = ["mark_seen"]

    @admin.display(description=_("what it means"))
    def sentence(self, alert: AccountAlert) -> str:
        return news.sentence_of(alert.code)

    @button(_("Seen"), permission=OPERATE, icon="done")
    def mark_seen(self, request: HttpRequest, alert: AccountAlert) -> str:
        news.mark_seen(alert=alert, by=acting(request))
        return _now("Noted. It stays here, and leaves the home.")
