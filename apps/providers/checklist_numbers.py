"""The lines of the checklist about numbers. No calls: answers in, findings out."""

from collections.abc import Callable, Iterator, Mapping

from django.utils.translation import gettext as _

from apps.core.errors import RecadoError
from apps.core.findings import Finding, Level
from apps.providers.models import Account, Number
from apps.providers.setup import NumberHealth, Registered

GONE = {"BANNED", "DELETED", "UNLINKED", "MIGRATED", "DISCONNECTED"}
Refused = Callable[[str, str, RecadoError, str], Finding]


def number_lines(
    ours: list[Number],
    listed: list[Registered] | RecadoError,
    answers: Mapping[str, NumberHealth | RecadoError],
    refused: Refused,
) -> Iterator[Finding]:
    """One line per number of ours, and one for numbers of the account that we do not know."""
    title = _("Number")
    if not ours:
        yield Finding("number", title, Level.RED, _("The account has no number here."),
                      _("Add its phone number id under “Numbers” on this page."))  # fmt: skip
    states = {one.remote_id: one.status for one in listed} if isinstance(listed, list) else None
    for number in ours:
        answer = answers.get(number.remote_id)
        if isinstance(answer, NumberHealth):
            yield health_line(number, answer, None if states is None else states.get(number.remote_id))
        elif answer is not None:
            yield refused("number", title, answer, str(number))
    known = {number.remote_id for number in ours}
    rows = listed if isinstance(listed, list) else []
    others = [one.phone or one.remote_id for one in rows if one.remote_id not in known]
    if others:
        yield Finding("number.unknown", title, Level.AMBER,
                      _("WhatsApp lists numbers that are not here: %(phones)s.") % {"phones": ", ".join(others[:5])},
                      _("Add them under “Numbers”, or their messages are received and ignored."))  # fmt: skip


def health_line(number: Number, health: NumberHealth, status: str | None) -> Finding:
    """The worst thing first. `status`: the carrier's word from its list; None when the list could not be read."""
    words = ", ".join(filter(None, [
        health.phone or number.phone, health.name, status or "", health.quality, health.name_status,
        health.verification, _("%(count)s per second") % {"count": health.per_second} if health.per_second else "",
    ]))  # fmt: skip
    for is_so, level, mend in _verdicts(health, status):
        if is_so:
            troubles = " ".join(f"{one.text} {one.advice}".strip() for one in health.troubles)
            return Finding("number", _("Number"), level, f"{words}. {troubles}".strip(), mend, str(number))
    return Finding("number", _("Number"), Level.GREEN, words, "", str(number))


def _verdicts(health: NumberHealth, status: str | None) -> list[tuple[bool, Level, str]]:
    manager = _("Open the number in WhatsApp Manager and do what it asks there.")
    return [
        (status in GONE, Level.RED, _("The number is no longer usable: choose another one of this account.")),
        (health.can_send == "BLOCKED", Level.RED, manager),
        (health.verification not in {"", "VERIFIED"}, Level.RED,
         _("Verify the number in WhatsApp Manager (a code by SMS or call), then register it with its PIN.")),
        (health.name_status in {"DECLINED", "REJECTED", "EXPIRED", "NONE"}, Level.RED,
         _("Choose another display name in WhatsApp Manager: without an approved one little can be sent.")),
        (health.quality == "RED", Level.RED,
         _("Many people block or report this number: pause what is not needed, and ask for consent again.")),
        (health.can_send == "LIMITED" or status in {"RESTRICTED", "PENDING"}, Level.AMBER, manager),
        (health.quality == "YELLOW", Level.AMBER, _("Send less that people did not ask for; WhatsApp lowers limits next.")),
        (health.name_status not in {"", "APPROVED", "AVAILABLE_WITHOUT_REVIEW"}, Level.AMBER,
         _("Wait for the review of the display name.")),
        (status == "" or status is None, Level.GREEN, ""),
    ]  # fmt: skip


def default_number(account: Account) -> Finding:
    """Messages that answer nobody need to know by which number to go."""
    title = _("Default number")
    default = Number.objects.select_related("account").filter(is_default=True).first()
    if default is None:
        if Number.objects.count() == 1:
            return Finding("default", title, Level.GREEN, _("There is only one number."))
        mend = _("Tick “default for sending” at one number, in whichever account it is.")
        return Finding("default", title, Level.RED, _("No number is marked."), mend)
    where = (
        _("%(number)s of this account.") if default.account_id == account.pk else _("%(number)s of another account.")
    )
    return Finding("default", title, Level.GREEN, where % {"number": default})
