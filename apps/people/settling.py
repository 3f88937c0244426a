"""A planned departure whose day has come: everything open is passed on as was chosen, or as near to it as can be."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import RecadoError
from apps.journal.actors import HasActor
from apps.journal.services import record
from apps.people import leaving, queries
from apps.people.models import Employee

log = logging.getLogger("recado.people")


def settle(
    *, employee: Employee, things: Iterable[leaving.OpenThing], answers: leaving.Answers, by: HasActor
) -> tuple[list[dict[str, Any]], bool]:
    """Pass on each thing by itself; returns the lines of the report, and whether HR must look at any of them.

    Nobody sits here who could choose anew. So an owner who cannot take a thing (who has left meanwhile, say) is followed
    by who is proposed now, and what nobody can take stays as it is; both are told to HR, and no thing stops another.
    """
    lines, is_odd = [], False
    for thing in things:
        line, is_as_chosen = _pass_on(employee, thing, answers, by)
        lines.append(line)
        is_odd = is_odd or not is_as_chosen
    return lines, is_odd


def _pass_on(
    employee: Employee, thing: leaving.OpenThing, answers: leaving.Answers, by: HasActor
) -> tuple[dict[str, Any], bool]:
    part, _colon, key = thing.key.partition(":")
    chosen = answers.get(thing.key)
    for to in _owners(employee, thing, answers):
        try:
            with transaction.atomic():
                leaving.parts[part].rehome(employee=employee, key=key, to=to, by=by)
                after = {"part": part, "thing": thing.key, "to": to.pk if to else None}
                record("leaving.passed_on" if to else "leaving.left_as_is", subject=employee, by=by, after=after)
        except RecadoError:
            continue
        except Exception:  # a fault in one part must not keep somebody who has left signed in
            log.exception("%s of a departure could not be passed on", thing.key)
            continue
        is_as_chosen = _is_as_chosen(thing, answers, to)
        return leaving.line_of(thing, to, note=_note(chosen, to)), is_as_chosen
    return leaving.line_of(thing, None, note=_("It could not be passed on. Please look at it.")), False


def _owners(employee: Employee, thing: leaving.OpenThing, answers: leaving.Answers) -> Iterator[Employee | None]:
    """Who is asked to take it, in order; None: it stays as it is."""
    if thing.may_move and not (thing.key in answers and answers[thing.key] is None):
        wished = answers.get(thing.key)
        chosen = None if wished is None else queries.active_employee(wished)
        wanted = {one.pk: one for one in (chosen, thing.proposed) if one is not None and one.pk != employee.pk}
        yield from wanted.values()
    yield None


def _is_as_chosen(thing: leaving.OpenThing, answers: leaving.Answers, to: Employee | None) -> bool:
    if not thing.may_move:
        return True
    if thing.key in answers:
        return answers[thing.key] == (to.pk if to else None)
    return to is not None or thing.is_fine_alone


def _note(chosen: int | None, to: Employee | None) -> str:
    """Why it is not with whoever was chosen; empty when it is, or nobody was."""
    if chosen is None or (to is not None and to.pk == chosen):
        return ""
    name = Employee.objects.filter(pk=chosen).values_list("name", flat=True).first()
    return _("%(name)s was chosen and could not take it.") % {"name": name or f"#{chosen}"}
