"""Every list of the desk, by what people do: the sidebar, the search and the matrix of roles go by it."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Row = tuple[str | Promise, str, str]  # title, icon (Material Symbols), "app.model"

RECORDS = _("Look things up")
LOOK = ("people.view_all_employees", "auth.view_group", "people.view_user")
"""Any of these opens the page “Who may do what”: whoever sees everybody, gives roles or keeps sign-ins."""

GROUPS: tuple[tuple[str | Promise, tuple[Row, ...]], ...] = (
    (
        _("Decide and answer"),
        (
            (_("Approvals"), "approval", "approvals.request"),
            (_("Tickets"), "confirmation_number", "incidents.ticket"),
            (_("Conversations"), "forum", "conversations.conversation"),
        ),
    ),
    (
        _("Bring people in"),
        (
            (_("Imports of people"), "upload_file", "people.importjob"),
            (_("Not on WhatsApp yet"), "person_add", "contacts.enrolment"),
            (_("Invitations"), "qr_code_2", "contacts.invitation"),
            (_("Claims to confirm"), "how_to_reg", "contacts.claim"),
            (_("WhatsApp contacts"), "contact_phone", "contacts.contact"),
            (_("Web links"), "link", "web.link"),
        ),
    ),
    (
        _("Look after people"),
        (
            (_("Employees"), "badge", "people.employee"),
            (_("Teams"), "groups", "people.team"),
            (_("Absences"), "event_busy", "people.absence"),
            (_("Standing deputies"), "supervisor_account", "people.deputy"),
            (_("Departures"), "logout", "people.leaving"),
            (_("Cost centres"), "account_balance_wallet", "people.costcentre"),
            (_("Working calendars"), "calendar_month", "calendars.workcalendar"),
        ),
    ),
    (
        _("Shape what they use"),
        (
            (_("Menu on WhatsApp"), "list", "conversations.menuitem"),
            (_("Forms"), "list_alt", "forms.form"),
            (_("Approval flows"), "account_tree", "approvals.flow"),
            (_("Incident categories"), "category", "incidents.category"),
            (_("Wording"), "translate", "providers.messagetemplate"),
            (_("Wording of consent"), "handshake", "contacts.consentwording"),
        ),
    ),
    (
        RECORDS,
        (
            (_("Journal"), "menu_book", "journal.entry"),
            (_("Outgoing messages"), "outbox", "outbox.outboundmessage"),
            (_("Dialogues"), "quickreply", "conversations.dialogue"),
            (_("Work on many rows"), "checklist", "people.bulkjob"),
        ),
    ),
    (
        _("Keep it running"),
        (
            (_("Health"), "monitor_heart", "health.pulse"),
            (_("WhatsApp accounts"), "hub", "providers.account"),
            (_("Notices from WhatsApp"), "notifications", "providers.accountalert"),
            (_("Webhooks received"), "move_to_inbox", "inbox.receipt"),
            (_("Inbound events"), "input", "inbox.inboundevent"),
            (_("Timers"), "timer", "timers.timer"),
            (_("Reactions"), "sync_alt", "journal.cursor"),
            (_("Entries set aside"), "report", "journal.setaside"),
            (_("Schedules"), "schedule", "django_celery_beat.periodictask"),
            (_("Sign-ins"), "key", "people.user"),
            (_("API keys"), "vpn_key", "people.apikey"),
        ),
    ),
)


def may_look(user: Any) -> bool:
    """Whether somebody may see who may do what."""
    return any(user.has_perm(one) for one in LOOK)
