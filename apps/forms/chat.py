"""The chat face of a form: one question as the WhatsApp message that asks it. Pure.

Payloads are the caller's business: it hands in a function from an option's name to a payload. Names of options are an
option's key, "yes" and "no", or one of the controls below; controls begin with "!" so that no key can be one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.forms import show
from apps.forms.schema import FILE_KINDS, FieldSpec
from apps.providers.types import Buttons, Choices, Content, ListRow, LocationRequest, ReplyButton, Text

BACK, CANCEL, SKIP, DONE, SEND, TODAY, MORE = "!back", "!cancel", "!skip", "!done", "!send", "!today", "!more"
# Meta, interactive messages: body 1024, button 20, list row 24 and 72, ten rows, three buttons.
BODY, BUTTON, ROW, DESCRIPTION, ROWS, BUTTONS = 1024, 20, 24, 72, 10, 3

Payload = Callable[[str], str]
Titled = tuple[str, str]


@dataclass(frozen=True)
class Ask:
    """What the moment adds to a field: `notice` stands above the question (a reason, a greeting), `received` counts the
    files that came already, `offset` is the first option of a long list."""

    language: str
    payload: Payload
    notice: str = ""
    can_go_back: bool = False
    received: int = 0
    offset: int = 0
    is_settled: bool = False
    """True right after an album: say what came instead of asking again."""


def question(field: FieldSpec, ask: Ask) -> Content:
    """The message that asks `field`. Every title fits its place in whatever language."""
    with translation.override(ask.language):
        if field.kind == "choice":
            return _choice(field, ask)
        if field.kind == "yesno":
            answers = [("yes", _("Yes")), ("no", _("No"))]
            return _buttons(_body(field, ask), answers + _controls(field, ask), ask)
        if field.kind == "location":
            return LocationRequest(body=fit(_body(field, ask, _words(field, ask)), BODY))
        if field.kind in FILE_KINDS:
            return _files(field, ask)
        first = [(TODAY, _("Today"))] if field.kind == "date" else []
        return _buttons(_body(field, ask), first + _controls(field, ask), ask)


def title_of(name: str) -> str:
    """A control's title in the active language."""
    return {BACK: _("Back"), CANCEL: _("Cancel"), SKIP: _("Skip"), DONE: _("Done"), SEND: _("Send"),
            TODAY: _("Today"), MORE: _("More…")}[name]  # fmt: skip


def fit(text: str, most: int) -> str:
    """Cut to `most` characters with an ellipsis.

    >>> fit("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def buttons_of(body: str, titled: Sequence[Titled], payload: Payload) -> Content:
    """At most three buttons; equal titles (two long options cut alike) would be refused, so they are told apart."""
    taken: set[str] = set()
    made = []
    for name, title in titled[:BUTTONS]:
        short = fit(title, BUTTON)
        while short in taken:
            short = fit(short, BUTTON - 2) + f" {len(taken) + 1}"
        taken.add(short)
        made.append(ReplyButton(id=payload(name), title=short))
    return Buttons(body=fit(body, BODY), buttons=tuple(made)) if made else Text(body=body)


# --- per type ---------------------------------------------------------------------------------------------------------


def _choice(field: FieldSpec, ask: Ask) -> Content:
    options = [(option.key, option.text(ask.language)) for option in field.choices]
    controls = _controls(field, ask)
    if len(options) <= BUTTONS and all(len(title) <= BUTTON for _key, title in options):
        return _buttons(_body(field, ask), options + controls, ask)
    room = ROWS - len(controls)
    offset = ask.offset if 0 < ask.offset < len(options) else 0
    shown = options[offset : offset + room]
    if offset + room < len(options) or offset:
        shown = shown[: room - 1]
        following = offset + len(shown)
        shown.append((f"{MORE}{following if following < len(options) else 0}", title_of(MORE)))
    rows = [_row(name, title, ask) for name, title in shown + controls]
    return Choices(body=fit(_body(field, ask), BODY), button=fit(_("Choose"), BUTTON), rows=tuple(rows))


def _row(name: str, title: str, ask: Ask) -> ListRow:
    long = title if len(title) > ROW else ""
    return ListRow(id=ask.payload(name), title=fit(title, ROW), description=fit(long, DESCRIPTION))


def _files(field: FieldSpec, ask: Ask) -> Content:
    full = ask.received >= field.max_files
    if ask.is_settled:
        body = _count(field, ask.received) + " " + (_("That is all that fits here. Tap *Done*.") if full
                                                   else _("Send more or tap *Done*."))  # fmt: skip
        body = f"{ask.notice}\n\n{body}" if ask.notice else body
    else:
        hint = _count(field, ask.received) if ask.received else _limit(field)
        body = _body(field, ask, hint)
    first = [(DONE, title_of(DONE))] if ask.received else []
    return _buttons(body, first + _controls(field, ask, with_skip=not ask.received), ask)


def _count(field: FieldSpec, count: int) -> str:
    if field.kind == "photo":
        return ngettext("%(count)s photo received.", "%(count)s photos received.", count) % {"count": count}
    return ngettext("%(count)s document received.", "%(count)s documents received.", count) % {"count": count}


def _limit(field: FieldSpec) -> str:
    if field.kind == "photo":
        return ngettext("Send a photo.", "Send up to %(count)s photos.", field.max_files) % {"count": field.max_files}
    return ngettext("Send a document.", "Send up to %(count)s documents.", field.max_files) % {"count": field.max_files}


# --- common -----------------------------------------------------------------------------------------------------------


def _controls(field: FieldSpec, ask: Ask, *, with_skip: bool = True) -> list[Titled]:
    names = [SKIP] if with_skip and not field.is_required else []
    names += [BACK] if ask.can_go_back else []
    return [(name, title_of(name)) for name in [*names, CANCEL]]


def _buttons(body: str, titled: list[Titled], ask: Ask) -> Content:
    """What finds no room as a button is named as a word to write."""
    left = [title for name, title in titled[BUTTONS:] if name.startswith("!")]
    return buttons_of("\n\n".join([body, *_words_line(left)]), titled, ask.payload)


def _words(field: FieldSpec, ask: Ask) -> str:
    return "".join(_words_line([title for _name, title in _controls(field, ask)]))


def _words_line(titles: list[str]) -> list[str]:
    if not titles:
        return []
    return ["_" + _("You can also write: %(words)s.") % {"words": ", ".join(title.lower() for title in titles)} + "_"]


def _body(field: FieldSpec, ask: Ask, hint: str | None = None) -> str:
    parts = [fit(ask.notice, 250), field.text(ask.language), _hint(field, ask.language) if hint is None else hint]
    return "\n\n".join(part for part in parts if part)


def _hint(field: FieldSpec, language: str) -> str:
    if field.kind == "money":
        return _("Write the amount, like %(sample)s.") % {"sample": show.money("1780.50", field.currency, language)}
    if field.kind == "date":
        return _("Write it as day/month/year, like 31/12/2026.")
    return ""
