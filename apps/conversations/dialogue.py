"""Walks one person through the questions of a form, one message at a time.

At most one dialogue is open per conversation; every verb locks the conversation first. A message moves a dialogue once:
its row is remembered, so that an event that is taken up again changes nothing and sends nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.conversations import prompts, voice
from apps.conversations.draft import Draft
from apps.conversations.machine import DIALOGUE
from apps.conversations.models import Conversation, Dialogue, Message
from apps.conversations.targets import Completed, Opening, Speaker
from apps.conversations.walk import Finished, Wait, Walk
from apps.core import clock
from apps.core.errors import InvalidInputError
from apps.core.together import forget, joined, note, noted
from apps.files.models import File
from apps.forms import faces, parse
from apps.forms import services as forms
from apps.forms.schema import Schema
from apps.journal.actors import SYSTEM, HasActor
from apps.journal.services import record, transition
from apps.people import queries as people
from apps.providers.types import Buttons, MessageReceived, ReplyButton
from apps.timers.services import cancel_timer, set_timer

TIMEOUT = timedelta(minutes=30)
SETTLE = timedelta(seconds=3)  # an album comes as single messages, mostly within a second or two
DRAFT_KEPT = timedelta(days=7)
RECENT = 10  # dialogues in which a message that is taken up again is looked for
TIMEOUT_TIMER = "conversations.dialogue_timeout"
ALBUM_TIMER = "conversations.album_settled"
State = Dialogue.State


def current(conversation: Conversation) -> Dialogue | None:
    """The open dialogue, if any."""
    known = _known(conversation)
    if known is not None:
        return next((row for row in known if row.state == State.OPEN), None)
    return Dialogue.objects.filter(conversation=conversation, state=State.OPEN).first()


def offers(conversation: Conversation, text: str, language: str) -> bool:
    """Whether `text` is, word for word, an option of the question that is open: then it is an answer, not a command."""
    row = current(conversation)
    spec = _draft(row).present if row is not None else None
    typed = parse.fold(text)
    return spec is not None and any(typed == parse.fold(option.text(language)) for option in spec.choices)


def paused(conversation: Conversation) -> Dialogue | None:
    """The newest paused draft that may still be continued."""
    since, known = clock.now() - DRAFT_KEPT, _known(conversation)
    if known is not None:
        return next((row for row in known if row.state == State.PAUSED and row.touched_at >= since), None)
    drafts = Dialogue.objects.filter(conversation=conversation, state=State.PAUSED, touched_at__gte=since)
    return drafts.order_by("-touched_at", "-id").first()


def lock_conversations(keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], Conversation]:
    """Those of these (contact id, number id) that exist, locked in one order until the transaction ends, and for the
    present batch what is open in them."""
    contacts, numbers = {contact_id for contact_id, _number in keys}, {number_id for _contact, number_id in keys}
    rows = Conversation.objects.filter(contact__in=contacts, number__in=numbers).order_by("pk")
    locked = rows.select_for_update(no_key=connection.features.has_select_for_no_key_update)
    found = {(row.contact_id, row.number_id): row for row in locked if (row.contact_id, row.number_id) in keys}
    alive = Dialogue.objects.filter(conversation__in=found.values(), state__in=[State.OPEN, State.PAUSED])
    dialogues: dict[int, list[Dialogue]] = {row.pk: [] for row in found.values()}
    for row in alive.order_by("-touched_at", "-id"):
        dialogues[row.conversation_id].append(row)
    for conversation_id, those in dialogues.items():
        note(("dialogues", conversation_id), those)
        note(("locked conversation", conversation_id), True)
    return found


@joined
def open_dialogue(*, speaker: Speaker, opening: Opening, caused_by: Message | None, notice: str = "") -> Dialogue:
    """Start asking; `notice` stands above the first question.

    Another open dialogue is paused with its draft; a paused one about the same thing gives way to this fresh start.
    Raises InvalidInputError when there is nothing to ask, or something that a chat may not ask.
    """
    _lock(speaker.conversation)
    forget(("dialogues", speaker.conversation.pk))
    schema = Schema.from_json(opening.schema or (opening.form_version.schema if opening.form_version else {}))
    against = faces.obstacles(schema, faces.Face.CHAT)
    if against or not schema.fields:
        raise InvalidInputError(against[0] if against else _("This form has no questions yet. Please tell HR."))
    before = current(speaker.conversation)
    if before is not None:
        pause(dialogue=before, by=speaker.employee)
    same = {"target": opening.target, "argument": opening.argument, "state": State.PAUSED}
    for old in Dialogue.objects.filter(conversation=speaker.conversation, **same):
        transition(old, DIALOGUE, "cancel", by=speaker.employee)
    draft = Draft(schema)
    draft.step = draft.following() or schema.fields[0].key
    dialogue = Dialogue.objects.create(
        conversation=speaker.conversation, target=opening.target, argument=opening.argument, schema=schema.to_json(),
        form_version=opening.form_version, step=draft.step,
    )  # fmt: skip
    record("dialogue.opened", subject=dialogue, by=speaker.employee, after={"target": dialogue.target})
    _ask(dialogue, draft, Wait(notice), caused_by)
    return dialogue


@joined
def answer(
    *, dialogue: Dialogue, speaker: Speaker, message: Message, event: MessageReceived, files: Sequence[File] = ()
) -> Completed | None:
    """Take one inbound message as an answer, a control word or a tap. None: it asked on (or had seen it before).

    Raises nothing for bad input: the person reads the reason above the question, asked again.
    """
    row = _reload(dialogue)
    is_older = bool(row.seen) and message.pk < row.seen[0]  # than the message that opened it: taken up again
    if row.state != State.OPEN or event.kind == "reaction" or is_older or _was_taken(message):
        return None
    draft = _draft(row)
    with translation.override(speaker.language):
        today = people.today(speaker.employee)
        outcome = Walk(row.pk, draft, speaker.language, today).take(event, files)
        if isinstance(outcome, Finished):
            if outcome.is_cancelled:
                cancel(dialogue=row, speaker=speaker, caused_by=message)
                return None
            return _finish(row, draft, speaker, message)
        _ask(row, draft, outcome, message)
    return None


@joined
def cancel(*, dialogue: Dialogue, speaker: Speaker, caused_by: Message | None) -> Dialogue:
    """Throw the draft away and say so."""
    row = _reload(dialogue)
    if row.state not in DIALOGUE["cancel"].sources:
        return row
    if caused_by is not None:
        row.seen = [*row.seen, caused_by.pk]
        row.save(update_fields=["seen"])
    row = close(dialogue=row, by=speaker.employee)
    with translation.override(speaker.language):
        text = _("Cancelled. Nothing was sent. Write *menu* to start something else.")
        key = f"dialogue:{row.pk}:cancelled:{_cause(caused_by)}"
        voice.say(conversation=row.conversation, text=text, key=key, caused_by=caused_by)
    return row


@joined
def close(*, dialogue: Dialogue, by: HasActor) -> Dialogue:
    """Cancel without a word: the button of the admin. Raises MoveNotAllowedError when it has ended already."""
    forget(("dialogues", dialogue.conversation_id))
    _stop_timers(dialogue)
    return transition(dialogue, DIALOGUE, "cancel", by=by)


@joined
def pause(*, dialogue: Dialogue, by: HasActor = SYSTEM) -> Dialogue:
    """Keep the draft and stop listening, without a word."""
    forget(("dialogues", dialogue.conversation_id))
    _stop_timers(dialogue)
    return transition(dialogue, DIALOGUE, "pause", by=by)


@joined
def resume(*, dialogue: Dialogue, speaker: Speaker, caused_by: Message | None) -> Dialogue:
    """Open a paused draft again and ask its present question."""
    _lock(speaker.conversation)
    row = _reload(dialogue)
    other = current(speaker.conversation)
    if other is not None and other.pk != row.pk:
        pause(dialogue=other, by=speaker.employee)
    if row.state == State.PAUSED:
        row = transition(row, DIALOGUE, "resume", by=speaker.employee)
    with translation.override(speaker.language):
        _ask(row, _draft(row), Wait(_("Let us go on where we stopped.")), caused_by)
    return row


@joined
def answer_stale(*, payload: str, speaker: Speaker, caused_by: Message) -> bool:
    """A tap on a prompt's button while no dialogue is open. False: the payload is no such button.

    A paused draft is taken up again at its present question; nothing is ever answered by an old button.
    """
    found = prompts.pressed(payload)
    if found is None:
        return False
    if _was_taken(caused_by):
        return True
    dialogue = Dialogue.objects.filter(pk=found.dialogue_id, conversation=speaker.conversation).first()
    with translation.override(speaker.language):
        if dialogue is not None and dialogue.state == State.PAUSED:
            resume(dialogue=dialogue, speaker=speaker, caused_by=caused_by)
            return True
        if dialogue is not None and dialogue.state == State.DONE:
            text = _("You have sent this already. Write *menu* to start something else.")
        else:
            text = _("That was an earlier question, nothing was changed. Write *menu* to start something.")
        voice.say(conversation=speaker.conversation, text=text, key=f"stale:{_cause(caused_by)}", caused_by=caused_by)
    return True


# --- what timers do ---------------------------------------------------------------------------------------------------


@transaction.atomic
def time_out(*, dialogue_id: int, cause: str) -> None:
    """Nobody answered for long: the draft is kept and the person told, once."""
    row = _find(dialogue_id)
    if row is None or row.state != State.OPEN or row.touched_at + TIMEOUT > clock.now():
        return
    row = pause(dialogue=row)
    with translation.override(row.conversation.contact.spoken_language):
        body = _("I have kept what you wrote so far. Go on whenever you like.")
        content = Buttons(body, (ReplyButton(f"m.continue.{row.pk}", _("Continue")),))
        key = f"dialogue:{row.pk}:timeout:{cause}"
        voice.say(conversation=row.conversation, text=body, key=key, caused_by=None, content=content)


@transaction.atomic
def album_settled(*, dialogue_id: int, cause: str) -> None:
    """The last photo of an album is in: say once what arrived. Completes nothing."""
    row = _find(dialogue_id)
    if row is None or row.state != State.OPEN:
        return
    draft = _draft(row)
    with translation.override(row.conversation.contact.spoken_language):
        outcome = Walk(row.pk, draft, row.conversation.contact.spoken_language, clock.now().date()).settle()
        if outcome is not None:
            _ask(row, draft, outcome, None, cause=cause)


# --- inside -----------------------------------------------------------------------------------------------------------


def _lock(conversation: Conversation) -> None:
    if not noted(("locked conversation", conversation.pk)):
        Conversation.objects.select_for_update().get(pk=conversation.pk)


def _known(conversation: Conversation) -> list[Dialogue] | None:
    """What the present batch knows to be open or paused, newest first; None: look."""
    found: list[Dialogue] | None = noted(("dialogues", conversation.pk))
    return found


def _find(dialogue_id: int) -> Dialogue | None:
    found = Dialogue.objects.filter(pk=dialogue_id).select_related("conversation").first()
    return _reload(found) if found else None


def _reload(dialogue: Dialogue) -> Dialogue:
    """The row as it stands behind the conversation's lock."""
    _lock(dialogue.conversation)
    forget(("dialogues", dialogue.conversation_id))
    return Dialogue.objects.select_related(
        "conversation__contact__employee", "conversation__number", "form_version"
    ).get(pk=dialogue.pk)


def _was_taken(message: Message) -> bool:
    """Whether a dialogue of this conversation, open or ended, was moved by this very message before."""
    recent = Dialogue.objects.filter(conversation=message.conversation_id).order_by("-touched_at")
    return any(message.pk in seen for seen in recent.values_list("seen", flat=True)[:RECENT])


def _draft(row: Dialogue) -> Draft:
    return Draft(Schema.from_json(row.schema), dict(row.answers), row.step)


def _ask(row: Dialogue, draft: Draft, wait: Wait, caused_by: Message | None, *, cause: str = "") -> None:
    """Save where the dialogue stands, and ask (or wait silently for the rest of an album)."""
    if caused_by is not None:
        row.seen = [*row.seen, caused_by.pk]
    if not wait.is_silent:
        draft.forget_album()
        language = row.conversation.contact.spoken_language
        content = prompts.prompt(
            row.pk, draft, language, notice=wait.notice, offset=wait.offset, is_settled=wait.is_settled
        )
        row.prompt_key = f"dialogue:{row.pk}:{draft.step}:{cause or _cause(caused_by)}"
        voice.say(conversation=row.conversation, key=row.prompt_key, caused_by=caused_by, content=content)
    row.step, row.answers, row.touched_at = draft.step, draft.answers, clock.now()
    row.save(update_fields=["step", "answers", "touched_at", "prompt_key", "seen"])
    data = {"dialogue_id": row.pk}
    set_timer(handler=TIMEOUT_TIMER, key=str(row.pk), due_at=row.touched_at + TIMEOUT, data=data)
    if wait.is_silent:
        set_timer(handler=ALBUM_TIMER, key=str(row.pk), due_at=row.touched_at + SETTLE, data=data)


def _finish(row: Dialogue, draft: Draft, speaker: Speaker, message: Message) -> Completed | None:
    """Check everything once more and close; what no longer fits is asked again."""
    submission = None
    answers: Mapping[str, Any]
    try:
        answers = parse.check_all(draft.schema, draft.answers, today=people.today(speaker.employee))
        if row.form_version is not None:
            submission = forms.submit(version=row.form_version, by=speaker.employee, answers=answers)
    except InvalidInputError as error:
        wrong = next((spec.key for spec in draft.asked if spec.key in error.fields), draft.asked[0].key)
        draft.step = wrong
        draft.answers.pop(wrong, None)
        _ask(row, draft, Wait(error.fields.get(wrong, str(error))), message)
        return None
    _stop_timers(row)
    # Saved apart from the move: answers are free text and must not stand in the journal.
    row.answers, row.seen = draft.answers, [*row.seen, message.pk]
    row.save(update_fields=["answers", "seen"])
    row = transition(row, DIALOGUE, "finish", by=speaker.employee)
    return Completed(row.target, row.argument, speaker, answers, submission, message)


def _stop_timers(row: Dialogue) -> None:
    for handler in (TIMEOUT_TIMER, ALBUM_TIMER):
        cancel_timer(handler=handler, key=str(row.pk))


def _cause(message: Message | None) -> str:
    return f"m{message.pk}" if message is not None else "0"
