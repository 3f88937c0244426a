"""What came in, as the operator sees it: states, errors, the raw bytes, and the two replay buttons."""

import contextlib
import json
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from apps.inbox import services
from apps.inbox.models import InboundEvent, Receipt
from apps.journal.capture import ReadOnlyAdmin, button

SHOWN_BYTES = 20_000


class EventInline(TabularInline):
    model = InboundEvent
    fields = ("name", "state", "note", "attempts", "error", "done_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "account", "state_label", "event_count", "times_received", "error")
    list_filter = ("state", "account")
    list_select_related = ("account",)
    fields = ("account", "received_at", "state", "error", "times_received", "key", "query", "headers", "raw")
    readonly_fields = fields
    inlines = (EventInline,)
    actions_detail = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        return super().get_queryset(request).defer("body").annotate(events_total=Count("events"))

    @display(description=_("state"), label={"received": "info", "parsed": "success", "unreadable": "danger"})
    def state_label(self, receipt: Receipt) -> tuple[str, str]:
        return receipt.state, receipt.get_state_display()

    @display(description=_("events"))
    def event_count(self, receipt: Any) -> int:
        return int(receipt.events_total)

    @display(description=_("body"))
    def raw(self, receipt: Receipt) -> str:
        text = bytes(receipt.body).decode("utf-8", "replace")
        with contextlib.suppress(ValueError):  # not JSON: shown as it came
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
        return format_html('<pre class="recado-pre">{}</pre>', text[:SHOWN_BYTES])

    @button(_("Replay"), permission="inbox.replay_receipt", icon="replay")
    def replay(self, request: HttpRequest, obj: Receipt) -> str:
        failed = services.replay_receipt(receipt=obj, by=request.user)  # type: ignore[arg-type]
        return ngettext(
            "Read again. %(count)s event that was set aside is tried once more; what took effect stays as it is.",
            "Read again. %(count)s events that were set aside are tried once more; what took effect stays as it is.",
            failed,
        ) % {"count": failed}


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "name", "person", "state_label", "note", "attempts", "error")
    list_filter = ("state", "name", "account")
    search_fields = ("=person", "key")
    fields = ("name", "state", "note", "person", "account", "key", "attempts", "not_before", "error", "created_at",
              "done_at", "receipt", "content")  # fmt: skip
    readonly_fields = fields
    actions_detail = ("try_again",)

    @display(
        description=_("state"), label={"pending": "info", "done": "success", "ignored": "warning", "failed": "danger"}
    )
    def state_label(self, event: InboundEvent) -> tuple[str, str]:
        return event.state, event.get_state_display()

    @display(description=_("event, normalised"))
    def content(self, event: InboundEvent) -> str:
        return format_html('<pre class="recado-pre">{}</pre>', json.dumps(event.data, ensure_ascii=False, indent=2))

    @button(_("Try again"), permission="inbox.replay_receipt", icon="replay")
    def try_again(self, request: HttpRequest, obj: InboundEvent) -> str:
        services.replay_event(event=obj, by=request.user)  # type: ignore[arg-type]
        return gettext("The event is tried again in a moment.")
