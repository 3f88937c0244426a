"""A leaver's addresses on WhatsApp: nobody stands behind them from the same commit on."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import services
from apps.contacts.models import Contact
from apps.journal.actors import HasActor
from apps.people.leaving import OpenThing, register
from apps.people.models import Employee


def _linked(employee: Employee) -> Iterator[OpenThing]:
    for contact in Contact.objects.filter(employee=employee).order_by("pk"):
        yield OpenThing(
            f"contacts.linked:{contact.pk}", _("WhatsApp %(phone)s") % {"phone": contact.phone or _("without a number")},
            _("Unlinked at once: whoever writes from there is a stranger."), may_move=False,
        )  # fmt: skip


def _unlink(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    if Contact.objects.filter(pk=key, employee=employee).exists():
        services.unlink_all(employee=employee, by=by)


register("contacts.linked", title=gettext_lazy("WhatsApp"), order=15, list_open=_linked, rehome=_unlink)
