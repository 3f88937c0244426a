"""What came in, as the operator sees it: states, errors, the raw bytes, and the replays of one or many."""

import contextlib
import json
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.inbox import queries, services
from apps.inbox.models import InboundEvent, Receipt
from apps.inbox.replaying import PERMISSION
from apps.journal.capture import ReadOnlyAdmin, acting, button
from apps.journal.labels import labelled
from apps.journal.scoping import ScopedTabularInline
from apps.journal.services import record
from apps.people.bulk.screens import BulkDeeds
from apps.providers.models import Account

SHOWN = 20_000  # characters on the page; the rest is in the download
SHOWN_EVENTS = 50  # a webhook may bring a thousand


def pretty(text: str, address: str = "") -> str:
    """Bytes of strangers on a page: indented when they are JSON, always escaped, cut when they are long."""
    with contextlib.suppress(ValueError, RecursionError):  # not JSON, or nested beyond reason: shown as it came
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    if len(text) <= SHOWN:
        return format_html('<pre class="recado-pre" tabindex="0">{}</pre>', text)
    cut = gettext("Only the first %(shown)s of %(all)s characters are shown.") % {"shown": SHOWN, "all": len(text)}
    link = format_html(' <a href="{}">{}</a>', address, gettext("Download all of it")) if address else ""
    return format_html('<pre class="recado-pre" tabindex="0">{}</pre><p>{}{}</p>', text[:SHOWN], cut, link)


class EventInline(ScopedTabularInline):
    model = InboundEvent
    fields = ("name", "state", "note", "attempts", "error", "done_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True
    tab = True
    per_page = SHOWN_EVENTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        return super().get_queryset(request).defer("data").order_by("id")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Receipt)
class ReceiptAdmin(BulkDeeds, ReadOnlyAdmin):
    empty_says = _(
        "Whatever WhatsApp and other services send to us is kept here as it came. Nothing has come: check the "
        "webhook of your account."
    )
    empty_next = (_("Go to the WhatsApp accounts"), "admin:providers_account_changelist", "providers.view_account")
    list_display = ("received_at", "account", "state_label", "event_count", "times_received", "error")
    list_filter = ("state", "account")
    list_select_related = ("account",)
    fields = ("account", "received_at", "state", "advice", "error", "times_received", "emptied_at", "key", "query",
              "headers", "raw")  # fmt: skip
    readonly_fields = fields
    inlines = (EventInline,)
    actions_detail = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        events = InboundEvent.objects.filter(receipt=OuterRef("pk")).order_by().values("receipt")
        counted = events.annotate(count=Count("pk")).values("count")  # only for the rows of one page
        return super().get_queryset(request).defer("body").annotate(events_total=Subquery(counted))

    def get_urls(self) -> list[URLPattern]:
        body = path("<int:pk>/body/", self.admin_site.admin_view(self.download), name="inbox_receipt_body")
        return [body, *super().get_urls()]

    @labelled({"received": "info", "parsed": "success", "unreadable": "danger"}, description=_("state"))
    def state_label(self, receipt: Receipt) -> tuple[str, str]:
        return receipt.state, receipt.get_state_display()

    @display(description=_("events"))
    def event_count(self, receipt: Any) -> int:
        return int(receipt.events_total or 0)

    @display(description=_("what to do"))
    def advice(self, receipt: Receipt) -> str:
        return queries.advice_for_receipt(receipt) or "–"

    @display(description=_("body"))
    def raw(self, receipt: Receipt) -> str:
        if receipt.emptied_at is not None:
            return gettext("Removed: its time was over.")
        text = bytes(receipt.body).decode("utf-8", "replace")
        return pretty(text, reverse("admin:inbox_receipt_body", args=[receipt.pk]))

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, to be saved and never shown. Who takes them is recorded."""
        receipt = self.get_object(request, str(pk))
        if receipt is None or not self.has_view_permission(request, receipt) or not request.user.has_perm(PERMISSION):
            return HttpResponse(status=404)
        with transaction.atomic():
            record("receipt.downloaded", subject=receipt, by=acting(request))
        answer = HttpResponse(bytes(receipt.body), content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="receipt-{receipt.pk}.bin"'
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["Cache-Control"] = "no-store"
        return answer

    @button(_("Replay"), permission=PERMISSION, icon="replay")
    def replay(self, request: HttpRequest, obj: Receipt) -> str:
        failed = services.replay_receipt(receipt=obj, by=request.user)  # type: ignore[arg-type]
        return ngettext(
            "Read again. %(count)s event that was set aside is tried once more; what took effect stays as it is.",
            "Read again. %(count)s events that were set aside are tried once more; what took effect stays as it is.",
            failed,
        ) % {"count": failed}


@admin.register(InboundEvent)
class InboundEventAdmin(BulkDeeds, ReadOnlyAdmin):
    empty_says = _(
        "Each thing that a webhook tells, such as a message or a receipt, is one row here. Nothing has come yet."
    )
    empty_next = (_("Go to the WhatsApp accounts"), "admin:providers_account_changelist", "providers.view_account")
    list_display = ("created_at", "name", "person", "state_label", "note", "attempts", "error")
    list_filter = ("state", "name", "account")
    search_fields = ("=pk",)
    search_recent = ("person", "key")
    search_help_text = _("The id of an event; a person or a part of an id in the newest 100,000.")
    fields = ("name", "state", "advice", "note", "person", "account", "key", "attempts", "not_before", "error",
              "created_at", "done_at", "receipt", "content")  # fmt: skip
    readonly_fields = fields
    actions_detail = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        return super().get_queryset(request).select_related("account")

    def search_exactly(self, text: str) -> Q | None:
        return Q(account__in=list(Account.objects.values_list("pk", flat=True)), key=text)  # as its index has them

    @display(
        description=_("state"), label={"pending": "info", "done": "success", "ignored": "warning", "failed": "danger"}
    )
    def state_label(self, event: InboundEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()

    @display(description=_("what to do"))
    def advice(self, event: InboundEvent) -> str:
        return queries.advice_for_event(event) or "–"

    @display(description=_("event, normalised"))
    def content(self, event: InboundEvent) -> str:
        return pretty(json.dumps(event.data, ensure_ascii=False))

    @button(_("Try again"), permission=PERMISSION, icon="replay")
    def try_again(self, request: HttpRequest, obj: InboundEvent) -> str:
        services.replay_event(event=obj, by=request.user)  # type: ignore[arg-type]
        return gettext("The event is tried again in a moment.")
