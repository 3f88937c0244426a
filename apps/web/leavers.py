"""A leaver's links: nothing can be sent from them from the same commit on."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.journal.actors import HasActor
from apps.people.leaving import OpenThing, register
from apps.people.models import Employee
from apps.web import queries, services


def _open(employee: Employee) -> Iterator[OpenThing]:
    for link in queries.open_links(employee).order_by("pk"):
        yield OpenThing(f"web.links:{link.pk}", _("Web link: %(what)s") % {"what": link},
                        _("Ended: it opens nothing any more."), may_move=False)  # fmt: skip


def _end(*, employee: Employee, key: str, to: Employee | None, by: HasActor) -> None:
    link = queries.open_links(employee).filter(pk=key).first()
    if link is not None:
        services.revoke_link(link=link)  # by the house: whoever may take leave of people need not make links


register("web.links", title=gettext_lazy("Web links"), order=16, list_open=_open, rehome=_end)
