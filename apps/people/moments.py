"""What the record itself tells of an employee: its changes, absences, and the imports that touched it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.journal.models import Entry
from apps.people import queries
from apps.people.importing.models import ImportRow
from apps.people.importing.showing import reasons_of
from apps.people.models import Absence, Employee
from apps.people.timeline import Line, register

SENTENCES: dict[str, str | Promise] = {
    "employee.hired": gettext_lazy("Entered into the records"),
    "employee.added": gettext_lazy("Entered into the records"),
    "employee.changed": gettext_lazy("Record changed"),
    "employee.phone_changed": gettext_lazy("Phone changed in the records"),
    "employee.manager_changed": gettext_lazy("Manager changed"),
    "employee.left": gettext_lazy("Marked as left"),
    "employee.returned": gettext_lazy("Came back"),
    "leaving.planned": gettext_lazy("Departure planned"),
    "leaving.called_off": gettext_lazy("Planned departure called off"),
    "leaving.postponed": gettext_lazy("Departure put off: they are the last administrator who can sign in"),
    "leaving.seen": gettext_lazy("Departure looked at"),
    "leaving.passed_on": gettext_lazy("Something of theirs was passed on"),
    "leaving.left_as_is": gettext_lazy("Something of theirs was left as it is"),
}
"""How the journal's names read; an entry with another name is shown by that name."""
_ICONS = {
    "employee.hired": "person_add",
    "employee.added": "person_add",
    "employee.left": "logout",
    "employee.returned": "login",
}
_RELATIONS = ("manager", "calendar", "cost_centre", "user")


# --- changes ----------------------------------------------------------------------------------------------------------


def _changes(employee: Employee, user: Any) -> QuerySet[Entry]:
    """Whoever sees the employee sees what became of the record; the journal's other entries stay the auditor's.

    Of departures learns who may see departures: a planned one is nobody else's business yet.
    """
    rows = Entry.objects.filter(subject_type=employee._meta.label_lower, subject_id=str(employee.pk))
    if not user.has_perm(queries.VIEW_LEAVING):
        rows = rows.exclude(name__startswith="leaving.")
    return rows.select_related("body")


def _tell_changes(rows: Sequence[Entry], user: Any) -> Iterable[Line]:
    links = user.has_perms(["journal.view_entry", queries.VIEW_ALL])
    has_values = user.has_perm("people.change_employee") or links
    for row in rows:
        url = reverse("admin:journal_entry_change", args=[row.pk]) if links else ""
        what = str(SENTENCES.get(row.name, row.name))
        yield Line(what, _differences(row, has_values=has_values), url, row.actor_label, _ICONS.get(row.name, ""))


def _differences(entry: Entry, *, has_values: bool) -> str:
    """Which fields changed, and for those who may change them from what to what."""
    body = getattr(entry, "body", None)
    content = body.content if body is not None else ""
    if content is None:
        return _("What it said was erased lawfully.")
    if entry.name != "employee.changed":
        return ""
    told = _fields(json.loads(content)) if content else {}
    before = {**_fields(entry.before), **_fields(told.get("before"))}
    after = {**_fields(entry.after), **_fields(told.get("after"))}
    pieces = []
    for name in {**before, **after}:
        label = _label(name)
        if has_values and name not in _RELATIONS:
            label = _("%(field)s: %(old)s → %(new)s") % {
                "field": label, "old": before.get(name) or "–", "new": after.get(name) or "–"}  # fmt: skip
        pieces.append(label)
    return "; ".join(pieces)


def _fields(part: Any) -> dict[str, Any]:
    """Whoever records may put anything into an entry's words: what names no fields tells of none."""
    return part if isinstance(part, dict) else {}


def _label(name: str) -> str:
    try:
        return capfirst(str(getattr(Employee._meta.get_field(name), "verbose_name", name)))
    except FieldDoesNotExist:
        return name


# --- absences ---------------------------------------------------------------------------------------------------------


def _absences(employee: Employee, user: Any) -> QuerySet[Absence]:
    return Absence.objects.filter(employee=employee).select_related("deputy")


def _tell_absences(rows: Sequence[Absence], user: Any) -> Iterable[Line]:
    deputies = [row.deputy_id for row in rows if row.deputy_id]
    seen = (
        set(queries.visible_employees(user).filter(pk__in=deputies).values_list("pk", flat=True)) if deputies else set()
    )
    for row in rows:
        first, last = date_format(row.starts_on), date_format(row.ends_on)
        what = _("Away on %(day)s") % {"day": first} if first == last else _("Away from %(first)s to %(last)s") % {
            "first": first, "last": last}  # fmt: skip
        detail = [row.reason] if row.reason else []
        if row.deputy_id in seen:
            detail.append(_("%(name)s stands in") % {"name": row.deputy})
        yield Line(what, " · ".join(detail), reverse("admin:people_absence_change", args=[row.pk]))


# --- imports ----------------------------------------------------------------------------------------------------------


def _imports(employee: Employee, user: Any) -> QuerySet[ImportRow]:
    rows = ImportRow.objects.filter(person=employee.number, job__in=queries.visible_imports(user))
    return rows.exclude(outcome=ImportRow.Outcome.NONE).select_related("job__by")


def _tell_imports(rows: Sequence[ImportRow], user: Any) -> Iterable[Line]:
    for row in rows:
        is_taken = row.outcome == ImportRow.Outcome.APPLIED
        what = _("A file brought news of them") if is_taken else _("A file named them, and that row was set aside")
        kind, name = str(ImportRow.Kind(row.kind).label), row.job.file_name
        detail = f"{name} · {kind}" if is_taken else " ".join([name, "·", *(why for _field, why in reasons_of(row))])
        url = reverse("admin:people_importjob_change", args=[row.job_id])
        yield Line(what, detail, url, str(row.job.by or ""))


register(
    "people.changes", kind="changes", permission="people.view_employee", rows=_changes, moment="at", tell=_tell_changes
)
register("people.absences", kind="absences", permission="people.view_absence", rows=_absences, moment="starts_on",
         tell=_tell_absences)  # fmt: skip
register("people.imports", kind="imports", permission="people.view_importrow", rows=_imports, moment="job__created_at",
         tell=_tell_imports)  # fmt: skip
