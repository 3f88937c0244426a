"""The menu: rows that an admin edits, the sub-menus of their targets, and the way back into a paused draft.

Payloads: m.<row>[.<choice>...], m.more.<offset>[.<row>.<choice>...], m.continue.<dialogue>. They are held against what
this very person is offered now, so they need no signature, and an old menu is as good as a new one.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.conversations import dialogue, voice
from apps.conversations.models import Dialogue, MenuItem, Message
from apps.conversations.targets import Choice, Reply, Speaker, Target, targets
from apps.core.errors import RecadoError
from apps.core.together import joined, recall
from apps.forms.chat import BODY, BUTTON, DESCRIPTION, ROW, ROWS, fit
from apps.forms.parse import fold
from apps.forms.schema import Schema, in_language
from apps.providers.types import Choices, ListRow, Text

PREFIX = "m."
DEEPEST = 5


def is_choice(payload: str) -> bool:
    return payload.startswith(PREFIX)


@joined
def show(*, speaker: Speaker, caused_by: Message, notice: str = "") -> None:
    """Say the menu. An open dialogue is paused, its draft kept behind the *Continue* row."""
    reply = main(speaker=speaker, notice=notice)
    key = f"menu:{speaker.conversation.pk}:m{caused_by.pk}"
    voice.say(conversation=speaker.conversation, key=key, caused_by=caused_by, content=reply.content)


def main(*, speaker: Speaker, notice: str = "", offset: int = 0) -> Reply:
    """The menu as a reply."""
    current = dialogue.current(speaker.conversation)
    if current is not None:
        dialogue.pause(dialogue=current, by=speaker.employee)
    with translation.override(speaker.language):
        rows = _continue_rows(speaker)
        for item in _items():
            title = in_language(item.label, speaker.language) or str(targets[item.target].label)
            rows.append(_row(f"{PREFIX}{item.pk}", title, in_language(item.description, speaker.language)))
        first_name = speaker.employee.name.split(" ")[0]
        body = notice or _("Hello %(name)s! What would you like to do?") % {"name": first_name}
        if not rows:
            return Reply(content=Text(_("There is nothing on the menu yet. Please tell HR.")))
        return Reply(content=_list(body, rows, offset, path=""))


@joined
def choose(*, payload: str, speaker: Speaker, caused_by: Message) -> Reply | None:
    """What a tapped row leads to; None when it has spoken already (a draft taken up again)."""
    parts = payload.split(".")[1:]
    with translation.override(speaker.language):
        if parts[0] == "continue":
            return _continue(parts[1:], speaker, caused_by)
        offset = 0
        if parts[0] == "more":
            offset, parts = _number("".join(parts[1:2])) or 0, parts[2:]
            if not parts:
                return main(speaker=speaker, offset=offset, notice=_("More:"))
        item = next((item for item in _items() if item.pk == _number(parts[0])), None)
        if item is None or len(parts) > DEEPEST:
            return _gone(speaker)
        return _open(item, parts[1:], speaker, offset)


def by_label(*, text: str, speaker: Speaker) -> Reply | None:
    """The words of a row, typed, in any language. None: no row is called that."""
    folded = fold(text) if len(text) <= 60 else ""
    for item in _items() if folded else ():
        if folded in {fold(label) for label in item.label.values()}:
            with translation.override(speaker.language):
                return _open(item, [], speaker, 0)
    return None


# --- inside -----------------------------------------------------------------------------------------------------------


def _items() -> list[MenuItem]:
    return recall(
        "menu items", lambda: [row for row in MenuItem.objects.filter(is_shown=True) if row.target in targets]
    )


def _open(item: MenuItem, path: Sequence[str], speaker: Speaker, offset: int) -> Reply:
    target = targets[item.target]
    argument = item.argument
    title = in_language(item.label, speaker.language)
    for key in path:
        choice = next((choice for choice in target.choices(speaker, argument) if choice.key == key), None)
        if choice is None:
            return _gone(speaker)
        argument, title = key, choice.title
    choices = target.choices(speaker, argument)
    if choices and not (path and argument in {choice.key for choice in choices}):
        return _sub_menu(item, path, choices, title, offset)
    return _start(target, speaker, argument)


def _sub_menu(item: MenuItem, path: Sequence[str], choices: Sequence[Choice], title: str, offset: int) -> Reply:
    here = ".".join([str(item.pk), *path])
    rows = [_row(f"{PREFIX}{here}.{choice.key}", choice.title, choice.description) for choice in choices]
    return Reply(content=_list(title, rows, offset, path=here))


def _start(target: Target, speaker: Speaker, argument: str) -> Reply:
    try:
        with transaction.atomic():
            return target.start(speaker, argument)
    except RecadoError as error:
        return Reply(text=str(error))


def _continue(parts: Sequence[str], speaker: Speaker, caused_by: Message) -> Reply | None:
    found = Dialogue.objects.filter(
        pk=_number("".join(parts[:1])) or 0, conversation=speaker.conversation, state__in=["paused", "open"]
    ).first()
    if found is None:
        return _gone(speaker)
    dialogue.resume(dialogue=found, speaker=speaker, caused_by=caused_by)
    return None


def _continue_rows(speaker: Speaker) -> list[ListRow]:
    draft = dialogue.paused(speaker.conversation)
    if draft is None:
        return []
    target = targets.get(draft.target)
    about = in_language(Schema.from_json(draft.schema).name, speaker.language) or str(target.label if target else "")
    return [_row(f"{PREFIX}continue.{draft.pk}", _("Continue"), about or _("What you began earlier"))]


def _gone(speaker: Speaker) -> Reply:
    return main(speaker=speaker, notice=_("That choice is no longer there. This is what there is now:"))


def _row(payload: str, title: str, description: str = "") -> ListRow:
    long = description or (title if len(title) > ROW else "")
    return ListRow(id=payload, title=fit(title, ROW), description=fit(long, DESCRIPTION))


def _list(body: str, rows: Sequence[ListRow], offset: int, *, path: str) -> Choices:
    """At most ten rows; the tenth leads on when there are more, and round to the first from the last page."""
    if len(rows) > ROWS:
        offset = offset if 0 <= offset < len(rows) else 0
        shown = list(rows[offset : offset + ROWS - 1])
        following = offset + len(shown) if offset + len(shown) < len(rows) else 0
        tail = f".{path}" if path else ""
        shown.append(_row(f"{PREFIX}more.{following}{tail}", _("More…")))
        rows = shown
    return Choices(body=fit(body or _("Please choose:"), BODY), button=fit(_("Choose"), BUTTON), rows=tuple(rows))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
