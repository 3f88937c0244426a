"""The journal tells of everybody: only whoever sees everybody reads it."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.scope import declare
from apps.journal.models import Entry, SetAside

SEES_EVERYBODY = "people.view_all_employees"  # by codename: people live above


def _is_allowed(user: Any) -> bool:
    return bool(user.is_active and user.has_perm(SEES_EVERYBODY))


def _entries(user: Any) -> QuerySet[Entry]:
    return Entry.objects.all() if _is_allowed(user) else Entry.objects.none()


def _set_aside(user: Any) -> QuerySet[SetAside]:
    return SetAside.objects.all() if _is_allowed(user) else SetAside.objects.none()


_WORDS = _("all for whoever sees every employee; nothing for anybody else")
declare("journal.entry", words=_WORDS, rows=_entries)
declare("journal.setaside", words=_WORDS, rows=_set_aside)
declare("journal.cursor", "journal.seal", words=_("all"))
