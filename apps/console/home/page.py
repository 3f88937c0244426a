"""The whole home, put together for one reader."""

from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.approvals import queries as approvals
from apps.console.home.matters import cards
from apps.console.home.parts import TODAY, Number, Reader, number
from apps.console.home.sections import sections
from apps.console.home.steps import first_steps
from apps.incidents import queries as incidents
from apps.people.models import User

NAMED = 3


def context(request: HttpRequest) -> dict[str, Any]:
    """What templates/console/home.html shows; nothing for whoever has not signed in."""
    reader = Reader.of(request)
    if reader is None:
        return {}
    waiting, own, steps = cards(reader), sections(reader), first_steps(reader)
    has_role = bool(own or waiting or reader.user.get_all_permissions())
    return {
        "title": _("Home"),
        "greeting": _greeting(reader),
        "day": f"{date_format(reader.today, 'l')}, {date_format(reader.today, 'DATE_FORMAT')}",
        "cards": waiting,
        "sections": own,
        "steps": steps,
        "steps_done": sum(step.is_done for step in steps),
        "is_set_up": all(step.is_done for step in steps),
        "done_today": _done_today(reader) if not waiting and has_role else [],
        "has_role": has_role,
        "ask": [] if has_role else _whom_to_ask(),
    }


def _greeting(reader: Reader) -> str:
    name = reader.own.name if reader.own else reader.user.first_name or reader.user.username
    hour = reader.now.hour
    said = _("Good morning, %(name)s")
    if hour >= 18 or hour < 4:
        said = _("Good evening, %(name)s")
    elif hour >= 12:
        said = _("Good afternoon, %(name)s")
    return said % {"name": name.split(" ")[0]}


def _done_today(reader: Reader) -> list[Number]:
    """What this person's house has got done since midnight, to be glad about."""
    asked = approvals.decided_today(reader.requests, reader.own)
    tickets = incidents.resolved_today(reader.tickets, reader.own)
    told = [
        *number(reader, _("decided today"), "approvals.request", asked, TODAY),
        *number(reader, _("resolved today"), "incidents.ticket", tickets, TODAY),
    ]
    return [one for one in told if one.said != "0"]


def _whom_to_ask() -> list[str]:
    """Names of administrators: only they give roles."""
    rows = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")[:NAMED]
    return [row.get_full_name() or row.username for row in rows]
