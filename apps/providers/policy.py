"""Who may operate accounts; what a wording must keep to, so that every carrier takes it. Pure.

Numbers from Meta's page "Template components".
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from apps.core.errors import NotPermittedError
from apps.journal.actors import HasActor
from apps.providers.wording import placeholders

OPERATE = "providers.operate_account"

BODY_LONGEST = 1024
BUTTON_LONGEST = 20  # a template's quick reply may have 25, a reply button 20; we say the same in both
BUTTONS_MOST = 3
_EDGE = re.compile(r"^\s*\{\{|\}\}\s*$")
_TOUCHING = re.compile(r"\}\}\s*\{\{")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def require(by: HasActor, permission: str) -> None:
    """Raises NotPermittedError for a sign-in without the permission; the house itself may do anything."""
    has_perm = getattr(by, "has_perm", None)
    if has_perm is not None and not has_perm(permission):
        raise NotPermittedError(_("You may not do this."))


def faults_of_wording(body: str, buttons: Mapping[str, str], *, variables: set[str]) -> list[str]:
    """What is wrong with a wording, a sentence each; empty when all is well."""
    faults = []
    if not body.strip():
        faults.append(_("The text is empty."))
    if len(body) > BODY_LONGEST:
        faults.append(_("The text has %(have)s characters; WhatsApp takes %(most)s.")
                      % {"have": len(body), "most": BODY_LONGEST})  # fmt: skip
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
    return faults + _faults_of_buttons(buttons)


def _faults_of_buttons(buttons: Mapping[str, str]) -> list[str]:
    faults = []
    if len(buttons) > BUTTONS_MOST:
        faults.append(_("WhatsApp shows at most %(most)s buttons.") % {"most": BUTTONS_MOST})
    faults += [
        _("The button “%(title)s” needs 1 to %(most)s characters.") % {"title": title, "most": BUTTON_LONGEST}
        for title in buttons.values()
        if not title.strip() or len(title) > BUTTON_LONGEST
    ]
    if len({title.strip().lower() for title in buttons.values()}) < len(buttons):
        faults.append(_("Two buttons have the same title."))
    return faults
