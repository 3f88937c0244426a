"""Who may operate accounts; what a wording must keep to, so that every carrier takes it. Pure.

Numbers from Meta's page "Template components" unless a line says otherwise.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import NotPermittedError
from apps.journal.actors import HasActor
from apps.providers.wording import placeholders

OPERATE = "providers.operate_account"
SUBMIT = "providers.submit_template"

NAME_LONGEST = 512
HEADER_LONGEST = FOOTER_LONGEST = 60
BODY_LONGEST = 1024
BODY_EMOJIS = 10  # Bird's and other gateways' guides; Meta refuses more when a template is created
BUTTON_LONGEST = 20  # a template's quick reply may have 25, a reply button 20; we say the same in both
BUTTONS_MOST = 3  # four or more are not shown by WhatsApp on a computer, and a reply inside the window takes three
CREATIONS_PER_HOUR = 100
EDIT_EVERY = timedelta(hours=24)
EDITS_MOST, EDITS_WITHIN = 10, timedelta(days=30)

_EDGE = re.compile(r"^\s*\{\{|\}\}\s*$")
_TOUCHING = re.compile(r"\}\}\s*\{\{")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_REMOTE_NAME = re.compile(r"^[a-z0-9_]+$")
_MARKUP = re.compile(r"[*_~`]")
_VARIABLE = re.compile(r"\{\{.*?\}\}")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff]")


def require(by: HasActor, *permissions: str) -> None:
    """Raises NotPermittedError for a sign-in without any of the permissions; the house itself may do anything."""
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not any(has_perm(permission) for permission in permissions):
        raise NotPermittedError(_("You may not do this."))


def faults_of_wording(
    body: str, buttons: Mapping[str, str], *, variables: set[str], header: str = "", footer: str = ""
) -> list[str]:
    """What is wrong with a wording, a sentence each; empty when all is well."""
    faults = []
    if not body.strip():
        faults.append(_("The text is empty."))
    if len(body) > BODY_LONGEST:
        faults.append(_("The text has %(have)s characters; WhatsApp takes %(most)s.")
                      % {"have": len(body), "most": BODY_LONGEST})  # fmt: skip
    if emojis(body) > BODY_EMOJIS:
        faults.append(_("The text has %(have)s emojis; WhatsApp takes %(most)s.")
                      % {"have": emojis(body), "most": BODY_EMOJIS})  # fmt: skip
    if "\t" in body or "     " in body or "\n\n\n" in body.replace("\r\n", "\n"):
        faults.append(_("WhatsApp takes no tabs, no more than four spaces and no more than one empty line in a row."))
    return faults + _faults_of_names(body, variables) + faults_of_edges(header, footer) + _faults_of_buttons(buttons)


def _faults_of_names(body: str, variables: set[str]) -> list[str]:
    faults = []
    if body.count("{{") != body.count("}}"):
        faults.append(_("A pair of double braces is not closed."))
    unknown = [name for name in placeholders(body) if name not in variables]
    if unknown:
        known = ", ".join(sorted(variables)) or "-"
        faults.append(
            _("Nothing fills in %(unknown)s. Known names: %(known)s.") % {"unknown": ", ".join(unknown), "known": known}
        )
    if any(not _NAME.match(name) for name in placeholders(body)):
        faults.append(_("Names in braces have small letters, digits and underscores only."))
    if _EDGE.search(body):
        faults.append(
            _("WhatsApp approves no text that begins or ends with a name in braces: add a word or a full stop.")
        )
    if _TOUCHING.search(body):
        faults.append(_("WhatsApp approves no two names in braces side by side: put a word between them."))
    return faults


def faults_of_edges(header: str, footer: str) -> list[str]:
    """What is wrong with the lines above and below the text."""
    faults = []
    for line, longest, name in ((header, HEADER_LONGEST, _("header")), (footer, FOOTER_LONGEST, _("footer"))):
        if len(line) > longest:
            faults.append(_("The %(line)s has %(have)s characters; WhatsApp takes %(most)s.")
                          % {"line": name, "have": len(line), "most": longest})  # fmt: skip
        if "{{" in line or "}}" in line:
            faults.append(_("The %(line)s may not fill in names: put them into the text.") % {"line": name})
        if "\n" in line or emojis(line) or _MARKUP.search(line):
            faults.append(_("The %(line)s is one plain line: no line break, no emoji, no * _ ~ or `.") % {"line": name})
    return faults


def _faults_of_buttons(buttons: Mapping[str, str]) -> list[str]:
    faults = []
    if len(buttons) > BUTTONS_MOST:
        faults.append(_("WhatsApp shows at most %(most)s buttons.") % {"most": BUTTONS_MOST})
    faults += [
        _("The button “%(title)s” needs 1 to %(most)s characters.") % {"title": title, "most": BUTTON_LONGEST}
        for title in buttons.values()
        if not title.strip() or len(title) > BUTTON_LONGEST
    ]
    faults += [
        _("The button “%(title)s” is one plain line: no names in braces, no line break, no emoji.") % {"title": title}
        for title in buttons.values()
        if "{{" in title or "\n" in title or emojis(title)
    ]
    if len({title.strip().casefold() for title in buttons.values()}) < len(buttons):
        faults.append(_("Two buttons have the same title."))
    return faults


def faults_of_samples(body: str, samples: Mapping[str, str]) -> list[str]:
    """Names without an example: WhatsApp's reviewers want one for each."""
    missing = [name for name in placeholders(body) if not str(samples.get(name, "")).strip()]
    if not missing:
        return []
    return [_("There is no example for %(names)s: WhatsApp wants one for each name.") % {"names": ", ".join(missing)}]


def faults_of_name(name: str) -> list[str]:
    """What is wrong with a template's name at the carrier."""
    if _REMOTE_NAME.match(name) and len(name) <= NAME_LONGEST:
        return []
    return [_("The name “%(name)s” is no name for WhatsApp: small letters, digits and underscores, at most %(most)s.")
            % {"name": name, "most": NAME_LONGEST}]  # fmt: skip


def doubts_about(body: str) -> list[str]:
    """What WhatsApp may well refuse, though it says so nowhere: shown, never in the way."""
    names, words = len(_VARIABLE.findall(body)), len(_VARIABLE.sub(" ", body).split())
    # Seen by gateways (Syniverse, Maqsam), not documented by Meta: 2 words per name and one more (2388293).
    needed = settings.TEMPLATE_WORDS_PER_NAME * names + 1
    if not names or words >= needed:
        return []
    return [_("%(names)s names and only %(words)s other words: WhatsApp may find the text too short for them. Some %(needed)s "
              "words would be safe.") % {"names": names, "words": words, "needed": needed}]  # fmt: skip


def emojis(text: str) -> int:
    """How many emojis are in a text; joined ones count by their parts, on the careful side."""
    return sum(bool(_EMOJI.match(sign)) or unicodedata.category(sign) == "So" for sign in text)


# --- how often --------------------------------------------------------------------------------------------------------


def next_edit(edits: Sequence[datetime], now: datetime) -> datetime | None:
    """When an approved text may be handed in again, given the moments of its edits; None: now."""
    recent = sorted(moment for moment in edits if moment > now - EDITS_WITHIN)
    free = [recent[-1] + EDIT_EVERY] if recent else []
    if len(recent) >= EDITS_MOST:
        free.append(recent[-EDITS_MOST] + EDITS_WITHIN)
    latest = max(free, default=now)
    return latest if latest > now else None


def next_creation(created: Sequence[datetime], now: datetime) -> datetime | None:
    """When the account takes one more new template, given the moments of its last ones; None: now."""
    recent = sorted(moment for moment in created if moment > now - timedelta(hours=1))
    return recent[-CREATIONS_PER_HOUR] + timedelta(hours=1) if len(recent) >= CREATIONS_PER_HOUR else None
