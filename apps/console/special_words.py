"""The permissions beyond see, add, change and delete, in words that people use. One without words fails the matrix."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "people.view_all_employees": _("See every employee, not only one’s own teams and reports"),
    "people.manage_apikey": _("Make, replace and withdraw API keys"),
    "approvals.decide_request": _("Decide at the desk on requests that were addressed to them"),
    "approvals.view_all_requests": _("See everybody’s requests"),
    "incidents.answer_ticket": _("Take, answer and resolve the tickets of their teams"),
    "incidents.view_all_tickets": _("See every team’s tickets"),
    "conversations.reply_in_conversation": _("Answer people on WhatsApp from the desk"),
    "conversations.operate_dialogue": _("Cancel open dialogues"),
    "contacts.invite_employee": _("Invite employees to WhatsApp"),
    "contacts.decide_claim": _("Confirm or refuse who sent a code from another phone"),
    "web.make_link": _("Make web links for people without WhatsApp"),
    "web.file_for_others": _("Fill in forms on somebody’s behalf"),
    "console.share_savedview": _("Share saved views of lists with everybody"),
    "outbox.operate_outboundmessage": _("Retry, cancel and release outgoing messages"),
    "inbox.replay_receipt": _("Replay webhooks and events, and save what was received"),
    "providers.operate_account": _("Check, pause and resume WhatsApp accounts"),
    "providers.submit_template": _("Hand templates in at WhatsApp and agree to their category"),
    "journal.export_entry": _("Export and verify the journal"),
}
