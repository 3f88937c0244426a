"""What the product may say: every kind of message is declared once, in the `kinds.py` of the app that says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.registry import Registry
from apps.providers.wording import placeholders, render

__all__ = ["Kind", "Klass", "Lane", "declare", "kinds", "placeholders", "render", "title_of", "titled"]


class Klass(models.TextChoices):
    """The class of a message decides consent and quiet hours."""

    SECURITY = "security", _("security")
    SAFETY = "safety", _("safety")
    MY_REQUESTS = "my_requests", _("the person’s own requests")
    WORK = "work", _("work")
    REMINDER = "reminder", _("reminders")
    ANNOUNCEMENT = "announcement", _("announcements")


class Lane(models.TextChoices):
    """The lane of a message decides its place in the queue, nothing else."""

    URGENT = "urgent", _("urgent")
    REPLY = "reply", _("replies")
    APPROVAL = "approval", _("approvals")
    NOTICE = "notice", _("notices")
    BULK = "bulk", _("bulk")

    @property
    def rank(self) -> int:
        """Smaller goes first."""
        return list(Lane).index(self)


@dataclass(frozen=True)
class Kind:
    """One kind of message.

    `title` is what it is called on the screens; the name is for journals, keys and the carrier.
    `samples` names every variable with an example (a template's review asks for them). `bodies` and `buttons` are the
    wording we ship per language ("en", "pt-br", "es"): a body uses {{variable}}; buttons map an action to its title
    (at most 20 characters). HR may edit them afterwards. A kind without bodies carries its whole text in the variable
    `text` and can be sent as free text only.
    """

    name: str
    klass: Klass
    lane: Lane
    samples: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    buttons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    title: str | Promise = ""


kinds: Registry[Kind] = Registry("kind of message", module="kinds")


def declare(kind: Kind) -> Kind:
    """Make a kind known; raises ValueError when its name is taken or its wording does not fit its variables."""
    for language, body in kind.bodies.items():
        unknown = [name for name in placeholders(body) if name not in kind.samples]
        if unknown:
            raise ValueError(f"{kind.name} ({language}) uses variables it does not declare: {unknown}")
        if set(placeholders(body)) != set(placeholders(next(iter(kind.bodies.values())))):
            raise ValueError(f"{kind.name} ({language}) fills in other names than its other languages")
        if kind.buttons and set(kind.buttons.get(language, {})) != set(next(iter(kind.buttons.values()))):
            raise ValueError(f"{kind.name} ({language}) has other buttons than its other languages")
    return kinds.register(kind.name, kind)


def title_of(name: str) -> str:
    """What a kind is called in the reader's language; its name when the product no longer says it."""
    kind = kinds.get(name)
    return str(kind.title) if kind is not None and kind.title else name


def titled(words: str) -> list[str]:
    """Names of the kinds whose title, in the reader's language, contains these words."""
    wanted = words.casefold().strip()
    return [name for name, kind in kinds if wanted and wanted in str(kind.title).casefold()]
