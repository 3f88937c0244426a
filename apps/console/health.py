"""The desk: is there an index for searching by words."""

from collections.abc import Iterator

from django.db import connection
from django.utils.translation import gettext as _

from apps.core import wordindex
from apps.core.findings import Finding, Level, check


@check("console.search")
def search() -> Iterator[Finding]:
    """SQLite has no such index, and serves few enough people."""
    if connection.vendor != "postgresql":
        return
    title = _("Search")
    missing = wordindex.missing()
    if missing:
        seen = _("Searching reads whole tables: %(tables)s.") % {"tables": ", ".join(one.table for one in missing)}
        yield Finding("console.search", title, Level.AMBER, seen,
                      _("Have the database’s administrator run “CREATE EXTENSION pg_trgm”, then run “manage.py migrate” again."))  # fmt: skip
    else:
        yield Finding("console.search", title, Level.GREEN, _("Names and summaries have their indexes."))
