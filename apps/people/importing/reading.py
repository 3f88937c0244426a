"""A file of people, from bytes to a table."""

from django.utils.translation import gettext as _

from apps.journal import tables
from apps.people.importing import columns

LARGEST = tables.LARGEST
MOST_ROWS = 20_000


def read(content: bytes) -> tables.Table:
    """See `journal.tables.read`. Raises InvalidInputError with what is wrong and what to do."""
    example = _("Employee number, Name, Phone")
    return tables.read(content, tables.Expected(columns.guess, example, _("people"), MOST_ROWS))
