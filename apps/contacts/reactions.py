"""What contacts do when something below them commits. Safety does not wait for it: every decision reads the employee again."""

from apps.contacts import services
from apps.journal.models import Entry
from apps.journal.reactor import on
from apps.people.models import Employee


@on("employee.left")
def unlink_leaver(entry: Entry) -> None:
    """Nobody stands behind a leaver's address any more. Not when they were taken back meanwhile."""
    employee = Employee.objects.filter(pk=entry.subject_id).first()
    if employee is not None and not employee.is_active:
        services.unlink_all(employee=employee)
