"""A leaver's half-answered dialogues: ended, with what was typed kept in the row."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.conversations import dialogue
from apps.conversations.machine import DIALOGUE
from apps.conversations.models import Dialogue
from apps.conversations.targets import targets
from apps.journal.actors import HasActor
from apps.people.leaving import OpenThing, register
from apps.people.models import Employee


def _open(employee: Employee) -> Iterator[OpenThing]:
    rows = Dialogue.objects.filter(conversation__contact__employee=employee, state__in=DIALOGUE["cancel"].sources)
    for row in rows.order_by("pk"):
        target = targets.get(row.target)
        name = target.label if target is not None and target.label else row.target
        yield OpenThing(
            f"conversations.dialogues:{row.pk}", _("A dialogue that they have not finished: %(name)s") % {"name": name},
            _("Cancelled at once; nothing is sent."), may_move=False,
        )  # fmt: skip


def _cancel(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    row = Dialogue.objects.filter(pk=key, state__in=DIALOGUE["cancel"].sources).first()
    if row is not None:
        dialogue.close(dialogue=row, by=by)


register("conversations.dialogues", title=gettext_lazy("Dialogues"), order=10, list_open=_open, rehome=_cancel)
