"""What a menu row, a finished dialogue or a tap may start. Apps above register theirs in `targets.py`.

Only inbox (and later web) resolve targets: conversations knows their names, never their meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.contacts.models import Contact
from apps.conversations.models import Conversation, Message
from apps.core.errors import InvalidInputError
from apps.core.registry import Registry
from apps.forms.models import FormVersion, Submission
from apps.outbox.buttons import ButtonSpec
from apps.outbox.models import Button
from apps.people.models import Employee
from apps.providers.types import Content


@dataclass(frozen=True)
class Choice:
    """One row of a sub-menu. `key` without dots; `title` at most 24 characters, `description` at most 72."""

    key: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Speaker:
    """Who is talking to us, and where."""

    conversation: Conversation
    contact: Contact
    employee: Employee

    @property
    def language(self) -> str:
        return self.contact.spoken_language


@dataclass(frozen=True)
class Opening:
    """A dialogue to open: the target that will get the answers, and the frozen questions (forms.schema JSON)."""

    target: str
    argument: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    form_version: FormVersion | None = None


@dataclass(frozen=True)
class Reply:
    """What to tell the person, in their language; `opens` asks them more; `content` is a ready message, like a menu."""

    text: str = ""
    opens: Opening | None = None
    content: Content | None = None
    buttons: Sequence[ButtonSpec] = ()
    """Bound buttons under `text`: up to three, more become a list."""
    subject: Any = None
    """The row it is about (a Ticket, a Request): a quoted answer finds it again."""


@dataclass(frozen=True)
class Completed:
    """A finished dialogue. `answers` are validated; `submission` is set when a stored form was filled in."""

    target: str
    argument: str
    speaker: Speaker
    answers: Mapping[str, Any]
    submission: Submission | None
    message: Message | None


@dataclass(frozen=True)
class Tap:
    """A tap on one of our buttons, its row locked. `message` is the inbound message."""

    button: Button
    speaker: Speaker
    message: Message


class Target:
    """Override what your target can do. Texts are gettext in the speaker's language (already active)."""

    name: str = ""
    label: str | Promise = ""
    subject_type: str = ""
    """Label of the model whose rows it answers for ("incidents.ticket"): quoted messages find it. Empty: none."""
    code_prefix: str = ""
    """Prefix of the short codes of those rows ("T" for T-104)."""
    decides: bool = False
    """Whether a tap is a decision or a signature: then a shared handset may not make it."""

    @property
    def is_startable(self) -> bool:
        """Whether a menu row may start it: it says how."""
        return type(self).start is not Target.start

    def choices(self, speaker: Speaker, argument: str) -> Sequence[Choice]:
        """A sub-menu to offer first; empty: start at once. The chosen key becomes the argument, and is asked for
        choices of its own (nested categories); offering the chosen key again means that there are none."""
        return ()

    def start(self, speaker: Speaker, argument: str) -> Reply:
        """The person picked this row: open a dialogue or answer at once."""
        raise NotImplementedError(self.name)

    def complete(self, completed: Completed) -> Reply:
        """The dialogue is finished: call the service. Raises RecadoError with a sentence for the person."""
        raise NotImplementedError(self.name)

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        """Decide on a valid tap. True as the second value: the button is used up."""
        raise NotImplementedError(self.name)

    def explain(self, tap: Tap) -> Reply:
        """Why a used, late or outdated button no longer counts: the domain knows who decided and when."""
        raise NotImplementedError(self.name)

    def follow_up(self, speaker: Speaker, subject_id: str, message: Message) -> Reply | None:
        """A message that quotes one of ours about this target's subject, or carries its short code. None: not mine."""
        return None

    def recent_subject(self, speaker: Speaker) -> str | None:
        """Id of the row that a loose line or photo of the last minutes would belong to; None: no such row."""
        return None


class FormTarget(Target):
    """A target that begins with a stored form: the chat and a page by link (apps.web) start the same thing."""

    def offered(self, argument: str, language: str) -> Sequence[Choice]:
        """As `choices`, for whoever reads `language`."""
        return ()

    def version(self, argument: str) -> FormVersion:
        """The frozen questions behind a chosen key. Raises InvalidInputError when it is no longer offered."""
        raise NotImplementedError(self.name)

    def file(self, *, argument: str, submission: Submission) -> models.Model:
        """Start what the form is about, for `submission.by`; returns its row, which has a short `code`."""
        raise NotImplementedError(self.name)

    def choices(self, speaker: Speaker, argument: str) -> Sequence[Choice]:
        return self.offered(argument, speaker.language)

    def start(self, speaker: Speaker, argument: str) -> Reply:
        version = self.version(argument)
        return Reply(opens=Opening(target=self.name, argument=argument, schema=version.schema, form_version=version))

    def complete(self, completed: Completed) -> Reply:
        """The notice that carries the code goes out with what was started."""
        if completed.submission is None:
            raise InvalidInputError(_("This is no longer offered. Write *menu* to choose another one."))
        self.file(argument=completed.argument, submission=completed.submission)
        return Reply()


targets: Registry[Target] = Registry("target", module="targets")


def register(cls: type[Target]) -> type[Target]:
    """Class decorator: make a target known under its `name`."""
    targets.register(cls.name, cls())
    return cls
