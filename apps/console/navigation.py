"""What stands in the sidebar: by what people do, and only what they may open."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Row = tuple[str | Promise, str, str]  # title, icon (Material Symbols), "app.model"

GROUPS: tuple[tuple[str | Promise, tuple[Row, ...]], ...] = (
    (
        _("Today"),
        (
            (_("Approvals"), "approval", "approvals.request"),
            (_("Tickets"), "confirmation_number", "incidents.ticket"),
            (_("Conversations"), "forum", "conversations.conversation"),
        ),
    ),
    (
        _("People"),
        (
            (_("Employees"), "badge", "people.employee"),
            (_("Teams"), "groups", "people.team"),
            (_("Absences"), "event_busy", "people.absence"),
            (_("WhatsApp contacts"), "contact_phone", "contacts.contact"),
        ),
    ),
    (
        _("Set up"),
        (
            (_("Menu on WhatsApp"), "list", "conversations.menuitem"),
            (_("Forms"), "list_alt", "forms.form"),
            (_("Approval flows"), "account_tree", "approvals.flow"),
            (_("Incident categories"), "category", "incidents.category"),
            (_("Wording"), "translate", "providers.messagetemplate"),
            (_("WhatsApp accounts"), "hub", "providers.account"),
        ),
    ),
    (
        _("Records"),
        (
            (_("Journal"), "menu_book", "journal.entry"),
            (_("Outgoing messages"), "outbox", "outbox.outboundmessage"),
            (_("Dialogues"), "quickreply", "conversations.dialogue"),
        ),
    ),
    (
        _("Running it"),
        (
            (_("Webhooks received"), "move_to_inbox", "inbox.receipt"),
            (_("Inbound events"), "input", "inbox.inboundevent"),
            (_("Timers"), "timer", "timers.timer"),
            (_("Reactions"), "sync_alt", "journal.cursor"),
            (_("Entries set aside"), "report", "journal.setaside"),
            (_("Schedules"), "schedule", "django_celery_beat.periodictask"),
            (_("Sign-ins"), "key", "people.user"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups this person may see; a group without rows is left out."""
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    shown: list[dict[str, Any]] = [{"items": [home]}]
    for title, rows in GROUPS:
        items = [
            {"title": label, "icon": icon, "link": reverse(f"admin:{model.replace('.', '_')}_changelist")}
            for label, icon, model in rows
            if may_view(request, model)
        ]
        if items:
            shown.append({"title": title, "separator": True, "items": items})
    return shown


def may_view(request: HttpRequest, model: str) -> bool:
    """Whether the person may open the list of `app.model`."""
    app, name = model.split(".")
    return bool(request.user.has_perm(f"{app}.view_{name}") or request.user.has_perm(f"{app}.change_{name}"))
