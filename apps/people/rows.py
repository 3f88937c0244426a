"""Whose rows of people one may see."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.people import issuing, queries
from apps.people.bulk import services as bulk
from apps.people.models import Absence, BulkRow, Deputy, ImportRow, Leaving, Membership

OWN_PEOPLE = _(
    "everybody for whom “see every employee” is given; else oneself, direct reports, and the teams one leads with those below"
)


def _memberships(user: Any) -> QuerySet[Membership]:
    return Membership.objects.filter(_of_seen(user))


def _absences(user: Any) -> QuerySet[Absence]:
    return Absence.objects.filter(_of_seen(user))


def _deputies(user: Any) -> QuerySet[Deputy]:
    return Deputy.objects.filter(_of_seen(user))


def _leavings(user: Any) -> QuerySet[Leaving]:
    return Leaving.objects.filter(_of_seen(user))


def _import_rows(user: Any) -> QuerySet[ImportRow]:
    return ImportRow.objects.filter(job__in=queries.visible_imports(user))


def _bulk_rows(user: Any) -> QuerySet[BulkRow]:
    return BulkRow.objects.filter(job__in=bulk.visible_jobs(user))


def _of_seen(user: Any) -> Q:
    """Nothing to narrow for whoever sees everybody."""
    return Q() if queries.sees_everybody(user) else Q(employee__in=queries.visible_employees(user))


declare("people.employee", words=OWN_PEOPLE, rows=queries.visible_employees)
declare("people.team", words=_("every team for whoever sees everybody; else the teams one leads, those below, and one’s own"),
        rows=queries.visible_teams)  # fmt: skip
declare("people.membership", words=_("of the employees one may see"), rows=_memberships)
declare("people.absence", words=_("of the employees one may see"), rows=_absences)
declare("people.deputy", words=_("of the employees one may see"), rows=_deputies)
declare("people.leaving", words=_("of the employees one may see"), rows=_leavings)
declare("people.costcentre", words=_("all"))
declare(
    "people.importjob", words=_("all for whoever sees every employee; else one’s own"), rows=queries.visible_imports
)
declare("people.bulkjob", words=_("all for whoever sees every employee; else one’s own"), rows=bulk.visible_jobs)
declare("people.bulkrow", words=_("of the work on many rows one may see"), rows=_bulk_rows)
declare("people.importrow", words=_("of the imports one may see"), rows=_import_rows)
declare("people.columnmap", words=_("all"))
declare("people.apikey", words=_("all for whoever manages keys; else one’s own"), rows=issuing.keys_seen)
declare("people.user", words=_("all sign-ins; only an administrator gives roles or touches administrators"))
declare("auth.group", "auth.permission", words=_("all"))
