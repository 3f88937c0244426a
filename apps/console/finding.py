"""Search over everything, as one list of few: what is exactly what was typed first, then the rest by kind."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.console.addresses import list_of, page_of, screen_of
from apps.console.groups import GROUPS
from apps.console.permissions import may_view
from apps.core.scope import narrow
from apps.forms.schema import in_language
from apps.incidents.models import Ticket
from apps.journal.searching import NOTHING, cleaned
from apps.people.importing import services as importing
from apps.providers.kinds import title_of

FEWEST, MOST, RANKED = 2, 5, 30
"""Characters that a search needs; rows shown of each kind; newest rows of which the best are shown."""


@dataclass(frozen=True)
class Hit:
    """One thing to open."""

    title: str
    note: str
    link: str
    icon: str


@dataclass
class Kind:
    """Things of one kind; `more` is the list with this search when there are more of them."""

    title: str
    hits: list[Hit] = field(default_factory=list)
    more: str = ""
    is_exact: bool = False


@dataclass(frozen=True)
class _Place:
    """One list that is searched, by its own rules. `title` and `note` say a row; `joined` is what they read beside it."""

    model: str
    title: Callable[[Any], str] = str
    note: Callable[[Any], str] = lambda row: ""
    joined: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Action:
    """Something to do, for who has the permission (and may open the page)."""

    title: str | Promise
    icon: str
    address: str
    permissions: Sequence[str]
    query: str = ""


def _said(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def _ticket(ticket: Ticket) -> str:
    return f"{ticket.code} {ticket.summary}"


def _named(row: Any) -> str:
    return in_language(row.name, get_language() or "en") or row.key


PLACES: tuple[_Place, ...] = (
    _Place("people.employee", note=lambda row: _said(row.number, row.position, "" if row.is_active else row.get_state_display())),
    _Place("people.team", note=lambda row: str(row.parent or ""), joined=("parent",)),
    _Place("incidents.ticket", _ticket, lambda row: _said(row.get_state_display(), row.reporter), ("reporter",)),
    _Place("approvals.request", lambda row: f"{row.code} {row.summary}",
           lambda row: _said(row.get_state_display(), row.requester), ("requester",)),
    _Place("conversations.conversation", note=lambda row: _said(row.contact.phone), joined=("contact__employee",)),
    _Place("contacts.contact", note=lambda row: _said(row.phone, row.get_state_display()), joined=("employee",)),
    _Place("outbox.outboundmessage", lambda row: title_of(row.kind),
           lambda row: _said(f"#{row.pk}", row.contact, row.get_state_display()), ("contact__employee",)),
    _Place("providers.messagetemplate", note=lambda row: row.kind),
    _Place("forms.form", _named, lambda row: row.key),
    _Place("approvals.flow", _named, lambda row: row.key),
    _Place("journal.entry", lambda row: row.subject_label or row.name,
           lambda row: _said(row.name, row.actor_label, f"{row.at:%Y-%m-%d %H:%M} UTC")),
)  # fmt: skip

ACTIONS: tuple[_Action, ...] = (
    _Action(_("Import people"), "upload_file", "admin:people_importjob_upload", importing.NEEDED),
    _Action(_("Invite to WhatsApp"), "person_add", "admin:contacts_enrolment_changelist", ("contacts.invite_employee",)),
    _Action(_("New employee"), "badge", "admin:people_employee_add", ("people.add_employee",)),
    _Action(_("New absence"), "event_busy", "admin:people_absence_add", ("people.add_absence",)),
    _Action(_("New team"), "groups", "admin:people_team_add", ("people.add_team",)),
    _Action(_("New form"), "list_alt", "admin:forms_form_add", ("forms.add_form",)),
    _Action(_("New approval flow"), "account_tree", "admin:approvals_flow_add", ("approvals.add_flow",)),
    _Action(_("New incident category"), "category", "admin:incidents_category_add", ("incidents.add_category",)),
    _Action(_("What waits for my decision"), "approval", "admin:approvals_request_changelist",
            ("approvals.view_request",), "waits=me"),
)  # fmt: skip

_ICONS = {model: icon for _title, rows in GROUPS for _label, icon, model in rows}


def find(request: HttpRequest, typed: str) -> list[Kind]:
    """What this person may see of what they look for; nothing for fewer than FEWEST characters."""
    text = cleaned(typed)
    if len(text) < FEWEST:
        return []
    kinds = [kind for place in PLACES if (kind := _in_place(request, place, text)) is not None]
    # A code or a number names one thing: that stands first, whatever its kind.
    kinds.sort(key=lambda kind: not kind.is_exact)
    pages = Kind(str(_("Pages and actions")), list(_pages(request, text)))
    return [*kinds, pages] if pages.hits else kinds


def _in_place(request: HttpRequest, place: _Place, text: str) -> Kind | None:
    if not may_view(request, place.model):
        return None
    screen = screen_of(place.model)
    rows = narrow(screen.model._default_manager.all(), request.user)
    if place.joined:
        rows = rows.select_related(*place.joined)
    exactly = screen.search_exactly(text) or NOTHING
    exact = list(rows.filter(exactly).order_by("-pk")[: MOST + 1]) if exactly != NOTHING else []
    found = exact
    if len(exact) <= MOST:
        newest = rows.filter(screen.search_condition(request, text)).order_by("-pk")[:RANKED]
        others = [row for row in newest if row not in exact]
        found = exact + sorted(others, key=lambda row: _rank(place.title(row), text))
    if not found:
        return None
    hits = [Hit(place.title(row), place.note(row), page_of(place.model, row.pk), _ICONS[place.model])
            for row in found[:MOST]]  # fmt: skip
    more = list_of(place.model, urlencode({"q": text})) if len(found) > MOST else ""
    return Kind(_titled(place.model), hits, more, bool(exact))


def _rank(title: str, text: str) -> int:
    """Smaller is better: the title begins so, a word of it does, it is found somewhere else."""
    said, wanted = _plain(title), _plain(text)
    return 0 if said.startswith(wanted) else 1 if f" {wanted}" in said else 2


def _titled(model: str) -> str:
    return next(str(label) for _title, rows in GROUPS for label, _icon, name in rows if name == model)


def _pages(request: HttpRequest, text: str) -> Iterator[Hit]:
    """Actions and pages of the desk whose name has every word of the text, at most MOST of each."""
    words = _plain(text).split()
    if not words:  # nothing but accents, and every name has none of them
        return
    actions = [Hit(str(one.title), "", f"{reverse(one.address)}{'?' if one.query else ''}{one.query}", one.icon)
               for one in ACTIONS if _has_all(str(one.title), words) and request.user.has_perms(one.permissions)]  # fmt: skip
    pages = [Hit(str(label), str(group), list_of(model), icon)
             for group, rows in GROUPS for label, icon, model in rows
             if _has_all(str(label), words) and may_view(request, model)]  # fmt: skip
    yield from [*actions[:MOST], *pages[:MOST]]


def _has_all(title: str, words: list[str]) -> bool:
    return all(word in _plain(title) for word in words)


def _plain(text: str) -> str:
    """Without accents and capitals: people type “ferias” for “Férias”."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).casefold()
