"""Six roles, as one table: what each may do on the screens. Deciding and taking over WhatsApp needs none of them.

Every `migrate` adds what the table has and a group lacks; it never takes away, so an administrator may widen a role, and
makes an own group for a narrower one.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

StrOrPromise = str | Promise

_ALL = ("view", "add", "change", "delete")


def _on(models: str, *verbs: str) -> list[str]:
    """Codenames of `verbs` on "app.model app.model"."""
    named = [name.split(".") for name in models.split()]
    return [f"{app}.{verb}_{model}" for app, model in named for verb in verbs]


_PEOPLE = "people.employee people.team people.membership people.absence people.deputy people.costcentre"
_CALENDARS = "calendars.workcalendar calendars.workhours calendars.holiday"
_SEEN_BY_ALL = ["files.view_file", "forms.view_submission"]

ROLES: dict[str, list[str]] = {
    "HR": [
        *_on(f"{_PEOPLE} {_CALENDARS}", *_ALL),
        "people.view_all_employees",
        "people.view_leaving",
        *_on("people.importjob people.importrow people.bulkjob people.bulkrow", "view"),
        *_on("forms.form forms.field approvals.flow approvals.stage incidents.category conversations.menuitem", *_ALL),
        *_on("approvals.request incidents.ticket contacts.consent contacts.preference", "view"),
        *_on("contacts.contact providers.messagetemplate providers.translation", "view", "change"),
        *_on("contacts.enrolment contacts.invitation contacts.invitationbatch contacts.claim", "view"),
        *_on("contacts.consentwording", "view", "add"),
        "contacts.invite_employee",
        "contacts.decide_claim",
        "web.view_link",
        "web.make_link",
        "web.file_for_others",
        *_on("providers.approval providers.othertemplate outbox.outboundmessage conversations.conversation conversations.message", "view"),
        "providers.submit_template",
        "conversations.reply_in_conversation",
        "approvals.view_all_requests",
        "approvals.decide_request",
        "incidents.view_all_tickets",
        "console.share_savedview",
        *_SEEN_BY_ALL,
    ],
    "Manager": [
        *_on("people.employee people.team people.membership approvals.request incidents.ticket", "view"),
        *_on(_CALENDARS, "view"),
        *_on("people.absence people.deputy", "view", "add", "change"),
        "approvals.decide_request",
        "incidents.answer_ticket",
        *_SEEN_BY_ALL,
    ],
    "Responder": [
        *_on("incidents.ticket incidents.category", "view"),
        "incidents.answer_ticket",
        *_SEEN_BY_ALL,
    ],
    "Automation owner": [
        *_on("forms.form forms.field conversations.menuitem providers.messagetemplate providers.translation", "view"),
        *_on("people.team incidents.category approvals.flow approvals.stage", "view"),
    ],
    "Auditor": ["*.view", "people.view_all_employees", "approvals.view_all_requests", "incidents.view_all_tickets",
                "journal.export_entry"],
    "Operator": [
        *_on("people.user", "view", "add", "change"),
        *_on(f"{_PEOPLE} {_CALENDARS}", "view"),
        "people.view_all_employees",
        *_on("providers.portfolio providers.account providers.number providers.messagetemplate providers.translation "
             "providers.approval", "view", "add", "change"),
        *_on("contacts.contact", "view", "change"),
        *_on("providers.othertemplate", "view"),
        *_on("outbox.outboundmessage outbox.attempt inbox.receipt inbox.inboundevent timers.timer", "view"),
        *_on("journal.entry journal.cursor journal.setaside conversations.conversation", "view"),
        "journal.change_setaside",
        *_on("providers.accountalert providers.checkup health.pulse", "view"),
        *_on("people.bulkjob people.bulkrow", "view"),
        "people.view_apikey",
        "people.manage_apikey",
        "outbox.operate_outboundmessage",
        "providers.operate_account",
        "providers.submit_template",
        "inbox.replay_receipt",
        "console.share_savedview",
    ],
}  # fmt: skip


NAMES: dict[str, tuple[StrOrPromise, StrOrPromise]] = {
    "HR": (_("HR"), _("People, forms, flows, categories, menu and wording; sees everybody and answers conversations.")),
    "Manager": (_("Manager"), _("Sees their own people and teams, decides requests, records absences and deputies.")),
    "Responder": (_("Responder"), _("Takes, answers and resolves the tickets of their teams.")),
    "Automation owner": (
        _("Automation owner"),
        _("Reads forms, flows, menu and wording to build automations on them."),
    ),
    "Auditor": (_("Auditor"), _("Reads everything, changes nothing, exports and verifies the journal.")),
    "Operator": (_("Operator"), _("Keeps it running: accounts, queues, webhooks, sign-ins; gives no roles.")),
}


def role_name(name: str) -> str:
    """The name of a group in the reader's language; an own group keeps the name it was given."""
    return str(NAMES[name][0]) if name in NAMES else name


def role_sentence(name: str) -> str:
    """What a role is for, in one sentence; empty for an own group."""
    return str(NAMES[name][1]) if name in NAMES else ""


def permissions_for(codenames: Iterable[str]) -> list[Permission]:
    """Rows for codenames; "*.view" is every view permission of the house but sign-ins'. Unknown names find nothing."""
    named = list(codenames)
    wanted = Q(pk=None)
    if "*.view" in named:
        house = [config.label for config in apps.get_app_configs() if config.name.startswith("apps.")]
        wanted |= Q(codename__startswith="view_", content_type__app_label__in=house)
    for name in named:
        app, codename = name.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))


def create_roles(sender: AppConfig, **signal: Any) -> None:
    """Receiver of post_migrate: make the groups. Runs for `people`, before the apps below it have their permissions."""
    for config in apps.get_app_configs():
        if config.name.startswith("apps."):
            create_permissions(config, verbosity=0, using=signal.get("using", "default"))
    for role, codenames in ROLES.items():
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.add(*permissions_for(codenames))
