"""What every address needs: one line each. A route without a line, or a line without a route, fails `roles_matrix --check`.

The addresses that Django makes for each screen (list, add, page, delete, history) follow a rule, see `routes.RULE`.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.console.groups import LOOK
from apps.console.routes import DESK, KEY, LOOPBACK, PUBLIC, SIGNATURE, SIGNED_IN, Need

_ASKED = _("and only whoever was asked to decide")
_ANSWERS = _("and only on tickets of one’s own teams")
_OWN = _("one’s own keys; all of them for whoever manages keys")
_FILE = _("and only whoever may see what the file hangs on")
_OWN_ONLY = _("only for oneself")
_BY_LINK = _("only with the link that its person got; good for a while, and once")
_IN_THE_BODY = _("only with a code or link that was sent to the person")


def may(*codenames: str, words: str | Promise = "") -> Need:
    """Somebody at the desk who holds all of these."""
    return Need(DESK, all_of=codenames, words=words)


def may_one(*codenames: str, words: str | Promise = "") -> Need:
    """Somebody at the desk who holds one of these."""
    return Need(DESK, one_of=codenames, words=words)


def key(*reads: str, **scopes: str) -> Need:
    """A key with this scope, for each method; or a sign-in, which has every scope. Both need these permissions to read (where nothing is read: to change)."""
    return Need(KEY, all_of=reads, scopes=scopes)


def desk(words: str | Promise = "") -> Need:
    return Need(DESK, words=words)


def own(words: str | Promise = _OWN_ONLY) -> Need:
    return Need(SIGNED_IN, words=words)


def public(words: str | Promise = "") -> Need:
    return Need(PUBLIC, words=words)


_DECIDE, _ANSWER = "approvals.decide_request", "incidents.answer_ticket"
_REPLY, _OPERATE = "conversations.reply_in_conversation", "providers.operate_account"
_SUBMIT, _INVITE = "providers.submit_template", "contacts.invite_employee"
_EMPLOYEE, _CONTACT, _SIGN_IN = "people.change_employee", "contacts.change_contact", "people.change_user"
_SEND, _CALENDAR, _EXPORT = "outbox.operate_outboundmessage", "calendars.change_workcalendar", "journal.export_entry"
_PERSON, _TEAM = "people.view_employee", "people.view_team"
_CENTRE, _CALENDARS = "people.view_costcentre", "calendars.view_workcalendar"
_HOURS = ("calendars.add_workhours", "calendars.change_workhours", "calendars.delete_workhours")
_LINK, _BEHALF = "web.make_link", "web.file_for_others"
_REPLAY, _CLAIM = "inbox.replay_receipt", "contacts.decide_claim"

HOUSE: dict[str, Need] = {
    "": public(_("leads to the desk")),
    "livez": public(),
    "readyz": public(),
    "i18n/setlang/": public(),
    "hooks/<slug:kind>/<str:hook_key>/": Need(SIGNATURE),
    "f/<str:token>/": public(_BY_LINK),
    "f/<str:token>/files/<int:pk>/": public(_BY_LINK),
    "f/<str:token>/files/<int:pk>/small/": public(_BY_LINK),
    "demo/codes/": Need(LOOPBACK, words=_("in a demo only")),
}

SIGN_IN: dict[str, Need] = {
    "accounts/": own(),
    "accounts/factors/": public(_("leads to one’s own sign-in")),
    "accounts/login/": public(),
    "accounts/logout/": public(),
    "accounts/inactive/": public(),
    "accounts/again/": own(),
    "accounts/password/": own(),
    "accounts/password/forgotten/": public(),
    "accounts/password/forgotten/sent/": public(),
    "accounts/password/new/<uidb36>-<key>/": public(_IN_THE_BODY),
    "accounts/password/new/done/": public(),
    "accounts/code/": public(_("only after the password")),
    "accounts/code/again/": own(),
    "accounts/app/": own(),
    "accounts/app/remove/": own(),
    "accounts/recovery-codes/": own(),
    "accounts/recovery-codes/new/": own(),
    "accounts/passkeys/": public(_("leads to one’s own sign-in")),
    "accounts/passkeys/add/": own(),
    "accounts/passkeys/again/": own(),
    "accounts/passkeys/login/": public(),
    "accounts/passkeys/<int:pk>/remove/": own(),
    "accounts/passkeys/<int:pk>/name/": own(),
    "accounts/sessions/": own(),
    "accounts/sso/": public(),
    "accounts/sso/callback/": public(_("only with what the company’s provider sent")),
    "accounts/sso/stopped/": public(),
}

PROGRAMS: dict[str, Need] = {
    "api/v1/people/": key(_PERSON, GET="people:read", POST="people:write"),
    "api/v1/people/<int:pk>/": key(_PERSON, GET="people:read", PATCH="people:write"),
    "api/v1/people/<int:pk>/leave/": key(_EMPLOYEE, POST="people:write"),
    "api/v1/people/<int:pk>/return/": key(_EMPLOYEE, POST="people:write"),
    "api/v1/people/<int:pk>/manager/": key(_EMPLOYEE, PUT="people:write"),
    "api/v1/people/<int:pk>/absences/": key(_PERSON, "people.view_absence", GET="people:read", POST="people:write"),
    "api/v1/teams/": key(_TEAM, GET="teams:read", POST="teams:write"),
    "api/v1/teams/<int:pk>/": key(_TEAM, GET="teams:read", PATCH="teams:write"),
    "api/v1/teams/<int:pk>/members/": key(_TEAM, "people.view_membership", GET="teams:read"),
    "api/v1/teams/<int:pk>/members/<int:person>/": key(
        "people.add_membership", "people.change_membership", PUT="teams:write", DELETE="teams:write"
    ),
    "api/v1/absences/": key(_PERSON, "people.view_absence", GET="people:read"),
    "api/v1/absences/<int:pk>/": key(
        "people.view_absence", _PERSON, GET="people:read", PATCH="people:write", DELETE="people:write"
    ),
    "api/v1/cost-centres/": key(_CENTRE, GET="cost_centres:read", POST="cost_centres:write"),
    "api/v1/cost-centres/<int:pk>/": key(
        _CENTRE, GET="cost_centres:read", PATCH="cost_centres:write", DELETE="cost_centres:write"
    ),
    "api/v1/calendars/": key(_CALENDARS, GET="calendars:read", POST="calendars:write"),
    "api/v1/calendars/<int:pk>/": key(
        _CALENDARS, GET="calendars:read", PATCH="calendars:write", DELETE="calendars:write"
    ),
    "api/v1/calendars/<int:pk>/default/": key(_CALENDAR, POST="calendars:write"),
    "api/v1/calendars/<int:pk>/hours/": key(*_HOURS, PUT="calendars:write"),
    "api/v1/calendars/<int:pk>/days/": key(_CALENDARS, "calendars.view_holiday", GET="calendars:read"),
    "api/v1/calendars/<int:pk>/days/<str:day>/": key(
        "calendars.add_holiday", "calendars.change_holiday", PUT="calendars:write", DELETE="calendars:write"
    ),
    "api/schema/": public(_("the description; no rows")),
    "api/docs/": public(_("the description; no rows")),
    "api/": public(_("says that nothing is there")),
    "scim/v2/ServiceProviderConfig/?": key(GET="scim"),
    "scim/v2/ResourceTypes(?:/<name>)?/?": key(GET="scim"),
    "scim/v2/Schemas(?:/<name>)?/?": key(GET="scim"),
    "scim/v2/Users/?": key(_PERSON, GET="scim", POST="scim"),
    "scim/v2/Users/<name>/?": key(_PERSON, GET="scim", PUT="scim", PATCH="scim", DELETE="scim"),
    "scim/v2/Groups/?": key(_TEAM, "people.view_membership", GET="scim", POST="scim"),
    "scim/v2/Groups/<name>/?": key(
        _TEAM, "people.view_membership", GET="scim", PUT="scim", PATCH="scim", DELETE="scim"
    ),
    "scim/v2/(?:(?:Users|Groups)/)?\\.search/?": key(GET="scim", POST="scim", PUT="scim", PATCH="scim", DELETE="scim"),
    "scim/v2/(?:Bulk|Me)/?": key(GET="scim", POST="scim", PUT="scim", PATCH="scim", DELETE="scim"),
    "scim/v2/": key(GET="scim", POST="scim", PUT="scim", PATCH="scim", DELETE="scim"),
}

PAGES: dict[str, Need] = {
    "admin/": desk(),
    "admin/files/<int:pk>/": desk(_FILE),
    "admin/files/<int:pk>/small/": desk(_FILE),
    "admin/who-may-do-what/": may_one(*LOOK),
    "admin/search/": desk(_("finds only what one may see")),
    "admin/first-steps/close/": desk(_OWN_ONLY),
    "admin/views/save/": desk(_("lists that one may open")),
    "admin/views/<int:pk>/": desk(_("one’s own, and those that were shared")),
    "admin/views/<int:pk>/rename/": desk(_("one’s own; shared ones for whoever may share")),
    "admin/views/<int:pk>/delete/": desk(_("one’s own; shared ones for whoever may share")),
    "admin/login/": public(_("leads to the sign-in")),
    "admin/logout/": public(),
    "admin/password_change/": desk(_("leads to one’s own sign-in")),
    "admin/password_change/done/": desk(),
    "admin/autocomplete/": desk(_("offers only what one may see")),
    "admin/jsi18n/": desk(),
    "admin/r/<path:content_type_id>/<path:object_id>/": desk(_("leads nowhere: no row has a public page")),
    "admin/<app_label>/": desk(_("the lists of one room that one may open")),
    "admin/<url>": desk(_("says that nothing is there")),
}

BUTTONS: dict[str, Need] = {
    "approvals/request/<int:object_id>/approve/": may(_DECIDE, words=_ASKED),
    "approvals/request/<int:object_id>/reject/": may(_DECIDE, words=_ASKED),
    "approvals/request/<int:object_id>/withdraw/": desk(_("only whoever made the request")),
    "approvals/flow/<path:object_id>/try/": may("approvals.change_flow"),
    "approvals/request/<int:object_id>/try-again/": may("approvals.change_flow"),
    "incidents/ticket/<int:object_id>/take/": may(_ANSWER, words=_ANSWERS),
    "incidents/ticket/<int:object_id>/resolve/": may(_ANSWER, words=_ANSWERS),
    "incidents/ticket/<int:object_id>/comment/": desk(_("its reporter, and whoever may answer it")),
    "conversations/conversation/<int:object_id>/answer/": may(_REPLY),
    "conversations/conversation/<int:object_id>/react/": may(_REPLY),
    "conversations/conversation/<int:object_id>/seen/": may(_REPLY),
    "conversations/dialogue/<path:object_id>/cancel-dialogue/": may("conversations.operate_dialogue"),
    "outbox/outboundmessage/<path:object_id>/retry/": may(_SEND),
    "outbox/outboundmessage/<path:object_id>/cancel/": may(_SEND),
    "outbox/outboundmessage/<path:object_id>/resend/": may(_SEND),
    "people/employee/import/": may("people.add_employee", _EMPLOYEE),
    "people/employee/export-csv/": may("people.view_employee"),
    "people/employee/export-xlsx/": may("people.view_employee"),
    "people/employee/<path:object_id>/mark-left/": may(_EMPLOYEE),
    "people/employee/<path:object_id>/take-back/": may(_EMPLOYEE),
    "people/employee/<path:object_id>/timeline/": may("people.view_employee"),
    "people/employee/<path:object_id>/web-link/": may(_LINK),
    "people/employee/<path:object_id>/file-for/": may(_BEHALF),
    "people/leaving/<path:object_id>/mark-seen/": may(_EMPLOYEE),
    "people/leaving/<path:object_id>/change-plan/": may(_EMPLOYEE),
    "people/leaving/<path:object_id>/call-off/": may(_EMPLOYEE),
    "people/bulkjob/<int:pk>/progress/": desk(_("whoever ordered it, and whoever sees the list")),
    "people/importjob/upload/": may("people.add_employee", _EMPLOYEE),
    "people/importjob/start/": may("people.add_employee", _EMPLOYEE),
    "people/importjob/sample/<str:kind>/": desk(_("a sample with made-up people")),
    "people/importjob/<int:pk>/progress/": may("people.view_importjob"),
    "people/importjob/<int:pk>/rejected/": may("people.view_importjob"),
    "people/user/<id>/password/": may(_SIGN_IN),
    "people/user/<path:object_id>/reset-factors/": may(_SIGN_IN),
    "people/user/<path:object_id>/sign-out-everywhere/": may(_SIGN_IN),
    "people/apikey/<path:object_id>/rotate/": desk(_OWN),
    "people/apikey/<path:object_id>/revoke/": desk(_OWN),
    "contacts/invitation/print/": may(_INVITE),
    "contacts/invitation/<path:object_id>/print-slip/": desk(_("leads to the page of slips, which asks again")),
    "contacts/invitation/<path:object_id>/mail-again/": may(_INVITE),
    "contacts/invitation/<path:object_id>/bounced/": may(_INVITE),
    "contacts/invitation/<path:object_id>/revoke/": may(_INVITE),
    "contacts/invitationbatch/<path:object_id>/cancel/": may(_INVITE),
    "contacts/enrolment/<path:object_id>/invite/": may(_INVITE),
    "contacts/claim/<path:object_id>/confirm/": may(_CLAIM),
    "contacts/claim/<path:object_id>/confirm-and-update/": may(_CLAIM),
    "contacts/claim/<path:object_id>/refuse/": may(_CLAIM),
    "contacts/contact/<path:object_id>/lost-phone/": may(_CONTACT),
    "contacts/contact/<path:object_id>/reinstate/": may(_CONTACT),
    "contacts/contact/<path:object_id>/unlink/": may(_CONTACT),
    "contacts/contact/<path:object_id>/record-consent/": may(_CONTACT),
    "web/link/new/<int:employee_id>/": may(_LINK),
    "web/link/behalf/<int:employee_id>/": may(_BEHALF),
    "web/link/<int:link_id>/address/": may(_LINK),
    "web/link/<int:link_id>/fill/": may(_BEHALF),
    "web/link/<path:object_id>/revoke/": may(_LINK),
    "web/link/<path:object_id>/send-by-mail/": may(_LINK),
    "providers/account/<path:object_id>/run-checklist/": may(_OPERATE),
    "providers/account/<path:object_id>/subscribe/": may(_OPERATE),
    "providers/account/<path:object_id>/forget-previous-secret/": may(_OPERATE),
    "providers/account/<path:object_id>/fetch-templates/": may(_OPERATE),
    "providers/account/<path:object_id>/hand-in-templates/": may(_OPERATE),
    "providers/account/<path:object_id>/stop-fetching/": may(_OPERATE),
    "providers/account/<path:object_id>/pause/": may(_OPERATE),
    "providers/account/<path:object_id>/resume/": may(_OPERATE),
    "providers/accountalert/<path:object_id>/mark-seen/": may(_OPERATE),
    "providers/messagetemplate/hand-in/": may_one(_SUBMIT, _OPERATE),
    "providers/messagetemplate/<int:object_id>/fallback/": may_one(
        "providers.change_messagetemplate", _SUBMIT, _OPERATE
    ),
    "providers/messagetemplate/<int:object_id>/approval/<int:approval_id>/ask/": may_one(_SUBMIT, _OPERATE),
    "providers/messagetemplate/<int:object_id>/approval/<int:approval_id>/accept/": may_one(_SUBMIT, _OPERATE),
    "calendars/workcalendar/<path:object_id>/make-default/": may(_CALENDAR),
    "calendars/workcalendar/<path:object_id>/bring-in-holidays/": may(_CALENDAR),
    "calendars/workcalendar/<path:object_id>/days/": may(_CALENDAR),
    "calendars/workcalendar/<path:object_id>/days-export/": may(_CALENDARS),
    "health/pulse/check-accounts/": may(_OPERATE),
    "inbox/receipt/<int:pk>/body/": may("inbox.view_receipt", _REPLAY),
    "inbox/receipt/<path:object_id>/replay/": may(_REPLAY),
    "inbox/inboundevent/<path:object_id>/try-again/": may(_REPLAY),
    "journal/entry/export-csv/": may(_EXPORT),
    "journal/entry/export-json-lines/": may(_EXPORT),
    "journal/entry/verify/": may(_EXPORT),
    "journal/setaside/<path:object_id>/try-again/": may("journal.change_setaside"),
}
"""Under admin/: what screens have besides the addresses of the rule. Most act on POST only."""

ROUTES: Mapping[str, Need] = {
    **HOUSE, **SIGN_IN, **PROGRAMS, **PAGES, **{f"admin/{address}": need for address, need in BUTTONS.items()}
}  # fmt: skip

IN_A_DEMO = frozenset({"demo/codes/"})
"""Addresses that stand only where SANDBOX=1."""


def button(model: str, verb: str) -> Need:
    """What the button `verb` on a page of "app.model" needs. Raises LookupError for one that nobody declared."""
    start = f"{model.replace('.', '/')}/<"
    for address, need in BUTTONS.items():
        if address.startswith(start) and address.endswith(f":object_id>/{verb}/"):
            return need
    raise LookupError(f"{model} has no button “{verb}”.")
