"""What outbox and contacts may ask for by a button or a menu row. They know no chat, so inbox answers for them."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.holdings import told
from apps.conversations.targets import Reply, Speaker, Tap, Target, register
from apps.core.errors import InvalidInputError
from apps.inbox import consenting
from apps.outbox import services as outbox


@register
class Release(Target):
    """*Read* on a knock: the tap has opened the 24 hours, so what waited follows by itself and needs no announcement."""

    name = "outbox.release"

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        if outbox.release(button=tap.button, contact=tap.speaker.contact):
            return Reply(), True
        return Reply(text=_("There is nothing to read any more: it was withdrawn, or has expired.")), True

    def explain(self, tap: Tap) -> Reply:
        """Tapped again, or late. What came meanwhile was released by this very tap, as by any message."""
        if outbox.release(button=tap.button, contact=tap.speaker.contact):
            return Reply()
        if tap.button.used_at is None:
            return Reply(text=_("That took a while: there is nothing to read any more."))
        return Reply(text=_("You have read this already: see the messages above."))


@register
class Consent(Target):
    """The buttons under the question that asks for consent, and the rows that change a mind."""

    name = consenting.TARGET

    def tap(self, tap: Tap) -> tuple[Reply, bool]:
        return consenting.take(tap), True

    def explain(self, tap: Tap) -> Reply:
        if tap.speaker.contact.is_shared:
            raise InvalidInputError(consenting.shared_sentence())
        note = _("That was answered before, or is too old: nothing was changed by this tap.")
        return consenting.overview(tap.speaker, note=note)


@register
class Messages(Target):
    """A menu row: which messages the person gets, and how to change it."""

    name = "contacts.messages"
    label = gettext_lazy("What I get from Recado")

    def start(self, speaker: Speaker, argument: str) -> Reply:
        return consenting.overview(speaker)


@register
class AboutMe(Target):
    """A menu row: what is held about the person, and whom to ask."""

    name = "contacts.about_me"
    label = gettext_lazy("What you hold about me")

    def start(self, speaker: Speaker, argument: str) -> Reply:
        return Reply(text=told(speaker.contact))
