"""The journal: is everything sealed, does every reaction read on."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import clock
from apps.core.findings import Finding, Level, check
from apps.journal.models import Cursor, Entry, Seal, SetAside

UNSEALED = timedelta(minutes=2)  # promised within ten seconds
BEHIND = 5_000  # entries; UNSOURCED, ours: about a minute of a very busy company


@check("journal.1 sealed")
def sealed() -> Iterator[Finding]:
    title = _("Journal sealed")
    newest = Seal.objects.order_by("-position").first()
    # By the newest seal and not by a join over years of entries; a gap before it is `verify_journal`'s to find.
    after = newest.entry_id if newest else 0
    if Entry.objects.filter(pk__gt=after, at__lt=clock.now() - UNSEALED).exists():
        yield Finding("journal.sealed", title, Level.RED, _("Entries wait for more than two minutes for their seal."),
                      _("Look whether the workers and beat run; nothing is lost, but reactions wait too."))  # fmt: skip
        return
    position = newest.position if newest else 0
    yield Finding("journal.sealed", title, Level.GREEN, _("Through entry %(position)s.") % {"position": position})


@check("journal.2 reactions")
def reactions() -> Iterator[Finding]:
    title = _("Reactions")
    aside = SetAside.objects.filter(resolved_at=None).count()
    if aside:
        seen = ngettext("%(count)s entry was set aside.", "%(count)s entries were set aside.", aside) % {"count": aside}
        yield Finding("journal.set_aside", title, Level.AMBER, seen,
                      _("Open “Entries set aside”, read the error, press “Try again”."))  # fmt: skip
    head = Seal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    behind = [cursor.reaction for cursor in Cursor.objects.filter(position__lt=head - BEHIND)]
    stuck = list(Cursor.objects.filter(attempts__gt=0).values_list("reaction", flat=True))
    if behind or stuck:
        seen = _("Behind or failing: %(names)s.") % {"names": ", ".join(sorted({*behind, *stuck}))}
        yield Finding("journal.reactions", title, Level.AMBER, seen,
                      _("Open “Reactions” and read the error; each is tried again by itself."))  # fmt: skip
    elif not aside:
        yield Finding("journal.reactions", title, Level.GREEN, _("All have read on."))
