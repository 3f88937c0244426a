"""What left, what waits and why, what nobody knows. Rows change by buttons only."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.core import clock
from apps.journal.capture import ReadOnlyAdmin, button
from apps.journal.labels import labelled
from apps.journal.searching import about, naming, newest, whole_number
from apps.outbox import queries, reasons, services
from apps.outbox.machine import BY_HAND, WAITING
from apps.outbox.models import OutboundMessage
from apps.people.bulk.screens import BulkDeeds
from apps.people.searching import by_phone
from apps.providers.kinds import kinds, title_of, titled
from apps.providers.models import Account

State = OutboundMessage.State
LONG_WAIT = timedelta(minutes=10)

COLOURS = {
    State.QUEUED: "info", State.SENDING: "info", State.HELD: "warning", State.UNSURE: "danger", State.FAILED: "danger",
    State.SENT: "primary", State.DELIVERED: "success", State.READ: "success",
}  # fmt: skip


class QuestionFilter(admin.SimpleListFilter):
    """The questions that an operator has."""

    title = _("show")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("unsure", _("Unsure")),
            ("held", _("Held")),
            ("failed", _("Failed")),
            ("long", _("Waiting over 10 minutes")),
            ("resent", _("Sent again while unsure")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in {State.UNSURE, State.HELD, State.FAILED}:
            return queryset.filter(state=self.value())
        if self.value() == "long":
            return queryset.filter(pk__in=queries.waiting_longer_than(LONG_WAIT))
        return queryset.filter(is_resend=True) if self.value() == "resent" else queryset


class ReasonFilter(admin.SimpleListFilter):
    title = _("why it waits")
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, reason.label) for code, reason in reasons.REASONS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(held_reason=self.value(), state__in=WAITING) if self.value() else queryset


@admin.register(OutboundMessage)
class OutboundMessageAdmin(BulkDeeds, ReadOnlyAdmin):
    empty_says = _(
        "Every message to a person is listed here, with when it left and what became of it. None has been sent yet."
    )
    empty_next = (_("Invite people"), "admin:contacts_enrolment_changelist", "contacts.invite_employee")
    list_display = ("shown_state", "why", "until", "contact", "title", "shown_how", "age", "attempts")
    list_display_links = ("shown_state", "contact")
    list_only = (
        "state", "kind", "how", "attempts", "held_reason", "error_code", "not_before", "created_at", "number__slow_until",
        "number__account__state", "contact__phone", "contact__profile_name", "contact__employee__name",
    )  # fmt: skip
    list_filter = (QuestionFilter, ReasonFilter, "state", "lane", "number")
    list_filter_submit = True
    list_select_related = ("contact__employee", "number__account")
    search_fields = ("=key", "=remote_id", "contact__employee__name", "contact__profile_name", "contact__phone")
    search_help_text = _(
        "A person, a phone, a wamid, the number of what it is about; a kind of message in the newest 100,000."
    )
    fieldsets = (
        (None, {"fields": ("bubble", "state", "explanation", "until")}),
        (_("To whom and about what"), {"fields": ("contact", "number", "title", "kind", "klass", "lane", "language", "about", "age")}),
        (_("What became of it"), {"fields": ("tries", "attempts", "sent_at", "delivered_at", "read_at", "failed_at",
                                             "is_resend", "remote_id", "error_code")}),
        (_("Where it comes from"), {"fields": ("key", "is_reply", "in_reply_to", "expires_at", "correlation_id")}),
    )  # fmt: skip
    readonly_fields = (
        "bubble", "state", "explanation", "until", "about", "age", "tries", "shown_how", "contact", "number", "title", "kind",
        "klass", "lane", "language", "attempts", "sent_at", "delivered_at", "read_at", "failed_at", "is_resend",
        "remote_id", "error_code", "key", "is_reply", "in_reply_to", "expires_at", "correlation_id",
    )  # fmt: skip
    actions_detail = ("retry", "cancel", "resend")

    def get_queryset(self, request: HttpRequest) -> Any:
        return queries.visible_to(request.user).select_related("contact__employee", "number__account")

    def search_condition(self, request: HttpRequest, text: str) -> Q:
        """By what a message is called in the reader's language, too."""
        found = super().search_condition(request, text)
        named = {*titled(text), *(name for name, _kind in kinds if name.startswith(text))}
        return found | newest(OutboundMessage, Q(kind__in=named)) if named else found

    def search_exactly(self, text: str) -> Q | None:
        """Our number, a key, a wamid, a phone in any spelling, the number of what the message is about."""
        found = Q(key=text) | Q(remote_id=text)
        if number := whole_number(text):
            found |= Q(pk=number) | about(text)
        if phone := by_phone(text):
            found |= naming(OutboundMessage, ("contact",), phone)
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """Only the buttons that would work now."""
        row = self.get_object(request, str(object_id))
        moves = BY_HAND.allowed(row.state) if row and request.user.has_perm(services.OPERATE) else []
        return [one for one in super().get_actions_detail(request, object_id) if one.method.__name__ in moves]

    # --- columns ------------------------------------------------------------------------------------------------------

    @labelled(COLOURS, description=_("state"), ordering="state")
    def shown_state(self, message: OutboundMessage) -> tuple[str, str]:
        return message.state, str(State(message.state).label)

    @display(description=_("why"))
    def why(self, message: OutboundMessage) -> str:
        if message.state == State.FAILED:
            return message.error_code or "–"
        return reasons.label(_reason(message)) or "–"

    @display(description=_("until"), ordering="not_before")
    def until(self, message: OutboundMessage) -> str:
        """A true moment, or nothing: what waits for a person's word waits as long as that takes."""
        reason = _reason(message)
        is_timed = reason in reasons.TIMED if message.state == State.HELD else reason != reasons.TURN
        moment = message.not_before
        if message.state == State.QUEUED and message.number.slow_until is not None:
            moment = max(moment, message.number.slow_until)
        if message.state not in WAITING or moment <= clock.now() or not is_timed:
            return "–"
        return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"

    @display(description=_("message"), ordering="kind")
    def title(self, message: OutboundMessage) -> str:
        return title_of(message.kind)

    @display(description=_("how"), ordering="how")
    def shown_how(self, message: OutboundMessage) -> str:
        return str(OutboundMessage.How(message.how).label) if message.how else ""

    @display(description=_("age"), ordering="created_at")
    def age(self, message: OutboundMessage) -> str:
        return timesince(message.created_at, clock.now())

    # --- page ---------------------------------------------------------------------------------------------------------

    @display(description=_("message"))
    def bubble(self, message: OutboundMessage) -> str:
        content = message.content or message.given
        rows = [row.get("title", "") for row in content.get("buttons") or content.get("rows") or []]
        if message.how == OutboundMessage.How.TEMPLATE:
            rows = [row.title or row.action for row in message.minted_buttons.order_by("id")]
        name = content.get("name", "") if content.get("type") == "Template" else ""
        text = message.shown_text
        context = {"text": text, "rows": rows, "how": message.get_how_display(), "template": name}
        return render_to_string("outbox/bubble.html", context)

    @display(description=_("what happened, what to do"))
    def explanation(self, message: OutboundMessage) -> str:
        if message.state == State.UNSURE:
            return gettext(
                "No answer came from WhatsApp, so nobody knows whether this arrived. A status may still tell. "
                "Press Send again only if getting it twice does no harm."
            )
        return message.error_text or reasons.sentence(_reason(message)) or "–"

    @display(description=_("about"))
    def about(self, message: OutboundMessage) -> str:
        return f"{message.subject_type} {message.subject_id}".strip() or "–"

    @display(description=_("tries"))
    def tries(self, message: OutboundMessage) -> str:
        return render_to_string("outbox/tries.html", {"tries": message.tries.all()})

    # --- buttons ------------------------------------------------------------------------------------------------------

    @button(_("Retry"), permission=services.OPERATE, icon="refresh")
    def retry(self, request: HttpRequest, message: OutboundMessage) -> str:
        services.retry(message=message, by=request.user)  # type: ignore[arg-type]
        return gettext("Back in the queue. It leaves as soon as nothing stands in its way.")

    @button(
        _("Cancel"),
        permission=services.OPERATE,
        icon="cancel",
        warns=_("A cancelled message stays cancelled: it is never sent."),
    )
    def cancel(self, request: HttpRequest, message: OutboundMessage) -> str:
        services.cancel(message=message, by=request.user)  # type: ignore[arg-type]
        return gettext("Cancelled. It will not be sent.")

    @button(
        _("Send again"),
        permission=services.OPERATE,
        icon="send",
        warns=_("Nobody knows whether it arrived: the person may get the same message twice."),
    )
    def resend(self, request: HttpRequest, message: OutboundMessage) -> str:
        services.resend(message=message, by=request.user)  # type: ignore[arg-type]
        return gettext("Sent again. The person may get it twice; it is counted among the resends.")


def _reason(message: OutboundMessage) -> str:
    """What a row that is ready waits for all the same: its account, its number, or only its turn."""
    if message.state != State.QUEUED:
        return message.held_reason
    if message.number.account.state != Account.State.ACTIVE:
        return reasons.ACCOUNT_PAUSED
    if not message.held_reason and message.number.slow_until is not None and message.number.slow_until > clock.now():
        return reasons.SLOW_NUMBER
    return message.held_reason or reasons.NEXT
